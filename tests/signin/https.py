"""Plain requests to Airflow's host, without a browser."""

import http.client
import json
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from tests.signin.conftest import HOST, Site


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


def get(site: Site, path: str, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a GET through nginx, over TLS."""
    return send(site, "GET", path, headers=headers or {})


def post_json(site: Site, path: str, body: object) -> Answer:
    """Send a POST through nginx, over TLS."""
    return send(
        site,
        "POST",
        path,
        body=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )


def send(
    site: Site,
    method: str,
    path: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str],
    client: str = "127.0.0.1",
) -> Answer:
    """Send one request from a loopback address; every address in 127.0.0.0/8 is one."""
    with connected(site, client=client) as connection:
        return connection.send(method, path, body, headers)


class connected:  # noqa: N801  # reads as a verb: `with connected(...)`
    """A connection to Airflow's host that trusts the test's authority."""

    def __init__(
        self, site: Site, *, client: str = "127.0.0.1", context: ssl.SSLContext | None = None
    ) -> None:
        context = context or ssl.create_default_context(cafile=site.authority)
        self._connection = http.client.HTTPConnection(HOST, site.port, timeout=120)
        raw = socket.create_connection(("127.0.0.1", site.port), 30, source_address=(client, 0))
        self.tls = context.wrap_socket(raw, server_hostname=HOST)
        self._connection.sock = self.tls

    def __enter__(self) -> "connected":
        return self

    def send(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send one request and read its answer."""
        self._connection.request(method, path, body=body or None, headers=dict(headers))
        response = self._connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def __exit__(self, *_: object) -> None:
        self._connection.close()
