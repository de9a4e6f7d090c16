"""Reads waiver files: which resource may break which rule, where and why."""

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import Field, field_validator, model_validator

from environments.acknowledgements import reason
from environments.load import read_as
from environments.types import Section, Text, refuse
from tools.policy.results import Result

EVERY_ENVIRONMENT = "*"


class Waiver(Section):
    """A rule that a resource breaks knowingly."""

    rule: Annotated[
        str,
        Text(
            r"CKV2?_[A-Z]+_\d+|AOA-[A-Z]\d\d",
            "the id of a rule, as CKV_AZURE_33 or AOA-R01",
            "AOA-R01",
        ),
    ]
    resource: Annotated[
        str,
        Text(
            r".+",
            "a Terraform address, with * for any part of it",
            "azurerm_kubernetes_cluster.aks",
        ),
    ]
    environments: Annotated[
        list[str] | None,
        Field(
            min_length=1,
            examples=[["dev", "prod"]],
            description='names of environments, or ["*"] for every one',
        ),
    ] = None
    like: Annotated[
        Annotated[str, Text(r"\S+", "a kind of environment", "dev")] | None,
        Field(description='a kind of environment: each of that name, and each with like = "dev"'),
    ] = None
    reason: Annotated[str, reason("A burstable server, whose loss costs a day of set-up.")]

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.environments is None) is (self.like is None):
            refuse(
                "has to name either environments or like",
                allowed="one of the two",
                fix="give one of the two",
            )
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
        # as it stands first: the brackets of an address are a set of letters in a pattern
        named = result.resource == self.resource or fnmatchcase(result.resource, self.resource)
        return result.rule == self.rule and named


class _Waivers(Section):
    page: ClassVar[str] = "docs/how-to/policy.md"

    waiver: Annotated[list[Waiver], Field(description="tables [[waiver]]")] = []  # noqa: RUF012

    @field_validator("waiver")
    @classmethod
    def _once(cls, waivers: list[Waiver]) -> list[Waiver]:
        all_ = [(one.rule, one.resource, scope) for one in waivers for scope in one.scopes]
        twice = dict.fromkeys(" on ".join(one[:2]) for one in all_ if all_.count(one) > 1)
        if twice:
            refuse(
                f"waived twice: {', '.join(twice)}",
                allowed="one waiver a rule, resource and environment",
                fix="delete one of the two",
            )
        return waivers


def load(file: Path) -> list[Waiver]:
    """Read the waivers.

    Raises:
        FaultError: with every fault of the file.
    """
    return read_as(_Waivers, file).waiver
