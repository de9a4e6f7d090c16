"""Load cdktf beside other work, and the resources of providers one by one: docs/decisions/0003.

As shipped, importing one resource of azurerm runs 1,530 Python modules and as many in Node. The
result is the same JSON to the byte, and where anything is not as expected the slow path runs.
"""

import importlib
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from threading import Thread
from types import ModuleType, TracebackType

PROVIDERS = tuple(
    f"cdktf_cdktf_provider_{name}" for name in ("azuread", "azurerm", "helm", "kubernetes")
)
_HOOK = Path(__file__).with_name("lazy-index.cjs")


def install() -> None:
    """Make provider packages load lazily; call it before the first of them is imported."""
    for package in PROVIDERS:
        if package not in sys.modules and (spec := find_spec(package)) is not None:
            module = module_from_spec(spec)  # has the package's path; its __init__ never runs
            module.__dict__["__getattr__"] = _loader(package)  # PEP 562
            sys.modules[package] = module


def _loader(package: str) -> Callable[[str], ModuleType]:
    def load(name: str) -> ModuleType:
        try:
            return importlib.import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from error

    return load


class Preload:
    """Imports cdktf in the background of a `with` block, which is when Node starts.

    Most of that import is waiting for Node, time in which the block can read its input. An error
    in the background is left for the import in the foreground to raise.
    """

    def __init__(self) -> None:
        self._thread = Thread(target=self._import, name="import cdktf", daemon=True)
        self._before: dict[str, str | None] = {}

    def __enter__(self) -> None:
        install()
        # many containers forbid byte code; without it every synth compiles 14 MB of sources anew
        sys.dont_write_bytecode = False
        changed = {
            "NODE_OPTIONS": f'{os.environ.get("NODE_OPTIONS", "")} --require "{_HOOK}"'.strip(),
            # a banner of eleven lines at every synth; Node 20 gives the same JSON as 22 and 24
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        }
        self._before = {name: os.environ.get(name) for name in changed}
        os.environ.update(changed)
        self._thread.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._thread.join()
        for name, value in self._before.items():  # Terraform and others must not inherit them
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    @staticmethod
    def _import() -> None:
        try:
            importlib.import_module("cdktf")
        except Exception:
            return
