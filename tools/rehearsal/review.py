"""What a change means for one stack."""

from collections.abc import Iterator
from dataclasses import dataclass

from terraform_runner.plan import Plan, ResourceChange

from synthesis.reader import Stack
from tools.rehearsal.data_loss import DATA_HOLDERS
from tools.rehearsal.pool_rotation import rotations
from tools.rehearsal.versions import moved, required


@dataclass(frozen=True, kw_only=True)
class StackReview:
    """What happens to one stack."""

    stack: str
    changes: tuple[ResourceChange, ...] = ()
    outputs_change: bool = False
    refused: tuple[str, ...] = ()
    """Addresses whose `prevent_destroy` makes Terraform refuse the whole plan."""
    notes: tuple[str, ...] = ()
    gone: bool = False
    """Whether the stack is no longer in the code."""


def abandoned(stack: Stack) -> StackReview:
    """Review a stack that is no longer in the code."""
    resources = stack.document.get("resource", {})
    count = sum(len(named) for named in resources.values())
    holding = sum(len(named) for kind, named in resources.items() if kind in DATA_HOLDERS)
    told = (
        f"the stack is gone; its resources stay in Azure, and nothing manages them ({count}, of "
        f"which {holding} hold data): destroy it before you remove it from the code"
    )
    return StackReview(stack=stack.name, notes=(told,), gone=True)


def notes_of(stack: Stack, before: Stack | None, plan: Plan) -> Iterator[str]:
    """Say what is worth knowing of a change beside what happens to resources."""
    if before:
        for told in moved(required(before.document), required(stack.document)):
            yield f"provider {told}: read its release notes; both are rehearsed by one schema"
    yield from rotations(plan.changes)
    for old, new in plan.renamed:
        yield (
            f"{new} is {old} under a new address: `move_from_id({old!r})` on the resource keeps it"
        )
