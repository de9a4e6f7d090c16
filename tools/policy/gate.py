"""Weighs results against waivers: what is broken, what is excused, which excuse is stale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.policy.results import Result
from tools.policy.waivers import Waiver


@dataclass(frozen=True, kw_only=True)
class Stale:
    """A waiver that excuses nothing in an environment."""

    waiver: Waiver
    environment: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What `make policy` prints, and whether it passes."""

    results: Sequence[Result]
    broken: Sequence[Result]
    waived: Sequence[tuple[Result, Waiver]]
    stale: Sequence[Stale]

    @property
    def passed(self) -> bool:
        """Whether nothing is broken without a waiver, and no waiver is stale."""
        return not self.broken and not self.stale


def judge(results: Sequence[Result], waivers: Sequence[Waiver]) -> Verdict:
    """Match every broken rule with the first waiver that covers it."""
    broken: list[Result] = []
    waived: list[tuple[Result, Waiver]] = []
    for result in sorted(filter(lambda one: one.failed, results), key=_order):
        excuse = next((waiver for waiver in waivers if waiver.covers(result)), None)
        if excuse is None:
            broken.append(result)
        else:
            waived.append((result, excuse))
    used = {(id(waiver), result.environment) for result, waiver in waived}
    return Verdict(results=results, broken=broken, waived=waived, stale=list(_stale(waivers, used)))


def _stale(waivers: Sequence[Waiver], used: set[tuple[int, str]]) -> Iterator[Stale]:
    for waiver in waivers:
        for environment in waiver.environments:
            if (id(waiver), environment) not in used:
                yield Stale(waiver=waiver, environment=environment)


def _order(result: Result) -> tuple[str, ...]:
    return (result.environment, result.stack, result.rule, result.resource)
