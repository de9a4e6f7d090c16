"""Weighs results against waivers: what is broken, what is excused, which excuse is stale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tools.policy.results import Result
from tools.policy.waivers import Waiver


@dataclass(frozen=True, kw_only=True)
class Stale:
    """A waiver that excuses nothing in an environment, or in none of a kind."""

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


def judge(
    results: Sequence[Result],
    waivers: Sequence[Waiver],
    kinds: Mapping[str, str] = MappingProxyType({}),
    *,
    lasting: Sequence[Waiver] = (),
) -> Verdict:
    """Match every broken rule with the first waiver that covers it.

    A waiver is stale where it excuses nothing in an environment that was judged, or in none of the
    kind that it names. One of an environment that was not is left alone: it excuses nothing there
    either. `kinds` gives what an environment is like, where that is not its own name. Waivers that
    are `lasting` come with the product, for environments that may have more than these: they are
    never stale.
    """
    broken: list[Result] = []
    waived: list[tuple[Result, Waiver]] = []
    used: set[tuple[int, str]] = set()
    for result in sorted(filter(lambda one: one.failed, results), key=_order):
        kind = kinds.get(result.environment, result.environment)
        for waiver in filter(lambda one: one.matches(result), [*lasting, *waivers]):
            if scope := waiver.scope_of(result.environment, kind):
                waived.append((result, waiver))
                used.add((id(waiver), scope))
                break
        else:
            broken.append(result)
    judged = {result.environment for result in results}
    stale = [
        Stale(waiver=waiver, environment=scope)
        for waiver in waivers
        for scope in dict.fromkeys(waiver.scope_of(name, kinds.get(name, name)) for name in judged)
        if scope and (id(waiver), scope) not in used
    ]
    return Verdict(results=results, broken=broken, waived=waived, stale=stale)


def _order(result: Result) -> tuple[str, ...]:
    return (result.environment, result.stack, result.rule, result.resource)
