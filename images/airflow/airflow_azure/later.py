"""Stands in for what a module imports, until something of it is wanted.

`fewer_imports` says for which modules. Nothing here knows Airflow.
"""

import copyreg
import importlib
import importlib.metadata
import pkgutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, new_class
from typing import Any

Way = Callable[[Any], AbstractContextManager[None]]
_AGAIN = threading.RLock()


class _Later(type):
    """Classes that stand for a class, function or module, and import it when it is wanted.

    They are classes since Airflow asks whether they are. `_of` names the module, the name in it,
    and the module without which that module was imported: it is imported once more with it.
    """

    _of: tuple[str, str, str]

    def __new__(cls, name: str, bases: tuple[Any, ...], body: dict[str, Any]) -> Any:
        """Make one; or, of those who write a subclass of one, a subclass of what it stands for."""
        if not bases:
            return super().__new__(cls, name, bases, body)
        real = tuple(base._real() if type(base) is _Later else base for base in bases)
        return new_class(name, real, exec_body=lambda namespace: namespace.update(body))

    def __call__(cls, *given: Any, **named: Any) -> Any:
        """Make an object of the class, or call the function."""
        return cls._real()(*given, **named)

    def __getattr__(cls, name: str) -> Any:
        return getattr(cls._real(), name)

    def __instancecheck__(cls, it: object) -> bool:
        return cls._there() and isinstance(it, cls._real())

    def __subclasscheck__(cls, other: type) -> bool:
        return cls._there() and issubclass(other, cls._real())

    def _there(cls) -> bool:
        """Return whether anything can be of that class: not if nobody has imported it."""
        module, _, base = cls._of
        return (base or module) in sys.modules

    def _real(cls) -> Any:
        module, name, base = cls._of
        there = importlib.import_module(module)
        if not hasattr(there, name):  # a module of a package, if anything
            return importlib.import_module(f"{module}.{name}")
        with _AGAIN:  # while one thread imports it again, the others find it as it was
            if getattr(there, name) is cls:
                importlib.import_module(base)
                importlib.reload(there)
        return getattr(there, name)


def named_later(module: str, name: str, base: str = "") -> Any:
    """Return what stands for a class or function of a module until something of it is wanted."""
    return _Later(name, (), {"_of": (module, name, base)})


def _pickled(later: _Later) -> tuple[Any, ...]:
    return pkgutil.resolve_name, ("{}:{}".format(*later._of),)


copyreg.pickle(_Later, _pickled)


@contextmanager
def stands_in(name: str, module: ModuleType | None) -> Iterator[None]:
    """Let imports of the name find the module, or fail without one; not if it is there already."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = module  # type: ignore[assignment]  # None is Python's word for "not there"
    try:
        yield
    finally:
        del sys.modules[name]


class _Stand(ModuleType):
    """A module of which each name is imported when something of it is wanted."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            with suppress(importlib.metadata.PackageNotFoundError):  # of a module of a package
                return importlib.metadata.version(self.__name__)
        if name.startswith("__"):  # Python asks for what a module may lack
            raise AttributeError(name)
        return named_later(self.__name__, name)


def later(*modules: str) -> Way:
    """Return the way in which a module gets what it imports from those modules only when used."""

    @contextmanager
    def way(importer: Any) -> Iterator[None]:
        if any(not isinstance(sys.modules.get(module), _Stand | None) for module in modules):
            yield  # one that is there may import the others
            return
        with ExitStack() as stack:
            for module in modules:
                stack.enter_context(stands_in(module, _Stand(module)))
            yield
        for module in modules:  # a package keeps what it hands on
            package = sys.modules.get(module.rpartition(".")[0], importer)
            if package is not importer:
                kept = [name for name, value in vars(package).items() if type(value) is _Later]
                for name in kept:
                    delattr(package, name)

    return way


def made_later(name: str, *, of: str, base: str) -> Way:
    """Return the way in which a module makes the name, which needs the base's module, when used."""

    @contextmanager
    def way(importer: Any) -> Iterator[None]:
        if base in sys.modules:
            yield
            return
        stand = ModuleType(base)
        setattr(stand, of, object)
        with stands_in(base, stand):
            yield
        setattr(importer, name, named_later(importer.__name__, name, base))

    return way


class _Errors(ModuleType):
    """A module of errors that nobody raises, since nobody has imported the one it stands for."""

    def __getattr__(self, name: str) -> type[Exception]:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (Exception,), {"__module__": self.__name__})


_CATCHERS: dict[str, list[Any]] = {}  # by the module of the errors


def caught_later(errors: str) -> Way:
    """Return the way in which a module catches errors of that one without importing it.

    Python wants real classes after `except`. So it gets some that nobody raises, and the errors
    themselves as soon as anybody imports them.
    """

    @contextmanager
    def way(importer: Any) -> Iterator[None]:
        if errors in sys.modules:
            yield
            return
        with stands_in(errors, _Errors(errors)):
            yield
        _CATCHERS.setdefault(errors, []).append(importer)

    return way


@contextmanager
def _hand_over(errors: Any) -> Iterator[None]:
    yield
    for catcher in _CATCHERS.pop(errors.__name__):
        for name, value in list(vars(catcher).items()):
            if isinstance(value, type) and value.__module__ == errors.__name__:
                setattr(catcher, name, getattr(errors, value.__name__))


class _Finder:
    """Finds the modules that have a way as Python does, and runs them in it."""

    def __init__(self, ways: dict[str, Sequence[Way]]) -> None:
        self._ways = ways

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        ways = [*self._ways.get(name, ()), *([_hand_over] if name in _CATCHERS else [])]
        spec = PathFinder.find_spec(name, path, target) if ways else None
        if spec and spec.loader:
            run = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                with ExitStack() as stack:
                    for way in ways:
                        stack.enter_context(way(module))
                    run(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def install(ways: dict[str, Sequence[Way]]) -> None:
    """Run each module that is named from now on in its ways, when it is imported."""
    sys.meta_path.insert(0, _Finder(ways))
