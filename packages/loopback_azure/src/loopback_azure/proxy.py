"""A CONNECT proxy on loopback by which Azure's names lead to local servers only."""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress

BLOB_SUFFIX = ".blob.core.windows.net:443"


def blob_proxy(port: int) -> AbstractContextManager[str]:
    """Send connections for Azure's blob endpoints to a local port, refuse all others."""
    return connect_proxy({BLOB_SUFFIX: port})


@contextmanager
def connect_proxy(ports: Mapping[str, int]) -> Iterator[str]:
    """Send connections to local ports by the end of the `host:port` asked for, refuse all others.

    Yields:
        The proxy's URL.
    """
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="connect-proxy", daemon=True)
    thread.start()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(
            lambda reader, writer: _serve(reader, writer, ports), "127.0.0.1", 0
        )

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ports: Mapping[str, int]
) -> None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        verb, host, *_ = head.split()
        port = next((at for end, at in ports.items() if host.decode().endswith(end)), None)
        if verb != b"CONNECT" or port is None:
            writer.write(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
    except (OSError, asyncio.IncompleteReadError, ValueError, asyncio.CancelledError):
        pass  # whoever connected sees the connection end, as it would at a real proxy
    finally:
        writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    finally:
        with suppress(OSError):
            writer.close()
