"""A provider's gRPC server on a Unix socket, as Terraform's plugin library expects it."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import grpc

from standin_providers.protocol import CALLS, MESSAGES, SERVICE
from standin_providers.standin_provider import StandInProvider, answered

_WORKERS = 16  # Terraform walks ten resources at a time
_STOP_SECONDS = 0.2
_NO_LIMIT = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


@contextmanager
def serving(
    provider: StandInProvider,
    credentials: grpc.ServerCredentials | None = None,
    on_shutdown: Callable[[], None] = lambda: None,
) -> Iterator[Path]:
    """Serve the provider's calls until the block ends; yields the socket."""
    # a short name: a socket's path has 100 bytes at most
    with TemporaryDirectory(prefix="tf-", ignore_cleanup_errors=True) as folder:
        socket = Path(folder) / "socket"
        server = grpc.server(ThreadPoolExecutor(_WORKERS), options=_NO_LIMIT)
        server.add_generic_rpc_handlers((_calls(provider), _controller(on_shutdown), _output()))
        if credentials:
            server.add_secure_port(f"unix:{socket}", credentials)
        else:
            server.add_insecure_port(f"unix:{socket}")
        server.start()
        try:
            yield socket
        finally:
            server.stop(_STOP_SECONDS).wait()


def _calls(provider: StandInProvider) -> grpc.GenericRpcHandler:
    return grpc.method_handlers_generic_handler(
        SERVICE,
        {
            call: grpc.unary_unary_rpc_method_handler(
                partial(_answer, provider, call),
                request_deserializer=MESSAGES[f"{call}_Request"].FromString,
                response_serializer=MESSAGES[f"{call}_Response"].SerializeToString,
            )
            for call in CALLS
        },
    )


def _answer(provider: StandInProvider, call: str, request: Any, _: grpc.ServicerContext) -> Any:
    return MESSAGES[f"{call}_Response"](**answered(provider, call, request))


def _controller(on_shutdown: Callable[[], None]) -> grpc.GenericRpcHandler:
    def shutdown(request: bytes, _: grpc.ServicerContext) -> bytes:
        on_shutdown()
        return b""

    handler: Any = grpc.unary_unary_rpc_method_handler(shutdown)
    return grpc.method_handlers_generic_handler("plugin.GRPCController", {"Shutdown": handler})


def _output() -> grpc.GenericRpcHandler:
    def stream(request: bytes, _: grpc.ServicerContext) -> Iterator[bytes]:
        return iter(())

    handler: Any = grpc.unary_stream_rpc_method_handler(stream)
    return grpc.method_handlers_generic_handler("plugin.GRPCStdio", {"StreamStdio": handler})
