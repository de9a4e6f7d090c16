"""Where mail goes: Microsoft Graph on loopback under its own name, and an SMTP server."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword
from loopback_azure.certificates import CertificateFiles
from loopback_azure.http_messages import RefusedError, Reply, Request
from loopback_azure.proxy import connect_proxy
from loopback_azure.server import serving

from tests.parts.processes import free_port
from tests.runtime.authority import Authority

GRAPH = "graph.microsoft.com"
LOGIN = LoginPassword(b"airflow", b"hunter2")


@dataclass
class MailServers:
    """The servers, what they took, and what their clients need."""

    environment: dict[str, str]
    smtp_port: int
    by_graph: list[tuple[str, Any]] = field(default_factory=list)  # mailbox, message
    by_smtp: list[Envelope] = field(default_factory=list)
    mailboxes: set[str] = field(default_factory=lambda: {"airflow@example.com"})

    def subject_by_smtp(self) -> str:
        """Return the subject of the one mail."""
        [envelope] = self.by_smtp
        assert envelope.original_content is not None
        return str(message_from_bytes(envelope.original_content)["Subject"])


class _Postbox:
    def __init__(self, taken: list[Envelope]) -> None:
        self._taken = taken

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 # aiosmtpd's name
        self._taken.append(envelope)
        return "250 taken"


@contextmanager
def mail_servers(folder: Path, entra: Authority) -> Iterator[MailServers]:
    """Serve mail; Graph takes the current token of `entra`, the SMTP server a password by TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    files = CertificateFiles.make(folder, [GRAPH, "localhost"])
    trusted = folder / "trusted.pem"
    trusted.write_text(files.trusted.read_text() + entra.certificate.trusted.read_text())
    made = MailServers({}, free_port())

    def graph(request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {entra.token}":
            raise RefusedError(401, "InvalidAuthenticationToken", "Access token is invalid.")
        match request.path.strip("/").split("/"):
            case ["v1.0", "users", mailbox, "sendMail"] if mailbox in made.mailboxes:
                made.by_graph.append((mailbox, request.document["message"]))
                return Reply(status=202)
        raise RefusedError(403, "ErrorAccessDenied", "Access is denied. Check credentials.")

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    smtp = Controller(
        _Postbox(made.by_smtp),
        hostname="localhost",
        port=made.smtp_port,
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=lambda *asked: AuthResult(success=asked[-1] == LOGIN),
    )
    with ExitStack() as running:
        port = running.enter_context(serving(graph, files.certificate, files.key))
        proxy = running.enter_context(connect_proxy({f"{GRAPH}:443": port}))
        smtp.start()
        running.callback(smtp.stop)
        made.environment = {
            **entra.environment,
            "HTTPS_PROXY": proxy,
            "NO_PROXY": "localhost,127.0.0.1",
            "REQUESTS_CA_BUNDLE": str(trusted),
            "SSL_CERT_FILE": str(trusted),
        }
        yield made
