"""Names that DAG files import: whether they are here, and where they live if not."""

import contextlib
import functools
import importlib
import importlib.util
import pathlib
import re
import warnings
from collections.abc import Iterator
from typing import Any

from . import processes
from .processes import Answer

# Airflow's own modules end; some take 20 s on a busy machine (the Kubernetes client).
LOOKUP_SECONDS = 120
TOP_LEVEL = re.compile(r"^(?:async def|class|def) (\w+)", re.M)


def resolved(names: list[list[str]], jobs: int) -> Iterator[tuple[tuple[str, str], Answer]]:
    """Yield each name's answer: in few processes first, alone where one of those died."""
    size = max(1, len(names) // (4 * jobs))
    keys = [(module, name) for module, name in names]
    parts = [tuple(keys[i : i + size]) for i in range(0, len(keys), size)]
    if names:
        _index()  # made once, before the processes that use it
    ask = [(part, functools.partial(_together, part)) for part in parts]
    for part, answer in processes.run(ask, LOOKUP_SECONDS * len(names), jobs):
        if "answers" in answer:
            yield from zip(part, answer["answers"], strict=True)
        else:
            alone = [(key, functools.partial(_located, *key)) for key in part]
            yield from processes.run(alone, LOOKUP_SECONDS, jobs)


def _together(names: tuple[tuple[str, str], ...]) -> Answer:
    return {"answers": [_located(*key) for key in names]}


def _located(module: str, name: str) -> Answer:
    return {**resolve(module, name), "provider": _provider_of(module)}


def resolve(module: str, name: str) -> Answer:
    """Say whether `from module import name` works here, and where the name lives if not.

    A dotted name asks for an attribute: `Variable.setdefault`.
    """
    if module.split(".")[0] != "airflow":  # somebody's package: its presence is enough
        return _package(module)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loaded = importlib.import_module(module)
            if not name or name == "*" or _has(loaded, name):
                return {"state": "ok"}
            if "." not in name:
                importlib.import_module(f"{module}.{name}")
                return {"state": "ok"}
            return {"state": "gone", "missing": f"{module}.{name}", "homes": []}
    except ModuleNotFoundError as error:
        missing = error.name or ""
        asked = f"{module}.{name}" == missing or f"{module}.".startswith(f"{missing}.")
        if not asked and missing.split(".")[0] != "airflow":
            return {"state": "package", "missing": missing}
        return {"state": "gone", "missing": missing, "homes": _homes(module, name)}
    except Exception as error:
        return {"state": "error", "message": f"{type(error).__name__}: {error}"[:300]}


def _package(module: str) -> Answer:
    """Look for a module without running it; of the folders of a namespace each part counts."""
    words = module.split(".")
    for length in range(1, len(words) + 1):
        part = ".".join(words[:length])
        try:
            found = importlib.util.find_spec(part)
        except Exception:  # the package above it cannot be imported: the import test says why
            return {"state": "ok"}
        if found is None:
            return {"state": "package", "missing": part}
        if found.submodule_search_locations is None or found.origin is not None:
            return {"state": "ok"}  # a package of its own: what it holds is its own business
    return {"state": "ok"}


def _has(loaded: Any, name: str) -> bool:
    for part in name.split("."):
        if not hasattr(loaded, part):
            return False
        loaded = getattr(loaded, part)
    return True


def _homes(module: str, name: str) -> list[str]:
    """Modules that define `name`: in the same provider, or in any when the module is older."""
    if not name or name.startswith("_"):
        return []
    if not module.startswith("airflow.providers.") and _in_sdk(name):
        return ["airflow.sdk"]
    homes = _index().get(name, [])
    if not name[0].isupper():  # a function's name says too little to look in all providers
        if module.startswith("airflow.providers."):
            return []
        return [home for home in homes if home.startswith("airflow.providers.standard.")]
    if not module.startswith("airflow.providers."):
        return homes
    providers = [p for p in _providers() if module.startswith(f"{p}.")]
    return [home for home in homes if any(home.startswith(f"{p}.") for p in providers)]


def _in_sdk(name: str) -> bool:
    try:
        return hasattr(importlib.import_module("airflow.sdk"), name)
    except ImportError:  # Airflow 2
        return False


@functools.cache
def _index() -> dict[str, list[str]]:
    """Return the modules of the installed providers by the names that they define."""
    found: dict[str, set[str]] = {}
    for provider, folder in _providers().items():
        for file in folder.rglob("*.py"):
            parts = file.relative_to(folder).with_suffix("").parts
            module = ".".join((provider, *parts)).removesuffix(".__init__")
            for name in TOP_LEVEL.findall(file.read_text(encoding="utf-8", errors="replace")):
                found.setdefault(name, set()).add(module)
    return {name: sorted(modules) for name, modules in found.items()}


@functools.cache
def _providers() -> dict[str, pathlib.Path]:
    """Return the folder of each installed provider by its module."""
    try:
        import airflow.providers  # type: ignore[import-not-found]
    except ImportError:  # none is installed
        return {}
    return {
        ".".join(("airflow", "providers", *file.parent.relative_to(folder).parts)): file.parent
        for folder in map(pathlib.Path, airflow.providers.__path__)
        for file in sorted(folder.rglob("get_provider_info.py"))
    }


def _provider_of(module: str) -> str:
    """Return the installed provider package a module belongs to, or an empty string."""
    from importlib import metadata

    parts = module.split(".")[2:]
    for length in (3, 2, 1):
        name = "apache-airflow-providers-" + "-".join(parts[:length])
        with contextlib.suppress(metadata.PackageNotFoundError):
            return f"{name}=={metadata.version(name)}"
    return ""
