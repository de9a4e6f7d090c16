"""An HTTPS server on loopback that hands every request to the service of its host."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from loopback_azure.http_messages import RefusedError, Reply, Request

Service = Callable[[Request], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128  # Terraform's parallel operations all connect at once

    def __init__(self, service: Service, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.service = service
        self._context = context

    def get_request(self) -> tuple[socket, Any]:
        accepted, address = super().get_request()
        # the handshake is left to the request's own thread: a slow client keeps nobody waiting
        return (
            self._context.wrap_socket(accepted, server_side=True, do_handshake_on_connect=False),
            address,
        )

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep silent: a client that goes away in the middle is a provider that was stopped."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        address = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            host=(self.headers.get("Host") or "").partition(":")[0].lower(),
            path=unquote(address.path),
            query={name.lower(): value for name, value in parse_qsl(address.query)},
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
        )
        self._send(_reply(self.server.service, request))

    # the names are http.server's
    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = do_HEAD = _answer  # noqa: N815

    def _send(self, reply: Reply) -> None:
        text = b"" if reply.document is None else json.dumps(reply.document).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if text:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        if reply.status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # http.server's name
        """Log nothing: Terraform tells what was refused."""


def _reply(service: Service, request: Request) -> Reply:
    try:
        return service(request)
    except RefusedError as refused:
        return refused.reply
    except Exception as error:
        # a rule that fails must stop the provider with its name, not with a closed connection
        said = f"the loopback Azure failed at {request}: {type(error).__name__}: {error}"
        return RefusedError(501, "LoopbackAzureFailed", said).reply


@contextmanager
def serving(service: Service, certificate: Path, key: Path) -> Iterator[int]:
    """Serve on a free port of loopback while the block runs; yields the port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = _Server(service, context)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="loopback-azure")
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
