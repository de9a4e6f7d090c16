"""Spares Airflow's processes what they import and never use, and what they read more than once.

`sitecustomize` calls it where Python starts one. Nothing is missing afterwards: what is left out is
imported by whoever uses it first.

Each of `WAYS` is a module whose import is the only reason why something large is loaded:

- Airflow removes decorators with `libcst` from the source of a task that runs in another Python
  (`@task.virtualenv`), and makes a subclass of it at import.
- The client of Blob storage asks for `aiohttp` to see whether a transport is aiohttp's. Importing
  aiohttp reads all certificate authorities twice.
- structlog and httpx's command draw on a terminal with `rich`, and containers have none. structlog
  writes tracebacks as Python does, unless it is told to take rich.

Those of `WAYS_OF_A_TASK` are left out only in the pod of a task, which has no database:

- The supervisor of a task imports all tables of the database for the name of a type.
- The task reads its DAG file with `DagBag`, which imports all that makes a DAG ready for the
  database, and what draws a table of DAGs.
- Airflow compares what each provider says of itself with a JSON schema, twice. The scheduler and
  the API server of the same image do that too.

The DAG processor leaves nothing out: its forks have what it imported, and would import it each.

The rest ends where the process forks, so neither a task nor a DAG file meets it. Six libraries list
all installed packages to find their plugins (`read_packages_once`), and Airflow reads the table of
its metrics with PyYAML's slow parser (`read_yaml_fast`).
"""

import importlib
import importlib.metadata
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cached_property
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

Way = Callable[[Any], AbstractContextManager[None]]


class _Later(type):
    """A class that stands for a name of a module, and imports that when something of it is wanted.

    Args:
        module: where the class or function is.
        name: its name there.
    """

    _of: tuple[str, str]

    def __new__(cls, module: str, name: str) -> "_Later":
        return super().__new__(cls, name, (), {"_of": (module, name)})

    def __init__(cls, module: str, name: str) -> None:
        super().__init__(name, (), {})

    def __call__(cls, *given: Any, **named: Any) -> Any:
        return cls._real()(*given, **named)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._real(), name)

    def __instancecheck__(cls, it: object) -> bool:
        # nothing is of a class that nobody has imported
        return cls._of[0] in sys.modules and isinstance(it, cls._real())

    def __subclasscheck__(cls, other: type) -> bool:
        return cls._of[0] in sys.modules and issubclass(other, cls._real())

    def _real(cls) -> Any:
        module, name = cls._of
        return getattr(importlib.import_module(module), name)


@contextmanager
def _stands_in(name: str, module: ModuleType | None) -> Iterator[None]:
    """Let imports of the name find the module, or fail without one; not if it is there already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = module  # type: ignore[assignment]  # None is Python's word for "not there"
    try:
        yield
    finally:
        del sys.modules[name]


def _later(**stands: str) -> Way:
    """Return the way in which a module gets each name only when used, from the module given."""

    @contextmanager
    def way(_importer: Any) -> Iterator[None]:
        modules = {module: ModuleType(module) for module in stands.values()}
        for name, module in stands.items():
            setattr(modules[module], name, _Later(module, name))
        with ExitStack() as stack:
            for name, stand in modules.items():
                stack.enter_context(_stands_in(name, stand))
            yield

    return way


@contextmanager
def _without_libcst(decorators: Any) -> Iterator[None]:
    if "libcst" in sys.modules:
        yield
        return
    libcst: Any = ModuleType("libcst")
    libcst.CSTTransformer = object
    with _stands_in("libcst", libcst):
        yield

    def remove_task_decorator(python_source: str, task_decorator_name: str) -> str:
        if decorators.remove_task_decorator is remove_task_decorator:
            importlib.import_module("libcst")
            importlib.reload(decorators)
        removed: str = decorators.remove_task_decorator(python_source, task_decorator_name)
        return removed

    decorators.remove_task_decorator = remove_task_decorator


@contextmanager
def _without_aiohttp(_authentication: Any) -> Iterator[None]:
    transports: Any = importlib.import_module("azure.core.pipeline.transport")
    transports.AioHttpTransport = _Later(f"{transports.__name__}._aiohttp", "AioHttpTransport")
    try:
        yield
    finally:
        del transports.AioHttpTransport  # the next one who asks gets the class


def _without_rich(_importer: Any) -> AbstractContextManager[None]:
    return _stands_in("rich", None)


@contextmanager
def _with_rich_later(dev: Any) -> Iterator[None]:
    if "rich" in sys.modules:
        yield
        return
    with _stands_in("rich", None):
        yield
    dev.Console = _Later("rich.console", "Console")
    dev.Traceback = _Later("rich.traceback", "Traceback")
    dev.rich_traceback = dev.RichTracebackFormatter()
    dev.rich_monochrome_traceback = dev.RichTracebackFormatter(color_system=None)


@contextmanager
def _without_schemas(providers: Any) -> Iterator[None]:
    yield
    providers._create_provider_info_schema_validator = _Believes
    providers._create_customized_form_field_behaviours_schema_validator = _Believes


class _Believes:
    def validate(self, _said: object) -> None:
        """Take it as it is."""


WAYS: dict[str, Way] = {
    "airflow.sdk.definitions._internal.decorators": _without_libcst,
    "azure.storage.blob._shared.authentication": _without_aiohttp,
    "httpx._main": _without_rich,
    "structlog.dev": _with_rich_later,
    "structlog.tracebacks": _without_rich,
}
WAYS_OF_A_TASK: dict[str, Way] = {
    "airflow.dag_processing.dagbag": _later(
        LazyDeserializedDAG="airflow.serialization.serialized_objects", tabulate="tabulate"
    ),
    "airflow.executors.workloads.types": _later(
        CallbackKey="airflow.models.callback",
        ExecutorCallback="airflow.models.callback",
        TaskInstance="airflow.models.taskinstance",
    ),
    "airflow.providers_manager": _without_schemas,
    "airflow.sdk._shared.providers_discovery.providers_discovery": _without_schemas,
}


class _Finder:
    """Finds the modules that have a way as Python does, and runs them in it."""

    def __init__(self, ways: dict[str, Way]) -> None:
        self._ways = ways

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        way = self._ways.get(name)
        spec = PathFinder.find_spec(name, path, target) if way else None
        if way and spec and spec.loader:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with way(module):
                    run(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def import_less(*, in_task_pod: bool) -> None:
    """Leave out what `WAYS` names; in the pod of a task also what `WAYS_OF_A_TASK` does."""
    sys.meta_path.insert(0, _Finder(WAYS | WAYS_OF_A_TASK if in_task_pod else WAYS))


def read_packages_once() -> None:
    """Keep what is read of the installed packages, until the process forks.

    Whoever asks for one package by its name is answered as always.
    """
    distribution: Any = importlib.metadata.Distribution
    discover = distribution.discover
    kept: list[Any] = []

    def discovered(*, context: Any = None, **asked: Any) -> Iterator[Any]:
        if context or asked:
            return iter(discover(context=context, **asked))
        if not kept:
            kept[:] = list(discover())  # all of them, or an error and none
        return iter(kept)

    once = {}
    for name in ("metadata", "entry_points"):
        once[name] = cached_property(vars(distribution)[name].fget)
        once[name].__set_name__(distribution, name)
    _until_fork(distribution, discover=discovered, **once)


def read_yaml_fast() -> None:
    """Let `yaml.safe_load` take the parser in C, where there is one, until the process forks.

    Not where somebody has taught the other one: PyYAML gives it tables of its own then.
    """
    yaml: Any = importlib.import_module("yaml")

    def safe_load(stream: Any) -> Any:
        taught = any(name.startswith("yaml_") for name in vars(yaml.SafeLoader))
        return yaml.load(stream, yaml.SafeLoader if taught else yaml.CSafeLoader)

    if yaml.__with_libyaml__:
        _until_fork(yaml, safe_load=safe_load)


def _until_fork(owner: Any, **attributes: Any) -> None:
    originals = {name: vars(owner)[name] for name in attributes}

    def as_before() -> None:
        for name, original in originals.items():
            if vars(owner)[name] is attributes[name]:  # not what somebody else has put there
                setattr(owner, name, original)

    for name, value in attributes.items():
        setattr(owner, name, value)
    os.register_at_fork(after_in_child=as_before)
