"""Reads waiver files: which resource may break which rule, where and why."""

import tomllib
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from conventions.faults import Fault
from tools.policy.errors import GateError
from tools.policy.results import Result

EVERY_ENVIRONMENT = "*"
ALLOWED = {
    "rule": "the id of a rule, as CKV_AZURE_33 or AOA-R01",
    "resource": "a Terraform address, with * for any part of it",
    "environments": 'one or more names of environments, as ["dev", "prod"], or ["*"] for every one',
    "like": 'a kind of environment, as "dev": each of that name, and each with like = "dev"',
    "reason": "a reason of at least 20 characters that another engineer would accept",
}


class Waiver(BaseModel):
    """A rule that a resource breaks knowingly."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    rule: Annotated[str, Field(pattern=r"^(CKV2?_[A-Z]+_\d+|AOA-[A-Z]\d\d)$")]
    resource: Annotated[str, Field(min_length=1)]
    environments: Annotated[list[str] | None, Field(min_length=1)] = None
    like: Annotated[str | None, Field(min_length=1)] = None
    reason: Annotated[str, Field(min_length=20)]

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.environments is None) is (self.like is None):
            raise ValueError("has to name either environments or like")
        return self

    @property
    def scopes(self) -> list[str]:
        """Where it holds, each to be judged by itself: environments, or one kind of them."""
        return [f"like {self.like}"] if self.like else self.environments or []

    def scope_of(self, environment: str, kind: str) -> str | None:
        """Return by which of its scopes it holds in an environment, if it does."""
        holding = {environment, EVERY_ENVIRONMENT, f"like {kind}"}
        return next((scope for scope in self.scopes if scope in holding), None)

    def matches(self, result: Result) -> bool:
        """Say whether this waiver is about the rule and the resource."""
        return result.rule == self.rule and fnmatchcase(result.resource, self.resource)


def load(file: Path) -> list[Waiver]:
    """Read the waivers.

    Raises:
        GateError: with every fault of the file.
    """
    tables = _parse(file)
    waivers: list[Waiver] = []
    faults: list[Fault] = []
    for position, table in enumerate(tables):
        try:
            waivers.append(Waiver.model_validate(table))
        except ValidationError as error:
            faults.extend(_faults(file, position, error))
    faults.extend(_repeated(file, waivers))
    if faults:
        raise GateError(faults)
    return waivers


def _parse(file: Path) -> Sequence[Any]:
    def unusable(problem: str, fix: str) -> GateError:
        allowed = "a TOML document of tables [[waiver]]"
        return GateError([Fault(place=str(file), problem=problem, allowed=allowed, fix=fix)])

    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise unusable(f"cannot be read: {error.strerror}", "fix the path or mode") from None
    except ValueError as error:
        raise unusable(f"not TOML: {error}", "correct the line that it names") from None
    tables = content.pop("waiver", [])
    if content:
        raise unusable(f"unknown table {', '.join(content)}", "write [[waiver]]")
    if not isinstance(tables, list):
        raise unusable("waiver is no list of tables", "write [[waiver]], with two brackets")
    return tables


def _faults(file: Path, position: int, error: ValidationError) -> Iterator[Fault]:
    for detail in error.errors(include_url=False):
        key = str(detail["loc"][0]) if detail["loc"] else ""
        given = "" if detail["type"] == "missing" or not key else f" = {detail['input']!r}"
        yield Fault(
            place=f"{file}: waiver[{position}]{key and f'.{key}'}{given}",
            problem=str(detail["msg"]),
            allowed=ALLOWED.get(key, ", ".join(ALLOWED)),
            fix=_fix(key, detail["type"]),
        )


def _fix(key: str, type_: str) -> str:
    if not key:
        return "give one of the two"
    return f"add {key}" if type_ == "missing" else f"correct or delete {key}"


def _repeated(file: Path, waivers: Sequence[Waiver]) -> Iterator[Fault]:
    seen: set[tuple[str, str, str]] = set()
    for waiver in waivers:
        for scope in waiver.scopes:
            key = (waiver.rule, waiver.resource, scope)
            if key in seen:
                yield Fault(
                    place=f"{file}: {waiver.rule} on {waiver.resource} in {scope}",
                    problem="waived twice",
                    allowed="one waiver a rule, resource and environment",
                    fix="delete one of the two",
                )
            seen.add(key)
