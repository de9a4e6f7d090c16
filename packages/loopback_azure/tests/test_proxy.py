"""The proxy in front of Azurite lets Azure's blob endpoints through, and nothing else."""

import socket
import threading
from collections.abc import Iterator

import pytest
from loopback_azure.proxy import blob_proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets from its first connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                while received := connection.recv(1024):
                    connection.sendall(received)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield server.getsockname()[1]


def connect(proxy: str, host: str) -> socket.socket:
    """Ask the proxy for a host; return the connection after its answer's head was not yet read."""
    port = int(proxy.rsplit(":", 1)[1])
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.sendall(f"CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    return connection


def test_a_blob_endpoint_reaches_the_local_port(echo: int) -> None:
    with blob_proxy(echo) as proxy, connect(proxy, "st.blob.core.windows.net:443") as connection:
        assert connection.recv(1024).startswith(b"HTTP/1.1 200")

        connection.sendall(b"hello")

        assert connection.recv(1024) == b"hello"


@pytest.mark.parametrize(
    "host",
    [
        "management.azure.com:443",
        "st.blob.core.windows.net:80",
        "st.blob.core.windows.net.example.com:443",
        "example.com:443",
    ],
)
def test_every_other_host_is_refused(echo: int, host: str) -> None:
    with blob_proxy(echo) as proxy, connect(proxy, host) as connection:
        assert connection.recv(1024).startswith(b"HTTP/1.1 403")
