"""Puts a rehearsal together: stacks, states, providers and Terraform, one environment at a time."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tools.rehearsal.azurite import azurite_states
from tools.rehearsal.binary import find_terraform
from tools.rehearsal.cdktf import Cdktf, cdktf_environment, find_cdktf
from tools.rehearsal.cdktf_lifecycle import CdktfLifecycle
from tools.rehearsal.change import ChangeRehearsal, StackReview
from tools.rehearsal.checkout import synthesized_at
from tools.rehearsal.holdings import losses, read_acknowledgements, stale
from tools.rehearsal.journal import Journal, Step
from tools.rehearsal.lifecycle import Lifecycle
from tools.rehearsal.offline import offline
from tools.rehearsal.providers import Attachment, StandIns
from tools.rehearsal.report import Report
from tools.rehearsal.scene import Scene
from tools.rehearsal.states import LocalStates, StateKind, States
from tools.rehearsal.synthesis import Stack, Synthesis
from tools.rehearsal.terraform import Terraform
from tools.rehearsal.workspace import open_workspace


@dataclass(frozen=True, kw_only=True)
class Request:
    """What to rehearse, and how."""

    project: Path
    """The checkout: its cdktf.out, node_modules and rehearsal.toml are used."""
    variables: Mapping[str, str]
    """Environment variables of whoever asks."""
    environment: str | None = None
    stack: str | None = None
    attachment: Attachment = Attachment.REATTACH
    state: StateKind = StateKind.LOCAL
    keep: Path | None = None
    reference: str | None = None


def rehearse(request: Request, listener: Callable[[Step], None] = lambda step: None) -> Report:
    """Rehearse every environment that is asked for.

    Raises:
        BadInputError: what is asked for is not there, or what the rehearsal needs.
    """
    started = time.monotonic()
    today = datetime.now(UTC).date()
    acknowledged = read_acknowledgements(request.project / "rehearsal.toml")
    after = Synthesis.load(request.project / "cdktf.out").select(request.environment, request.stack)
    names = [stack.name for stack in after.stacks]
    journal = Journal(listener)
    reviews: list[StackReview] = []
    with ExitStack() as opened:
        before = None
        if request.reference:
            before = opened.enter_context(
                synthesized_at(request.reference, request.project, request.variables)
            )
        for environment in after.environments:
            now = _of(after, environment)
            then = _before(before, environment, request.stack, now) if before else []
            with _scene(request, environment, [*then, *now], journal) as scene:
                if before is None:
                    _play(scene, request, now)
                else:
                    reviews += ChangeRehearsal(scene).rehearse(then, now)
    lost = [loss for r in reviews for loss in losses(r.stack, r.changes, acknowledged, today)]
    return Report(
        stacks=names,
        reference=request.reference,
        seconds=time.monotonic() - started,
        steps=journal.steps,
        problems=journal.problems,
        notes=journal.notes,
        reviews=reviews,
        losses=lost,
        stale_acknowledgements=stale(acknowledged, lost, names, today) if before else [],
    )


def _play(scene: Scene, request: Request, stacks: Sequence[Stack]) -> None:
    if request.attachment is Attachment.REATTACH:
        Lifecycle(scene).rehearse(stacks)
        return
    folder = scene.workspace.folder
    variables = {**scene.terraform.environment, **cdktf_environment(scene.terraform, folder)}
    binary = find_cdktf(_binaries(request), variables)
    CdktfLifecycle(scene, Cdktf(binary, folder, variables)).rehearse(stacks)


@contextmanager
def _scene(
    request: Request, environment: str, stacks: Sequence[Stack], journal: Journal
) -> Iterator[Scene]:
    with ExitStack() as opened:
        keep = request.keep / environment if request.keep else None
        workspace = opened.enter_context(open_workspace(keep))
        variables = offline(request.variables, workspace.folder)
        binary = find_terraform(workspace.folder, request.variables.get("PATH"))
        states: States = LocalStates(workspace.folder / "states")
        if request.state is StateKind.AZURITE:
            links = {link for stack in stacks for link in (stack.backend, *stack.reads)}
            states = opened.enter_context(
                azurite_states(workspace.folder / "azurite", links, variables, _binaries(request))
            )
        providers = StandIns(
            attachment=request.attachment,
            cloud=workspace.folder / "cloud",
            mirror=workspace.folder / "mirror",
        )
        attached = opened.enter_context(providers.attach([stack.path for stack in stacks]))
        terraform = Terraform(
            binary=binary,
            environment={**variables, **states.environment, **attached},
            inherited=[workspace.lock],
        )
        yield Scene(
            workspace=workspace,
            terraform=terraform,
            providers=providers,
            states=states,
            journal=journal,
        )


def _of(synthesis: Synthesis, environment: str) -> list[Stack]:
    return [stack for stack in synthesis.stacks if stack.environment == environment]


def _before(
    synthesis: Synthesis, environment: str, stack: str | None, now: Sequence[Stack]
) -> list[Stack]:
    """The environment's stacks as they were; only those of interest, if one stack is asked for."""
    names = {stack.name for stack in now}
    there = _of(synthesis, environment)
    return [s for s in there if stack is None or s.name in names]


def _binaries(request: Request) -> Path:
    return request.project / "node_modules" / ".bin"
