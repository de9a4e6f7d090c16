"""Weighs results against waivers: what is broken, what is excused, which excuse is stale."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tools.policy.results import Result
from tools.policy.waivers import EVERY_ENVIRONMENT, Waiver


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
    """Match every broken rule with the first waiver that covers it.

    A waiver is stale where it excuses nothing in an environment that was judged. One of an
    environment that was not is left alone: it excuses nothing there either.
    """
    broken: list[Result] = []
    waived: list[tuple[Result, Waiver]] = []
    for result in sorted(filter(lambda one: one.failed, results), key=_order):
        excuse = next((waiver for waiver in waivers if waiver.covers(result)), None)
        if excuse is None:
            broken.append(result)
        else:
            waived.append((result, excuse))
    stale = list(_stale(waivers, {result.environment for result in results}, waived))
    return Verdict(results=results, broken=broken, waived=waived, stale=stale)


def _stale(
    waivers: Sequence[Waiver], judged: set[str], waived: Sequence[tuple[Result, Waiver]]
) -> Iterator[Stale]:
    used = {
        (id(waiver), name)
        for result, waiver in waived
        for name in (result.environment, EVERY_ENVIRONMENT)
    }
    for waiver in waivers:
        for environment in waiver.environments:
            known = environment in judged or environment == EVERY_ENVIRONMENT
            if known and (id(waiver), environment) not in used:
                yield Stale(waiver=waiver, environment=environment)


def _order(result: Result) -> tuple[str, ...]:
    return (result.environment, result.stack, result.rule, result.resource)
