"""A workspace in which the real Terraform runs a small stack against the stand-in providers."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from standin_providers import in_process, mirror

SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
_PROVIDERS = {
    "azurerm": ("4.81.0", {"features": [{}], "subscription_id": SUBSCRIPTION}),
    "azuread": ("3.7.0", {}),
    "helm": ("3.1.1", {}),
    "kubernetes": ("2.38.0", {}),
    "random": ("3.7.2", {}),
}


@dataclass
class Workspace:
    """A folder with one stack, the cloud that it is deployed to, and Terraform."""

    folder: Path
    terraform: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def stack(self) -> Path:
        return self.folder / "cdk.tf.json"

    @property
    def cloud(self) -> Path:
        return self.folder / "cloud"

    def write(self, *, providers: dict[str, Any] | None = None, **parts: Any) -> None:
        """Write the stack: `resource={type: {name: arguments}}`, `data=...`, `output=...`."""
        used = {
            type_.split("_")[0]
            for kind in ("resource", "data", "ephemeral")
            for type_ in parts.get(kind, {})
        }
        configured = {name: _PROVIDERS[name][1] for name in used} | (providers or {})
        required = {
            name: {"source": f"hashicorp/{name}", "version": _PROVIDERS[name][0]}
            for name in configured
        }
        stack = {
            "terraform": {"required_providers": required, "backend": {"local": {}}},
            "provider": {name: [block] for name, block in configured.items()},
            **parts,
        }
        self.stack.write_text(json.dumps(stack))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run Terraform and return what it said."""
        return subprocess.run(
            [self.terraform, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def apply(self) -> str:
        """Apply; the test fails where Terraform does."""
        done = self.run("apply", "-auto-approve", "-no-color")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def destroy(self) -> str:
        """Destroy; the test fails where Terraform does."""
        done = self.run("destroy", "-auto-approve", "-no-color")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def planned(self) -> dict[str, list[str]]:
        """Return the actions that Terraform plans, by address; without those that do nothing."""
        changes = {c["address"]: c["change"]["actions"] for c in self.shown()["resource_changes"]}
        return {address: actions for address, actions in changes.items() if actions != ["no-op"]}

    def forcing(self, address: str) -> list[list[str | int]]:
        """Return the paths that force the replacement of a resource."""
        changes = {c["address"]: c["change"] for c in self.shown()["resource_changes"]}
        paths: list[list[str | int]] = changes[address].get("replace_paths", [])
        return paths

    def shown(self) -> dict[str, Any]:
        """Return a new plan as Terraform tells it to machines."""
        done = self.run("plan", "-out=plan", "-no-color")
        assert done.returncode == 0, done.stderr
        plan: dict[str, Any] = json.loads(self.run("show", "-json", "plan").stdout)
        return {"resource_changes": [], **plan}

    def outputs(self) -> dict[str, Any]:
        """Return the outputs' values."""
        told = json.loads(self.run("output", "-json").stdout)
        return {name: output["value"] for name, output in told.items()}

    def invalid(self) -> list[str]:
        """Return what `terraform validate` says is wrong: summary and detail."""
        told = json.loads(self.run("validate", "-json").stdout)
        return [_text(d) for d in told["diagnostics"] if d["severity"] == "error"]

    def invalid_resources(self) -> dict[str, list[str]]:
        """Return the same by the name of the resource that it is about."""
        told = json.loads(self.run("validate", "-json").stdout)
        found: dict[str, list[str]] = {}
        for diagnostic in told["diagnostics"]:
            name = diagnostic["snippet"]["context"].split(".")[2]
            found.setdefault(name, []).append(_text(diagnostic))
        return found

    def refused(self, *command: str) -> str:
        """Return the errors of a command that must fail."""
        done = self.run(*command, "-json")
        assert done.returncode == 1, done.stdout
        told = [json.loads(line) for line in done.stdout.splitlines()]
        return "\n".join(_text(t["diagnostic"]) for t in told if t["@level"] == "error")

    def existing(self, type_: str) -> list[Path]:
        """Return the files of the type's resources in the cloud."""
        return sorted((self.cloud / type_).glob("*.json"))


def _text(diagnostic: dict[str, Any]) -> str:
    return f"{diagnostic['summary']}: {diagnostic.get('detail', '')}"


def new_workspace(folder: Path, terraform: Path) -> Workspace:
    """Return a workspace in which no setting of this machine counts."""
    return Workspace(
        folder, terraform, {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    )


@pytest.fixture
def workspace(tmp_path: Path, terraform: Path) -> Workspace:
    return new_workspace(tmp_path, terraform)


Deploy = Callable[..., Workspace]


@pytest.fixture
def stack(workspace: Workspace) -> Iterator[Deploy]:
    """Write a stack, attach the providers in process and initialize; call it with the parts."""
    with ExitStack() as providers:

        def attached(**parts: Any) -> Workspace:
            workspace.write(**parts)
            variables = providers.enter_context(in_process([workspace.stack], workspace.cloud))
            workspace.environment |= variables
            assert workspace.run("init", "-no-color").returncode == 0
            return workspace

        yield attached


@pytest.fixture
def mirrored(workspace: Workspace) -> Iterator[Deploy]:
    """The same as `stack` by a filesystem mirror."""
    with ExitStack() as providers:

        def attached(**parts: Any) -> Workspace:
            workspace.write(**parts)
            folder = workspace.folder / "mirror"
            variables = providers.enter_context(mirror([workspace.stack], workspace.cloud, folder))
            workspace.environment |= variables
            done = workspace.run("init", "-no-color")
            assert done.returncode == 0, done.stderr
            return workspace

        yield attached


GROUP = {"azurerm_resource_group": {"group": {"name": "rg-test", "location": "westeurope"}}}


@pytest.fixture
def network() -> dict[str, Any]:
    """The resources of a virtual network with one subnet."""
    place = {"resource_group_name": "${azurerm_resource_group.group.name}"}
    return {
        **GROUP,
        "azurerm_virtual_network": {
            "network": {
                "name": "vnet-test",
                "location": "westeurope",
                "address_space": ["10.0.0.0/16"],
                **place,
            }
        },
        "azurerm_subnet": {
            "subnet": {
                "name": "snet-test",
                "virtual_network_name": "${azurerm_virtual_network.network.name}",
                "address_prefixes": ["10.0.1.0/24"],
                **place,
            }
        },
    }


@pytest.fixture
def cluster() -> dict[str, Any]:
    """The arguments of a Kubernetes cluster that azurerm takes."""
    return {
        "name": "aks-test",
        "location": "westeurope",
        "resource_group_name": "${azurerm_resource_group.group.name}",
        "dns_prefix": "test",
        "oidc_issuer_enabled": True,
        "default_node_pool": {"name": "system", "vm_size": "Standard_D4ds_v5", "node_count": 3},
        "identity": {"type": "SystemAssigned"},
    }
