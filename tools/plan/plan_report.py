"""The report on the plans of an environment: Markdown for a review, JSON to compare with."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

from terraform_runner.plan import Action, ResourceChange

from tools.plan.planning import RELEASE, StackPlan

LONGEST_COMMENT = 120_000  # Azure DevOps takes 150,000 characters a comment
SHOWN = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
Change = tuple[str, str, str]
"""Stack, address, action."""


class Exit(IntEnum):
    """The exit statuses of `python -m tools.plan`; those up to 3 are the rehearsal's."""

    GOOD = 0
    FAILED = 1
    BAD_INPUT = 2
    DATA_AT_RISK = 3
    UNEXPECTED = 4


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What an earlier plan showed to whoever approved it."""

    changes: Collection[Change] = ()
    left_out: Collection[tuple[str, str]] = ()
    """Stack and address of resources that it compared with the state only."""

    def restores(self, change: Change) -> bool:
        """Whether a Helm release that it did not look at is set back to what main says.

        A secret is not: one that is gone from the vault would be made again, and what the old one
        encrypted could not be read again.
        """
        stack, address, action = change
        return (
            (stack, address) in self.left_out
            and address.startswith(f"{RELEASE}.")
            and action in (Action.CREATE, Action.UPDATE)
        )


@dataclass(frozen=True, kw_only=True)
class Report:
    """The plans of one environment, and the changes among them that nobody expects."""

    environment: str
    plans: Sequence[StackPlan]
    expected: Expected | None = None
    """The changes that are expected; None where every change is."""

    @property
    def changes(self) -> set[Change]:
        """Every change; a stack that cannot be planned yet is one change of its own."""
        found = {(p.stack, c.address, str(c.action)) for p in self.plans for c in p.changes}
        return found | {(p.stack, "*", "first deployment") for p in self.plans if p.waits_for}

    @property
    def unexpected(self) -> list[Change]:
        """Changes that were not expected, sorted."""
        if self.expected is None:
            return []
        first = {stack for stack, address, _ in self.expected.changes if address == "*"}
        return sorted(
            change
            for change in self.changes - set(self.expected.changes)
            if change[0] not in first and not self.expected.restores(change)
        )

    @property
    def restored(self) -> list[Change]:
        """Helm releases that are set back though nobody saw it in the plan, sorted."""
        if self.expected is None:
            return []
        return sorted(
            change
            for change in self.changes - set(self.expected.changes)
            if self.expected.restores(change)
        )

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """Stack and address of what was compared with the state only."""
        return [(plan.stack, address) for plan in self.plans for address in plan.left_out]

    @property
    def status(self) -> Exit:
        """The gravest of what was found."""
        if any(loss.acknowledged is None for plan in self.plans for loss in plan.losses):
            return Exit.DATA_AT_RISK
        if any(plan.problem for plan in self.plans):
            return Exit.FAILED
        return Exit.UNEXPECTED if self.unexpected else Exit.GOOD

    @property
    def verdict(self) -> str:
        """The result in a few words."""
        counts = Counter(action for _, _, action in self.changes)
        told = ", ".join(f"{count} to {action}" for action, count in sorted(counts.items()))
        return {
            Exit.GOOD: told or "no changes",
            Exit.FAILED: "it cannot be planned",
            Exit.DATA_AT_RISK: "data would be lost, and nobody acknowledged it",
            Exit.UNEXPECTED: f"{len(self.unexpected)} changes that nobody expects",
        }[self.status]

    def to_json(self) -> str:
        """Return the changes, as a later plan is compared with them."""
        document = {
            "environment": self.environment,
            "status": int(self.status),
            "verdict": self.verdict,
            "changes": sorted(self.changes),
            "unexpected": self.unexpected,
            "left_out": self.left_out,
        }
        return json.dumps(document, indent=2)

    def to_markdown(self) -> str:
        """Return the report as a comment."""
        text = "\n".join(self._lines()) + "\n"
        if len(text) <= LONGEST_COMMENT:
            return text
        return text[:LONGEST_COMMENT] + "\n\n... and more: see the log of the run\n"

    def _lines(self) -> Iterator[str]:
        icon = {Exit.GOOD: "✅", Exit.DATA_AT_RISK: "🛑"}.get(self.status, "❌")
        yield f"## {icon} Plan of `{self.environment}`: {self.verdict}"
        yield from ["", f"| stack | {' | '.join(SHOWN)} | |", f"| --- |{' ---: |' * 4} --- |"]
        for plan in self.plans:
            counts = Counter(change.action for change in plan.changes)
            note = f"planned once {plan.waits_for} is deployed" if plan.waits_for else ""
            note = "failed" if plan.problem else note
            yield f"| {plan.stack} | {' | '.join(str(counts[a]) for a in SHOWN)} | {note} |"
        for plan in self.plans:
            for loss in plan.losses:
                said = loss.acknowledged or "**nobody acknowledged it**"
                yield f"\n🛑 {loss.action} of `{loss.address}` loses {loss.holds}: {said}"
        if self.unexpected:
            yield "\n### Not expected\n"
            yield from (
                f"- {stack}: {action} `{address}`" for stack, address, action in self.unexpected
            )
            if self._unseen_by_the_plan():
                yield _SECRETS
        if self.restored:
            yield "\n### Set back to what main says; the plan did not look at releases\n"
            yield from (
                f"- {stack}: {action} `{address}`" for stack, address, action in self.restored
            )
        for problem in dict.fromkeys(plan.problem for plan in self.plans if plan.problem):
            stacks = ", ".join(plan.stack for plan in self.plans if plan.problem == problem)
            yield f"\n### {stacks} cannot be planned\n\n```text\n{problem}\n```"
        for plan in self.plans:
            if plan.changes and not plan.problem:
                yield f"\n### {plan.stack}\n"
                yield from map(_line, plan.changes)
        if self.left_out:
            yield f"\n### Compared with the state only\n\n{_LEFT_OUT}\n"
            yield from (f"- {stack}: `{address}`" for stack, address in self.left_out)

    def _unseen_by_the_plan(self) -> bool:
        unseen = set(self.expected.left_out) if self.expected else set()
        return any((stack, address) in unseen for stack, address, _ in self.unexpected)


_LEFT_OUT = (
    "To ask for these is to read secrets, which this identity may not. The deployment asks, and "
    "refuses a secret that is not as its state says."
)
_SECRETS = """
The plan that was approved did not look at secrets. Is one gone from the vault, recover it
(`az keyvault secret recover`). Is it to be made again, take it from the state
(`terraform state rm ADDRESS`): the next plan shows that, for somebody to approve."""


def _line(change: ResourceChange) -> str:
    paths = ", ".join(f"`{attribute.path}`" for attribute in change.attributes[:10])
    forced = ", ".join(f"`{path}`" for path in change.forced_by)
    why = f", forced by {forced}" if forced else f": {paths}" if paths else ""
    action = f"**{change.action}**" if change.action.loses else str(change.action)
    return f"- {action} `{change.address}`{why}"


def read_expected(text: str) -> Expected:
    """Read the JSON of an earlier report.

    Raises:
        ValueError: it is not one.
    """
    try:
        told = json.loads(text)
        return Expected(
            changes={(stack, address, action) for stack, address, action in told["changes"]},
            left_out={(stack, address) for stack, address in told["left_out"]},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"not the JSON of an earlier plan ({error})") from None
