"""A cable between client and server on loopback, which a test can pull and plug in again."""

import contextlib
import socket
import threading


class Relay:
    """Passes bytes both ways; pulled, it refuses connections as a server that is away does."""

    def __init__(self, port: int, server_port: int) -> None:
        self._port = port
        self._server_port = server_port
        self._sockets: list[socket.socket] = []

    def plug_in(self) -> None:
        """Accept connections."""
        listener = socket.create_server(("127.0.0.1", self._port), backlog=64)
        self._sockets = [listener]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def pull(self) -> None:
        """Refuse connections, and cut those that are open."""
        sockets, self._sockets = self._sockets, []
        for each in sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _address = listener.accept()
                server = socket.create_connection(("127.0.0.1", self._server_port))
                self._sockets += [client, server]
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=_pump, args=ends, daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
