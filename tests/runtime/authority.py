"""A token endpoint on loopback that answers as Entra does to a workload identity."""

import json
import secrets
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from loopback_azure.certificates import CertificateFiles

from tests.parts.serving import Quiet, answering

TENANT = "11111111-2222-3333-4444-555555555555"
CLIENT = "99999999-8888-7777-6666-555555555555"


class Authority:
    """Issues one token at a time; each request is remembered."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.certificate = CertificateFiles.make(folder, ["localhost"])
        self.address = ""
        self.reset()

    def reset(self) -> None:
        """Issue another token, for an hour, at once, and forget the requests."""
        self.requests: list[dict[str, str]] = []
        self.lifetime_seconds = 3600
        self.delay_seconds = 0.0
        self.refuses = False
        self.refuses_times = 0
        self.rotate()

    def rotate(self) -> str:
        """Make another token the one that is issued; it is as long as Entra's are."""
        self.token = f"eyJ{secrets.token_urlsafe(1400)}"
        return self.token

    @property
    def environment(self) -> dict[str, str]:
        """What the workload identity webhook writes into a pod."""
        token_file = self.folder / "federated-token"
        token_file.write_text("the service account's token")
        return {
            "AZURE_AUTHORITY_HOST": self.address,
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT,
            "AZURE_FEDERATED_TOKEN_FILE": str(token_file),
            "REQUESTS_CA_BUNDLE": str(self.certificate.trusted),
        }

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        """Return status and body for a token request."""
        self.requests.append({"path": path, **form})
        time.sleep(self.delay_seconds)
        if self.refuses or len(self.requests) <= self.refuses_times:
            text = "AADSTS700213: No matching federated identity record found for the assertion"
            return 401, {"error": "invalid_client", "error_description": text}
        seconds = self.lifetime_seconds
        return 200, {"token_type": "Bearer", "expires_in": seconds, "access_token": self.token}


@contextmanager
def authority(folder: Path) -> Iterator[Authority]:
    """Serve tokens on a free port, over TLS as azure-identity demands."""
    folder.mkdir(exist_ok=True)
    made = Authority(folder)

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {key: values[0] for key, values in parse_qs(body).items()}
            status, answer = made.answer(self.path, form)
            text = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made.certificate.certificate, made.certificate.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    made.address = f"https://localhost:{server.server_port}"
    with answering(server):
        yield made
