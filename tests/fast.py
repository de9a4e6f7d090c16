"""A plugin of pytest: the marker `fast`, which `make test-fast` chooses tests by.

A test is fast if it starts no program: no server, browser, Airflow or Terraform. Nobody writes the
marker. A test has it unless its module, or the module of a fixture that it uses

- imports `subprocess`, or a function of ours from a module that does,
- is tests/parts/fixtures.py,
- imports tests/synthesizing.py, to synthesize again: the others share one synth (`synthesized`).

A fast test that starts a program nevertheless fails, so that the rule stays true. One program is
free: the Node process in which jsii holds the constructs of that synth.
"""

import os
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tests import ROOT

SYNTHESIZER = "tests.synthesizing"  # who builds stacks beside `synthesized` takes seconds
OURS = ("tests.", "packages.")
PROGRAMS = re.compile(r"^(import subprocess|from tests\.synthesizing import .*)$", re.MULTILINE)
IMPORTED = re.compile(r"^from ((?:tests|packages)\.[\w.]+) import", re.MULTILINE)
STARTS = {"subprocess.Popen": 1, "os.posix_spawn": 1, "os.exec": 1, "os.system": 0}


class ProgramStartedError(BaseException):
    """A fast test started a program; not an Exception, so that no tool takes it for its own."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and watch for programs."""
    config.addinivalue_line("markers", "fast: it starts no program (tests/fast.py sets it)")
    sys.addaudithook(_watch)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where fast tests alone are asked for, do not even import what has none.

    Returns None, as pytest wants it, where others may decide.
    """
    if config.option.markexpr != "fast":
        return None
    single = collection_path.suffix == ".py"
    modules = [collection_path] if single else [*collection_path.glob("test_*.py")]
    return True if modules and all(map(_says_so, modules)) else None


def _says_so(module: Path) -> bool:
    """Tell whether a module's imports alone show that it has no fast test.

    Of a conftest, tests import types and values, too.
    """
    text = module.read_text()
    names = [name for name in IMPORTED.findall(text) if not name.endswith(".conftest")]
    files = (ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in names)
    return any(map(PROGRAMS.search, [text, *(f.read_text() for f in files if f.is_file())]))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that starts no program."""
    for item in items:
        if isinstance(item, pytest.Function) and not any(map(starts_programs, modules(item))):
            item.add_marker("fast")


def modules(item: pytest.Function) -> set[ModuleType]:
    """Return the modules that a test and its fixtures are written in."""
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    names = {fixture.func.__module__ for found in fixtures for fixture in found}
    return {item.module, *(sys.modules[name] for name in names if name in sys.modules)}


def starts_programs(module: ModuleType) -> bool:
    """Tell whether the module holds the fixtures of real parts, or starts programs."""
    if module.__name__ == "tests.parts.fixtures" or hasattr(module, "subprocess"):
        return True
    homes = {getattr(value, "__module__", None) for value in vars(module).values()}
    if SYNTHESIZER in homes:
        return True
    ours = {home for home in homes if isinstance(home, str) and home.startswith(OURS)}
    return any(hasattr(sys.modules.get(home), "subprocess") for home in ours)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> object:
    """Know whether the test of the moment is a fast one."""
    _state["fast"] = item.get_closest_marker("fast") is not None
    try:
        return (yield)
    finally:
        _state["fast"] = False


_state = {"fast": False}


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event not in STARTS or not _state["fast"]:
        return
    command = arguments[STARTS[event]]
    first = command[0] if isinstance(command, list | tuple) and command else command
    if isinstance(first, str | bytes | os.PathLike) and os.path.basename(first) not in _free:
        raise ProgramStartedError(
            f"a fast test started {os.fsdecode(first)}: let it ask for the fixture of that part, "
            "or for `a_program` (tests/parts/fixtures.py)"
        )


_free = {"node", b"node"}
