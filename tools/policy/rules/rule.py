"""What a rule is, and the words that most rules are written in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from synthesis.resources import EnvironmentStacks, Resource


class Finding(NamedTuple):
    """A resource, and what is wrong with it; None is a pass."""

    resource: Resource
    problem: str | None


Check = Callable[[EnvironmentStacks], Iterator[Finding]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A check with its name, the control that it belongs to, and the page it comes from."""

    id: str
    title: str
    control: str
    page: str
    check: Check


class Rules:
    """A growing list of rules; the decorator `rule` adds a function to it."""

    def __init__(self) -> None:
        self.collected: list[Rule] = []

    def rule(self, id: str, title: str, *, control: str, page: str) -> Callable[[Check], Check]:  # noqa: A002
        """Add the decorated function as a rule."""

        def add(check: Check) -> Check:
            self.collected.append(Rule(id=id, title=title, control=control, page=page, check=check))
            return check

        return add


def equal(resource: Resource, path: str, expected: Any) -> Finding:
    """Pass if the argument is `expected`."""
    value = resource.get(path)
    return Finding(resource, None if value == expected else f"{path} is {value}, not {expected}")


def at_least(resource: Resource, path: str, least: int) -> Finding:
    """Pass if the argument is a number and not below `least`."""
    value = resource.get(path)
    enough = isinstance(value, int | float) and value >= least
    return Finding(resource, None if enough else f"{path} is {value}, less than {least}")


def present(resource: Resource, path: str) -> Finding:
    """Pass if the argument or block is set."""
    return Finding(resource, None if resource.all(path) else f"{path} is not set")


def holds(resource: Resource, *, kept: bool, problem: str) -> Finding:
    """Pass if `kept`, else say the problem."""
    return Finding(resource, None if kept else problem)
