"""The result of a rehearsal, for people, machines and pull requests."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from tools.exit_status import Exit
from tools.rehearsal.data_loss import Loss
from tools.rehearsal.journal import Problem, Step
from tools.rehearsal.review import StackReview


@dataclass(frozen=True, kw_only=True)
class RehearsalReport:
    """Everything that a rehearsal found out."""

    stacks: Sequence[str]
    reference: str | None
    """The git reference that a change was rehearsed from."""
    seconds: float
    verified: str
    """What a good result means, and what it does not."""
    steps: Sequence[Step]
    problems: Sequence[Problem]
    notes: Sequence[Problem]
    reviews: Sequence[StackReview] = ()
    losses: Sequence[Loss] = ()
    stale_acknowledgements: Sequence[str] = ()

    @property
    def status(self) -> Exit:
        """Data at risk outweighs a failure: it is what a reviewer must not miss."""
        if any(loss.acknowledged is None for loss in self.losses):
            return Exit.DATA_AT_RISK
        refused = any(review.refused for review in self.reviews)
        return Exit.FAILED if self.problems or refused else Exit.GOOD

    @property
    def verdict(self) -> str:
        """The result in a few words."""
        match self.status:
            case Exit.DATA_AT_RISK:
                return "data would be lost, and nobody acknowledged it"
            case Exit.FAILED:
                return "failed"
            case _:
                return "good"

    @property
    def meaning(self) -> str:
        """What the result verifies; nothing, if the rehearsal did not come to its end."""
        return "Nothing is verified." if self.status is Exit.FAILED else self.verified

    def to_json(self) -> str:
        """Return the report for machines."""
        document = {
            **asdict(self),
            "status": int(self.status),
            "verdict": self.verdict,
        }
        return json.dumps(document, indent=2, default=str)
