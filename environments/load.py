"""Reads environment files: the only file access of the synthesizer."""

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from environments.model import Environment

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an environment file."""

    file: str
    key: str
    problem: str
    allowed: str
    fix: str

    def __str__(self) -> str:
        place = f"{self.file}: {self.key}" if self.key else self.file
        return f"{place}: {self.problem}\n    allowed: {self.allowed}\n    fix: {self.fix}"


class EnvironmentFileError(Exception):
    """One or more environment files cannot be used; `faults` holds every reason."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def environment_files(folder: Path = FOLDER) -> list[Path]:
    """Return the environment files of the project, by name."""
    return sorted(folder.glob("*.toml"))


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
        faults.extend(_shared_names(files, environments))
    if faults:
        raise EnvironmentFileError(faults)
    return environments


def _shared_names(files: Sequence[Path], environments: Sequence[Environment]) -> Iterator[Fault]:
    first: dict[str, Path] = {}
    for file, environment in zip(files, environments, strict=True):
        if environment.name in first:
            yield Fault(
                str(file),
                f'name = "{environment.name}"',
                f"also the name in {first[environment.name]}",
                "a name of its own for each environment",
                "change one of the two",
            )
        first.setdefault(environment.name, file)


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
        raise EnvironmentFileError(list(_faults(file, values, error))) from None


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
        raise unreadable(f"cannot be read: {error.strerror}", "mend the path or mode") from None
    except UnicodeDecodeError as error:
        problem = f"not UTF-8: byte {error.object[error.start]:#04x} at offset {error.start}"
        raise unreadable(problem, "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise unreadable(f"not TOML: {error}", "correct the line that it names") from None
    except RecursionError:
        raise unreadable("not TOML: nested too deeply", "flatten the nested values") from None


def _faults(file: Path, values: dict[str, Any], error: ValidationError) -> Iterator[Fault]:
    # A rule between two tables runs only where both are whole. So unknown keys are set aside and
    # the rest is checked once more: a misspelt key never hides a second fault.
    first = error.errors(include_url=False)
    seen = set()
    for detail in first + _behind_unknown_keys(values, first):
        fault = _fault(file, detail)
        if fault not in seen:
            seen.add(fault)
            yield fault


def _behind_unknown_keys(values: dict[str, Any], details: list[Any]) -> list[Any]:
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    if not unknown:
        return []
    try:
        Environment.model_validate(_without(values, (), set(unknown)))
    except ValidationError as error:
        return list(error.errors(include_url=False))
    return []


def _without(value: Any, at: tuple[Any, ...], paths: set[tuple[Any, ...]]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(inner, (*at, key), paths)
            for key, inner in value.items()
            if (*at, key) not in paths
        }
    if isinstance(value, list):
        return [_without(inner, (*at, index), paths) for index, inner in enumerate(value)]
    return value


def _fault(file: Path, detail: Any) -> Fault:
    key = _key_path(detail["loc"])
    given = _shown(detail["input"])
    match detail["type"]:
        case "fault":
            words = detail["ctx"]
            shown = "" if isinstance(detail["input"], dict) else f" = {given}"
            problem = f"{words['problem']}"
            return Fault(str(file), key + shown, problem, words["allowed"], words["fix"])
        case "extra_forbidden":
            names = _siblings(detail["loc"])
            near = get_close_matches(str(detail["loc"][-1]), names, n=1, cutoff=0.5)
            fix = f"write {near[0]}" if near else "delete it"
            return Fault(str(file), f"{key} = {given}", "unknown key", ", ".join(names), fix)
        case "missing":
            field = _field(detail["loc"])
            says = (field.description if field else None) or "see environments/dev.toml"
            return Fault(str(file), key, "missing", says, f"add {detail['loc'][-1]} = ...")
        case "literal_error":
            allowed = detail["ctx"]["expected"].replace("'", '"')
            options = allowed.replace('"', "").replace(" or ", ", ").split(", ")
            near = get_close_matches(str(detail["input"]), options, n=1, cutoff=0.3)
            fix = f'set "{(near or options)[0]}"'
            return Fault(str(file), f"{key} = {given}", "not one of the values", allowed, fix)
        case _:
            field = _field(detail["loc"])
            allowed = detail["msg"][0].lower() + detail["msg"][1:]
            fix = (field.description if field else None) or "see environments/dev.toml"
            kind = detail["type"].replace("_", " ")
            return Fault(str(file), f"{key} = {given}", kind, allowed, f"give {fix}")


def _key_path(loc: tuple[Any, ...]) -> str:
    path = ""
    for part in loc:
        if part == "[key]":  # pydantic's word for the key of a table, not its value
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _shown(value: Any) -> str:
    text = {True: "true", False: "false"}.get(value) if isinstance(value, bool) else None
    text = text or (f'"{value}"' if isinstance(value, str) else str(value))
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model(loc: tuple[Any, ...]) -> type[BaseModel]:
    """Return the table that holds the key at `loc`."""
    model: type[BaseModel] = Environment
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = next(_models(field.annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _siblings(loc: tuple[Any, ...]) -> list[str]:
    return sorted(_model(loc).model_fields)


def _field(loc: tuple[Any, ...]) -> Any:
    names = [part for part in loc if isinstance(part, str) and part != "[key]"]
    return _model(tuple(names)).model_fields.get(names[-1]) if names else None
