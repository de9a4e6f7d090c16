"""Plans each stack of an environment on its real state, without touching or locking it."""

import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from terraform_runner.binary import find_terraform
from terraform_runner.diagnostics import TerraformError
from terraform_runner.errors import BadInputError
from terraform_runner.plan import ResourceChange
from terraform_runner.terraform import PLAN, Terraform

from synthesis.reader import Stack
from tools.plan.patches import is_installed_patch
from tools.rehearsal.data_loss import Acknowledgement, Loss, losses
from tools.release.errors import ReleaseError
from tools.release.registry import signed_in

# what Terraform says of a state, or of an output in it, that the first deployment will make
_NOT_THERE_YET = ("Unable to find remote state", "Unsupported attribute")
# nobody is signed in, or not any more: no stack can be planned (the backend says it, or a provider)
_NO_SIGN_IN = re.compile(
    r"could not configure \w+ Authorizer|could not acquire access token|unable to build authorizer"
    r"|az login|AADSTS(?!65001)\d+",
    re.I,
)
RELEASE = "helm_release"
READS_SECRETS = frozenset({"azurerm_key_vault_secret", RELEASE})
"""Types whose refresh reads secrets: GetSecret of the vault, and Helm's Secrets in the cluster."""


class Refresh(StrEnum):
    """Of which resources Azure is asked what has become of them."""

    ALL = "all"
    READABLE = "readable"
    """All but those whose refresh reads secrets, for an identity that may not read any."""
    NONE = "none"
    """A change is seen, drift is not, and the right to read the states is enough."""


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """What a deployment would do to one stack."""

    stack: str
    changes: tuple[ResourceChange, ...] = ()
    outputs_change: bool = False
    losses: tuple[Loss, ...] = ()
    left_out: tuple[str, ...] = ()
    """Resources that were compared with the state only, because their refresh reads secrets."""
    waits_for: str = ""
    """The stack that must be deployed before this one can be planned at all."""
    problem: str = ""

    @property
    def empty(self) -> bool:
        """Whether the deployment would change nothing."""
        return not (self.changes or self.outputs_change or self.waits_for or self.problem)


def plan_stacks(
    stacks: Sequence[Stack],
    *,
    refresh: Refresh,
    acknowledgements: Collection[Acknowledgement],
    tell: Callable[[StackPlan], None],
    registry: str | None = None,
) -> Iterator[StackPlan]:
    """Yield a plan for each stack, in order of deployment.

    Args:
        stacks: what is planned.
        refresh: of which resources Azure is asked.
        acknowledgements: losses of data that somebody has agreed to.
        tell: called with each plan.
        registry: host of the private registry that charts come from, if they do.

    Raises:
        BadInputError: nobody is signed in to Azure, so none can be planned.
    """
    changing: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        environment = {**os.environ, "TF_INPUT": "0", "TF_IN_AUTOMATION": "1"}
        terraform = Terraform(binary=find_terraform(Path(folder)), environment=environment)
        for stack in stacks:
            earlier = [name for name in stack.dependencies if name in changing]
            found = _plan(terraform, stack, refresh, earlier, registry)
            lost = losses(stack.name, found.changes, acknowledgements, datetime.now(tz=UTC).date())
            found = replace(found, losses=tuple(lost))
            if not found.empty:
                changing.add(stack.name)
            tell(found)
            yield found


def _plan(
    terraform: Terraform,
    stack: Stack,
    refresh: Refresh,
    earlier: Sequence[str],
    registry: str | None,
) -> StackPlan:
    folder = stack.path.parent
    helm: AbstractContextManager[Mapping[str, str]] = nullcontext({})
    if registry and stack.resources(RELEASE):
        helm = signed_in(registry)
    try:
        with helm as variables:  # Helm reads a chart to plan its release
            own = replace(terraform, environment={**terraform.environment, **variables})
            own.init(folder)
            found = _found(own, stack, refresh)
    except ReleaseError as error:
        return StackPlan(stack=stack.name, problem=str(error))
    except TerraformError as error:
        if any(_NO_SIGN_IN.search(str(d)) for d in error.diagnostics):
            raise _not_signed_in(stack, error) from None
        missing = any(d.summary in _NOT_THERE_YET for d in error.diagnostics)
        if missing and earlier:
            return StackPlan(stack=stack.name, waits_for=earlier[-1])
        return StackPlan(stack=stack.name, problem=str(error))
    finally:
        (folder / PLAN).unlink(missing_ok=True)  # it holds values that nobody needs to keep
    changes = tuple(change for change in found.changes if not is_installed_patch(change))
    return replace(found, changes=changes)


def _not_signed_in(stack: Stack, error: TerraformError) -> BadInputError:
    tenants = [
        provider["tenant_id"]
        for provider in stack.document.get("provider", {}).get("azurerm", [])
        if "tenant_id" in provider
    ]
    return BadInputError(
        f"{stack.environment}: {error}",
        allowed="somebody whom az has signed in, or the variables of a pipeline (ARM_...)",
        fix=f"az login --tenant {tenants[0] if tenants else '<tenant id>'}",
    )


def _found(terraform: Terraform, stack: Stack, refresh: Refresh) -> StackPlan:
    """Plan once, or twice and put together.

    Terraform refreshes all resources or none. Resources that are left out are planned from the
    state; the others once more, refreshed, as the plan's targets. What refers to a resource that
    is left out is left out too: a target brings along what it refers to.
    """
    folder = stack.path.parent
    if refresh is Refresh.ALL:
        everything = terraform.plan(folder, "-lock=false")
        return StackPlan(
            stack=stack.name,
            changes=everything.changes,
            outputs_change=everything.outputs_change,
        )
    kept = terraform.plan(folder, "-lock=false", "-refresh=false")
    from_state = StackPlan(
        stack=stack.name, changes=kept.changes, outputs_change=kept.outputs_change
    )
    if refresh is Refresh.NONE:
        return from_state
    left_out = kept.dependents(READS_SECRETS)
    from_state = replace(from_state, left_out=tuple(sorted(left_out)))
    targets = [f"-target={address}" for address in kept.types if address not in left_out]
    if not targets:
        return from_state
    asked = terraform.plan(folder, "-lock=false", *targets)
    unseen = [change for change in kept.changes if change.resource in left_out]
    changes = sorted((*asked.changes, *unseen), key=lambda change: change.address)
    return replace(
        from_state,
        changes=tuple(changes),
        outputs_change=kept.outputs_change or asked.outputs_change,
    )
