"""Reads environment files and the seed, and holds all of them against each other."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from conventions import company
from conventions.faults import Fault, FaultError
from environments.across import Read, faults_across
from environments.agreement import faults_between
from environments.faults import faults_of, templates_in
from environments.model import Environment
from environments.seed import Seed
from environments.toml_file import NoFileError, TomlFileError, read_toml
from environments.types import Section

Model = TypeVar("Model", Environment, Seed)
Other = TypeVar("Other", bound=Section)


class EnvironmentFileError(FaultError):
    """A file cannot be used, an environment's or the seed's; `faults` holds every reason."""


def environment_files() -> list[Path]:
    """Return the company's environment files, by name, as seen from the working directory."""
    return sorted(map(_from_here, company.environments().glob("*.toml")))


def load(files: Sequence[Path]) -> list[Environment]:
    """Read environments, all of them before any is used.

    Raises:
        EnvironmentFileError: with every fault of every file.
    """
    environments, _ = load_with_seed(files, None)
    return environments


def load_with_seed(
    files: Sequence[Path], seed_file: Path | None
) -> tuple[list[Environment], Seed | None]:
    """Read environments and the seed that they stand on; both must say the same of what they share.

    Raises:
        EnvironmentFileError: with every fault of every file.
    """
    environments: list[Environment] = []
    seed: Seed | None = None
    faults: list[Fault] = []
    for file in files:
        try:
            environments.append(read(file))
        except EnvironmentFileError as error:
            faults.extend(error.faults)
    try:
        seed = read_seed(seed_file) if seed_file else None
    except EnvironmentFileError as error:
        faults.extend(error.faults)
    if not faults:
        reads = list(map(Read, files, environments))
        faults.extend(faults_across(reads))
        if seed and seed_file:
            faults.extend(faults_between(seed, seed_file, reads))
    if faults:
        raise EnvironmentFileError(faults)
    return environments, seed


def read_seed(file: Path) -> Seed:
    """Read the seed.

    Raises:
        EnvironmentFileError: with every fault of the file.
    """
    return _validated(Seed, _parse(file), file)


def read(file: Path) -> Environment:
    """Read one environment file; a company's has the name of its environment, as tools look for it.

    Raises:
        EnvironmentFileError: with every fault of the file.
    """
    env = validate(_parse(file), file)
    if file.stem != env.name and file.resolve().parent == company.environments():
        fault = Fault(
            str(file),
            f'name = "{env.name}"',
            f"the file is {file.name}, and whoever stops, starts or destroys an environment reads "
            "the file of its name",
            f'"{file.stem}" in this file, or a file {env.name}.toml',
            _renamed(file, env.name),
        )
        raise EnvironmentFileError([fault])
    return env


def _renamed(file: Path, name: str) -> str:
    if file.with_name(f"{name}.toml").exists():  # copied, and the name forgotten
        return "set another name, and the file's accordingly"
    return f"rename the file to {name}.toml: nothing in Azure changes"


def read_as(model: type[Other], file: Path) -> Other:
    """Return what another file that people write says, in the words of environment files.

    Raises:
        TomlFileError: it cannot be read, or with every fault of what it says.
    """
    values = read_toml(file)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise TomlFileError(list(faults_of(file, values, error, model))) from None


def validate(values: dict[str, Any], file: Path) -> Environment:
    """Return the environment that the values of `file` describe.

    Raises:
        EnvironmentFileError: with every fault of the values.
    """
    return _validated(Environment, values, file)


def _validated(model: type[Model], values: dict[str, Any], file: Path) -> Model:
    faults = list(templates_in(file, values))
    valid = None
    try:
        valid = model.model_validate(values)
    except ValidationError as error:
        faults += faults_of(file, values, error, model)
    if valid is None or faults:
        raise EnvironmentFileError(faults)
    return valid


def _parse(file: Path) -> dict[str, Any]:
    try:
        return read_toml(file)
    except NoFileError as error:
        (fault,) = error.faults
        known = ", ".join(str(one) for one in environment_files() if one.exists()) or "none"
        fix = f"name one that exists: {known}"
        raise EnvironmentFileError([replace(fault, fix=fix)]) from None
    except TomlFileError as error:
        raise EnvironmentFileError(error.faults) from None


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
