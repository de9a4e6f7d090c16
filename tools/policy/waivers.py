"""Reads waiver files: which resource may break which rule, where and why."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from conventions.faults import Fault
from tools.exceptions_file import read_tables
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
    fix = "give one of the two"
    waivers, faults = read_tables(file, "waiver", Waiver, allowed=ALLOWED, whole=fix)
    faults.extend(_repeated(file, waivers))
    if faults:
        raise GateError(faults)
    return waivers


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
