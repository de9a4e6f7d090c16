"""Reads environment files: the only file access of the synthesizer."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from conventions import company
from conventions.faults import Fault, FaultError
from environments.across import Read, faults_across
from environments.faults import faults_of
from environments.model import Environment


class EnvironmentFileError(FaultError):
    """One or more environment files cannot be used; `faults` holds every reason."""


def environment_files() -> list[Path]:
    """Return the company's environment files, by name."""
    return sorted(company.environments().glob("*.toml"))


def load(files: Sequence[Path]) -> list[Environment]:
    """Read environments, all of them before any is used.

    Raises:
        EnvironmentFileError: with every fault of every file.
    """
    environments: list[Environment] = []
    faults: list[Fault] = []
    for file in files:
        try:
            environments.append(read(file))
        except EnvironmentFileError as error:
            faults.extend(error.faults)
    if not faults:
        faults.extend(faults_across(list(map(Read, files, environments))))
    if faults:
        raise EnvironmentFileError(faults)
    return environments


def read(file: Path) -> Environment:
    """Read one environment file.

    Raises:
        EnvironmentFileError: with every fault of the file.
    """
    return validate(_parse(file), file)


def validate(values: dict[str, Any], file: Path) -> Environment:
    """Return the environment that the values of `file` describe.

    Raises:
        EnvironmentFileError: with every fault of the values.
    """
    try:
        return Environment.model_validate(values)
    except ValidationError as error:
        raise EnvironmentFileError(list(faults_of(file, values, error))) from None


def _parse(file: Path) -> dict[str, Any]:
    def unreadable(problem: str, fix: str) -> EnvironmentFileError:
        fault = Fault(str(file), "", problem, "a TOML document in UTF-8", fix)
        return EnvironmentFileError([fault])

    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = ", ".join(path.name for path in environment_files()) or "none"
        raise unreadable("there is no such file", f"name one that exists: {known}") from None
    except OSError as error:
        raise unreadable(f"cannot be read: {error.strerror}", "fix the path or mode") from None
    except UnicodeDecodeError as error:
        problem = f"not UTF-8: byte {error.object[error.start]:#04x} at offset {error.start}"
        raise unreadable(problem, "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise unreadable(f"not TOML: {error}", "correct the line that it names") from None
    except RecursionError:
        raise unreadable("not TOML: nested too deeply", "flatten the nested values") from None
