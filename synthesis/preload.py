"""Load cdktf beside other work, and the resources of providers one by one: docs/decisions/0003.

As shipped, importing one resource of azurerm runs 1,530 Python modules and as many in Node. The
result is the same JSON to the byte, and where anything is not as expected the slow path runs.
"""

import importlib
import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import module_from_spec
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from types import ModuleType, SimpleNamespace, TracebackType
from typing import Any

from conventions.faults import Fault, FaultError
from synthesis import successor

PROVIDERS = tuple(
    f"cdktf_cdktf_provider_{name}" for name in ("azuread", "azurerm", "helm", "kubernetes")
)
_NODE = (
    "--preserve-symlinks",  # as jsii gives it to the process that the hook makes this one
    "--max-semi-space-size=4",  # a synth makes little garbage; Node would reserve 16 MB thrice
)
_CACHE = {  # of jsii, below the user's home
    "linux": (".cache", "aws", "jsii", "package-cache"),
    "darwin": ("Library", "Caches", "com.amazonaws.jsii", "package-cache"),
}
_HOOK = Path(__file__).with_name("node-hook.cjs")


class NodeMissingError(FaultError):
    """cdktf runs on Node, and there is none."""


def install() -> None:
    """Make provider packages load lazily; call it before the first of them is imported."""
    successor.install()
    for package in PROVIDERS:
        if package not in sys.modules and (spec := successor.provider_spec(package)) is not None:
            module = module_from_spec(spec)  # has the package's path; its __init__ never runs
            module.__dict__["__getattr__"] = _loader(package)  # PEP 562
            sys.modules[package] = module


def _cache_is_closed() -> bool:
    """Say whether jsii could not write where it keeps unpacked packages, and would end the synth.

    So it is for the user of a container who has no home there, or one that is read-only.
    """
    if "JSII_RUNTIME_PACKAGE_CACHE_ROOT" in os.environ:
        return False
    home = Path(os.path.expanduser("~"))  # as Node finds it: HOME, or the account's
    if not home.is_absolute():
        return True  # a user without an account
    place = home.joinpath(*_CACHE.get(sys.platform, ()))
    there = next(path for path in (place, *place.parents) if os.path.exists(path))
    return not os.access(there, os.W_OK | os.X_OK)


def _loader(package: str) -> Callable[[str], ModuleType]:
    def load(name: str) -> ModuleType:
        try:
            return importlib.import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from error

    return load


class Preload:
    """Loads packages into Node in the background of a `with` block, while Python goes on importing.

    An assembly is loaded into Node by a request that jsii waits for. Within the block the requests
    queue up for a thread, in order; the first call that needs an answer waits for all of them.

    Raises:
        NodeMissingError: there is no Node; said before anything else is done.
    """

    def __init__(self) -> None:
        self._requests: SimpleQueue[tuple[Any, ...] | None] = SimpleQueue()
        self._thread = Thread(target=self._load, name="load into Node", daemon=True)
        self._error: Exception | None = None
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        node = os.environ.get("JSII_NODE", "node")
        if shutil.which(node) is None:
            fault = Fault(
                place=node,
                problem="no such program on PATH",
                allowed="Node 20 or newer, which cdktf runs on",
                fix="install Node, or name it in the variable JSII_NODE",
            )
            raise NodeMissingError([fault])
        install()
        # many containers forbid byte code; without it every synth compiles 14 MB of sources again
        sys.dont_write_bytecode = False
        options = [os.environ.get("NODE_OPTIONS", ""), f'--require "{_HOOK}"', *_NODE]
        changed = {
            "NODE_OPTIONS": " ".join(filter(None, options)),
            # a banner of eleven lines at every synth; Node 20 gives the same JSON as 22 and 24
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        }
        if _cache_is_closed():
            changed["JSII_RUNTIME_PACKAGE_CACHE"] = "disabled"
        self._before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        self._kernel = importlib.import_module("jsii").kernel
        self._provider = self._kernel.provider
        self._request = self._kernel.load
        self._kernel.load = lambda *assembly: self._requests.put(assembly)
        self._kernel.provider = _Waiting(self)
        self._thread.start()
        importlib.import_module("constructs")  # the first request: Node starts

    def _load(self) -> None:
        try:
            while assembly := self._requests.get():
                # jsii's own method, on the real provider instead of the one that waits for us
                type(self._kernel).load(SimpleNamespace(provider=self._provider), *assembly)
        except Exception as error:
            self._error = error

    def finish(self) -> Any:
        """Wait until all is loaded, put everything back, and return jsii's own provider."""
        if self._thread.is_alive():
            self._requests.put(None)
            self._thread.join()
        self._kernel.provider, self._kernel.load = self._provider, self._request
        for name, value in self._before.items():  # Terraform and others must not inherit them
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        if self._error is not None:
            raise self._error
        return self._provider

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self.finish()
        except Exception:
            if error is None:  # else that one ended Node, or is what people have to know
                raise


class _Waiting:
    """Stands where jsii keeps its provider until something is asked of it."""

    def __init__(self, preload: Preload) -> None:
        self._preload = preload

    def __getattr__(self, name: str) -> Any:
        return getattr(self._preload.finish(), name)
