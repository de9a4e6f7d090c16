"""Puts a rehearsal together: stacks, states, providers and Terraform, one environment at a time."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime

from terraform_runner.cdktf_cli import Cdktf, cdktf_environment
from terraform_runner.errors import BadInputError

from synthesis.reader import Stack, Synthesis
from tools.rehearsal.cdktf_lifecycle import CdktfLifecycle
from tools.rehearsal.change import ChangeRehearsal
from tools.rehearsal.checkout import Checkout, synthesized_at
from tools.rehearsal.data_loss import losses, read_acknowledgements, stale
from tools.rehearsal.journal import Journal, Step
from tools.rehearsal.lifecycle import Lifecycle
from tools.rehearsal.node_programs import node_program
from tools.rehearsal.provider_sources import Attachment
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.review import StackReview, abandoned
from tools.rehearsal.run_context import RunContext, open_run_context
from tools.rehearsal.validation import Validation
from tools.rehearsal.versions import bindings, moved, pinned, unserved


@dataclass(frozen=True)
class _Sides:
    """The stacks as they are, and as they were if a change is rehearsed."""

    after: Synthesis
    before: Checkout | None


def rehearse(
    request: Request, listener: Callable[[Step], None] = lambda step: None
) -> RehearsalReport:
    """Rehearse every environment that is asked for.

    Raises:
        BadInputError: what the rehearsal needs is not there.
        FaultError: the stacks are not there, or not what the project synthesizes now.
    """
    started = time.monotonic()
    today = datetime.now(UTC).date()
    request.check()
    acknowledged = read_acknowledgements(request.project / "rehearsal.toml")
    everything = Synthesis.load(request.output, request.project)
    after = everything.select(request.environment, request.stack)
    names = [stack.name for stack in after.stacks]
    journal = Journal(listener)
    with ExitStack() as opened:
        before = None
        if request.reference:
            before = opened.enter_context(
                synthesized_at(request.reference, request.project, request.variables)
            )
        played = list(_environments(request, _Sides(after, before), journal))
    known = {s.name for s in (*everything.stacks, *(before.synthesis.stacks if before else ()))}
    reviews = [review for _, found in played for review in found]
    lost = [loss for r in reviews for loss in losses(r.stack, r.changes, acknowledged, today)]
    return RehearsalReport(
        stacks=names,
        reference=request.reference,
        seconds=time.monotonic() - started,
        verified=" ".join(dict.fromkeys(verified for verified, _ in played if verified)),
        steps=journal.steps,
        problems=journal.problems,
        notes=journal.notes,
        reviews=reviews,
        losses=lost,
        stale_acknowledgements=stale(acknowledged, lost, names, known, today) if before else [],
    )


def _environments(
    request: Request, sides: _Sides, journal: Journal
) -> Iterator[tuple[str, list[StackReview]]]:
    """Play one environment after the other; yield what that verifies, and the reviews."""
    before = sides.before
    for environment in sides.after.environments:
        now = _of(sides.after, environment)
        then = _before(before.synthesis, environment, request.stack, now) if before else []
        with open_run_context(request, environment, [*then, *now], journal) as context:
            paths = [stack.path for stack in now]
            if told := unserved(now, context.providers.versions(paths)):
                raise BadInputError(
                    "\n".join(told),
                    fix="pin the binding of that version in pyproject.toml, then `make lock setup`",
                )
            if before is None:
                _play(context, request, now)
                yield context.providers.verified(paths), []
            else:
                yield (
                    context.providers.verified(paths),
                    ChangeRehearsal(context).rehearse(then, now),
                )
    if before is None:
        return
    for version in moved(bindings(before.folder), bindings(request.product)):
        journal.note("", f"{version}: both sides are synthesized with the one that is installed")
    for version in moved(pinned(before.folder), pinned(request.project)):
        journal.note("", f"{version}: each side is synthesized with its own")
    if request.environment is None and request.stack is None:
        gone = [s for s in before.synthesis.stacks if s.environment not in sides.after.environments]
        yield "", [abandoned(stack) for stack in gone]


def _play(context: RunContext, request: Request, stacks: Sequence[Stack]) -> None:
    if context.providers.validate_only:
        Validation(context).rehearse(stacks)
    elif request.attachment is Attachment.REATTACH:
        Lifecycle(context).rehearse(stacks)
    else:
        folder = context.workspace.folder
        variables = {
            **context.terraform.environment,
            **cdktf_environment(context.terraform, folder),
        }
        binary = node_program(
            request.binaries,
            "cdktf",
            variables,
            option="--attachment mirror",
            instead="--attachment reattach",
        )
        CdktfLifecycle(context, Cdktf(binary, folder, variables)).rehearse(stacks)


def _of(synthesis: Synthesis, environment: str) -> list[Stack]:
    return [stack for stack in synthesis.stacks if stack.environment == environment]


def _before(
    synthesis: Synthesis, environment: str, stack: str | None, now: Sequence[Stack]
) -> list[Stack]:
    """The environment's stacks as they were; only those of interest, if one stack is asked for."""
    names = {stack.name for stack in now}
    there = _of(synthesis, environment)
    return [s for s in there if stack is None or s.name in names]
