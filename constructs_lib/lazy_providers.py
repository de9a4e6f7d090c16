"""Load the resources of prebuilt providers one by one, on first use: docs/decisions/0003.

As shipped, importing one resource of azurerm runs 1,530 Python modules and as many in Node. The
result is the same JSON to the byte, and where anything is not as expected the slow path runs.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec, module_from_spec
from pathlib import Path
from types import ModuleType

PROVIDERS = tuple(
    f"cdktf_cdktf_provider_{name}" for name in ("azuread", "azurerm", "helm", "kubernetes")
)
_HOOK = Path(__file__).with_name("lazy-index.cjs")


def install() -> None:
    """Make provider packages load lazily; call it before the first of them is imported."""
    for package in PROVIDERS:
        if package not in sys.modules and (spec := find_spec(package)) is not None:
            module = module_from_spec(spec)  # has the package's path; its __init__ never runs
            module.__getattr__ = _loader(package)  # type: ignore[method-assign]  # PEP 562
            sys.modules[package] = module


def _loader(package: str):  # type: ignore[no-untyped-def]
    def load(name: str) -> ModuleType:
        try:
            return importlib.import_module(f"{package}.{name}")
        except ModuleNotFoundError as error:
            raise AttributeError(f"module {package!r} has no attribute {name!r}") from error

    return load


@contextmanager
def lazy_node() -> Iterator[None]:
    """Make a Node process started inside load provider resources lazily; its children do not."""
    changed = {
        "NODE_OPTIONS": f'{os.environ.get("NODE_OPTIONS", "")} --require "{_HOOK}"'.strip(),
        # a banner of eleven lines at every synth; Node 20 gives the same JSON as 22 and 24
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
    }
    before = {name: os.environ.get(name) for name in changed}
    os.environ.update(changed)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
