"""What Terraform makes of an environment with the stand-in providers: all resources' values."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terraform_runner.errors import RunError

from synthesis.reader import Synthesis
from tools.rehearsal.journal import Journal, Step
from tools.rehearsal.lifecycle import Lifecycle
from tools.rehearsal.request import Request
from tools.rehearsal.run_context import open_run_context

Resource = Mapping[str, Any]


@dataclass(frozen=True)
class Deployment:
    """The resources of an environment's states, by type."""

    resources: Mapping[str, list[Resource]]

    def of_type(self, kind: str) -> list[Resource]:
        """Return the resources of a type."""
        return list(self.resources.get(kind, []))

    def one(self, kind: str) -> Resource:
        """Return the only resource of a type."""
        [found] = self.of_type(kind)
        return found

    def with_issuer(self, issuer: str) -> "Deployment":
        """Return what Terraform makes if this is the issuer of AKS; AKS chooses its own."""
        said = self.one("azurerm_kubernetes_cluster")["oidc_issuer_url"]
        text = json.dumps(self.resources).replace(json.dumps(said), json.dumps(issuer))
        return Deployment(json.loads(text))

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        file.write_text(json.dumps(self.resources))

    @classmethod
    def load(cls, file: Path) -> "Deployment":
        """Read what `save` wrote."""
        return cls(json.loads(file.read_text()))


def deploy(
    project: Path,
    environment: str | None,
    variables: Mapping[str, str],
    listener: Callable[[Step], None],
) -> Deployment:
    """Apply the environment's stacks as the rehearsal does, and return what is in the states.

    Raises:
        RunError: Terraform refused, or a stack's output is not there.
        FaultError: the stacks are not what the project synthesizes now.
    """
    request = Request(project=project, variables=variables, environment=environment)
    synthesis = Synthesis.load(request.output, project)
    name = environment or synthesis.environments[0]
    stacks = synthesis.select(name, None).stacks
    journal = Journal(listener)
    with open_run_context(request, name, stacks, journal) as context:
        Lifecycle(context).deploy(stacks)
        if journal.problems:
            raise RunError("\n".join(map(str, journal.problems)))
        found: dict[str, list[Resource]] = {}
        for state in (context.workspace.folder / "states").rglob("*"):
            if state.is_file() and not state.name.endswith(".backup"):
                for kind, attributes in _managed(json.loads(state.read_text())):
                    found.setdefault(kind, []).append(attributes)
    return Deployment(found)


def _managed(state: dict[str, Any]) -> Iterator[tuple[str, Resource]]:
    for resource in state["resources"]:
        if resource["mode"] == "managed":
            for instance in resource["instances"]:
                yield resource["type"], instance["attributes"]
