"""What the rehearsal of one environment runs in."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from terraform_runner.binary import find_terraform
from terraform_runner.offline import offline
from terraform_runner.terraform import Terraform

from synthesis.reader import Stack
from tools.rehearsal.journal import Journal
from tools.rehearsal.provider_sources import ProviderSource, provider_source
from tools.rehearsal.request import Request
from tools.rehearsal.states import LocalStates, StateKind, States, azurite_states
from tools.rehearsal.workspace import Workspace, open_workspace


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """A folder, the Terraform that works in it, and what Terraform finds around it."""

    workspace: Workspace
    terraform: Terraform
    providers: ProviderSource
    states: States
    journal: Journal


@contextmanager
def open_run_context(
    request: Request, environment: str, stacks: Sequence[Stack], journal: Journal
) -> Iterator[RunContext]:
    """Make everything ready for the environment's stacks, and take it away afterwards.

    Raises:
        BadInputError: something that it needs is not there.
    """
    with ExitStack() as opened:
        keep = request.keep / environment if request.keep else None
        workspace = opened.enter_context(open_workspace(keep))
        variables = offline(request.variables, workspace.folder)
        binary = find_terraform(workspace.folder, variables)
        states: States = LocalStates(workspace.folder / "states")
        if request.state is StateKind.AZURITE:
            links = {link for stack in stacks for link in (stack.backend, *stack.reads)}
            states = opened.enter_context(
                azurite_states(workspace.folder / "azurite", links, variables, request.binaries)
            )
        providers = provider_source(
            workspace.folder,
            request.attachment,
            request.plugins,
            loopback=request.loopback,
            late_roles=request.late_roles,
            busy_servers=request.busy_servers,
        )
        attached = opened.enter_context(providers.attach([stack.path for stack in stacks]))
        terraform = Terraform(
            binary=binary,
            environment={**variables, **states.environment, **attached},
            inherited=[workspace.lock],
        )
        yield RunContext(
            workspace=workspace,
            terraform=terraform,
            providers=providers,
            states=states,
            journal=journal,
        )
