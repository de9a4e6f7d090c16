"""Reads a file of exceptions that people allow: waivers, accepted paths, vulnerabilities."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from conventions.faults import Fault

Table = TypeVar("Table", bound=BaseModel)


def read_tables(
    file: Path, name: str, model: type[Table], *, allowed: Mapping[str, str], whole: str = ""
) -> tuple[list[Table], list[Fault]]:
    """Return the tables `[[name]]` of a TOML file that holds nothing else, and every fault of it.

    Args:
        file: the file.
        name: of the tables.
        model: what a table holds.
        allowed: what each key takes, in words.
        whole: the fix where not a key but a table as a whole is wrong.
    """
    try:
        given = _tables(file, name)
    except _UnusableError as error:
        problem, fix = error.args
        return [], [Fault(str(file), "", problem, f"a TOML document of tables [[{name}]]", fix)]
    tables: list[Table] = []
    faults: list[Fault] = []
    for position, table in enumerate(given):
        try:
            tables.append(model.model_validate(table))
        except ValidationError as error:
            faults += _faults(f"{file}: {name}[{position}]", error, allowed, whole)
    return tables, faults


class _UnusableError(Exception):
    """The problem, and its fix."""


def _tables(file: Path, name: str) -> list[Any]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise _UnusableError(f"cannot be read: {error.strerror}", "fix the path or mode") from None
    except ValueError as error:
        raise _UnusableError(f"not TOML: {error}", "correct the line that it names") from None
    tables = content.pop(name, [])
    if content:
        raise _UnusableError(f"unknown table {', '.join(content)}", f"write [[{name}]]")
    if not isinstance(tables, list):
        raise _UnusableError(f"{name} is no list of tables", f"write [[{name}]], in two brackets")
    return tables


def _faults(
    place: str, error: ValidationError, allowed: Mapping[str, str], whole: str
) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        key = str(detail["loc"][0]) if detail["loc"] else ""
        missing = detail["type"] == "missing"
        given = "" if missing or not key else f" = {detail['input']!r}"
        fix = f"add {key}" if missing else f"correct or delete {key}"
        yield Fault(
            place=f"{place}{key and f'.{key}'}{given}",
            problem=str(detail["msg"]),
            allowed=allowed.get(key, ", ".join(allowed)),
            fix=fix if key else whole,
        )
