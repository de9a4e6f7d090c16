"""Everything that one environment's rehearsal plays in."""

from dataclasses import dataclass

from tools.rehearsal.journal import Journal
from tools.rehearsal.providers import Providers
from tools.rehearsal.states import States
from tools.rehearsal.terraform import Terraform
from tools.rehearsal.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A folder, the Terraform that works in it, and what Terraform finds around it."""

    workspace: Workspace
    terraform: Terraform
    providers: Providers
    states: States
    journal: Journal
