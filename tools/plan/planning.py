"""Plans each stack of an environment on its real state, without touching or locking it."""

import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from terraform_runner.binary import find_terraform
from terraform_runner.diagnostics import TerraformError
from terraform_runner.plan import Plan, ResourceChange
from terraform_runner.terraform import PLAN, Terraform

from synthesis.reader import Stack
from tools.plan.patches import is_installed_patch
from tools.rehearsal.data_loss import Acknowledgement, Loss, losses

# what Terraform says of a state, or of an output in it, that the first deployment will make
_NOT_THERE_YET = ("Unable to find remote state", "Unsupported attribute")


@dataclass(frozen=True, kw_only=True)
class StackPlan:
    """What a deployment would do to one stack."""

    stack: str
    changes: tuple[ResourceChange, ...] = ()
    outputs_change: bool = False
    losses: tuple[Loss, ...] = ()
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
    refresh: bool,
    acknowledgements: Collection[Acknowledgement],
    tell: Callable[[StackPlan], None],
) -> Iterator[StackPlan]:
    """Yield a plan for each stack, in order of deployment.

    Without `refresh` Azure is not asked what has become of the resources: a change is seen, drift
    is not, and the right to read the states is enough.
    """
    options = ["-lock=false", *([] if refresh else ["-refresh=false"])]
    changing: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="plan-") as folder:
        environment = {**os.environ, "TF_INPUT": "0", "TF_IN_AUTOMATION": "1"}
        terraform = Terraform(binary=find_terraform(Path(folder)), environment=environment)
        for stack in stacks:
            earlier = [name for name in stack.dependencies if name in changing]
            found = _plan(terraform, stack, options, earlier)
            lost = losses(stack.name, found.changes, acknowledgements, datetime.now(tz=UTC).date())
            found = replace(found, losses=tuple(lost))
            if not found.empty:
                changing.add(stack.name)
            tell(found)
            yield found


def _plan(
    terraform: Terraform, stack: Stack, options: Sequence[str], earlier: Sequence[str]
) -> StackPlan:
    folder = stack.path.parent
    try:
        terraform.init(folder)
        plan: Plan = terraform.plan(folder, *options)
    except TerraformError as error:
        missing = any(d.summary in _NOT_THERE_YET for d in error.diagnostics)
        if missing and earlier:
            return StackPlan(stack=stack.name, waits_for=earlier[-1])
        return StackPlan(stack=stack.name, problem=str(error))
    finally:
        (folder / PLAN).unlink(missing_ok=True)  # it holds values that nobody needs to keep
    changes = tuple(change for change in plan.changes if not is_installed_patch(change))
    return StackPlan(stack=stack.name, changes=changes, outputs_change=plan.outputs_change)
