"""A planner that may not read secrets sees all else, and the deployer checks what it left out."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import standin_providers
from terraform_runner.binary import find_terraform

from conventions.company import VARIABLE
from conventions.terraform_providers import AZURERM, HELM, RANDOM
from synthesis.sources import record
from tests import ROOT
from tests.fixtures import read_json
from tests.guard import python_path

GROUP, SECRET, RELEASE = (
    "azurerm_resource_group.group",
    "azurerm_key_vault_secret.key",
    "helm_release.airflow",
)
VAULT = {
    "name": "kvtest",
    "location": "westeurope",
    "resource_group_name": "${azurerm_resource_group.group.name}",
    "tenant_id": "22222222-2222-4222-8222-222222222222",
    "sku_name": "standard",
}
RESOURCES: dict[str, Any] = {
    "azurerm_resource_group": {"group": {"name": "rg-test", "location": "westeurope"}},
    "azurerm_key_vault": {"vault": VAULT},
    "azurerm_key_vault_secret": {
        "key": {
            "name": "key",
            "key_vault_id": "${azurerm_key_vault.vault.id}",
            "value_wo": "${ephemeral.random_password.key.result}",
            "value_wo_version": 1,
        }
    },
    "azurerm_user_assigned_identity": {
        "reader": {
            "name": "id-${azurerm_key_vault_secret.key.name}",
            "location": "westeurope",
            "resource_group_name": "rg-test",
        }
    },
    "helm_release": {"airflow": {"name": "airflow", "chart": "./chart"}},
}


class Environment:
    """One stack, deployed to a folder that plays Azure; a folder with Terraform's stand-ins."""

    def __init__(self, folder: Path, variables: dict[str, str]) -> None:
        self.folder = folder
        self.cloud = folder / "cloud"
        self._variables = {
            **os.environ,
            **variables,
            "PYTHONPATH": python_path(ROOT),
            VARIABLE: str(folder),
        }

    def write(self, **changed: Any) -> None:
        """Synthesize the stack, with other resources of some types."""
        resources = {kind: named for kind, named in (RESOURCES | changed).items() if named}
        used = (AZURERM, HELM, RANDOM)
        document = {
            "terraform": {
                "backend": {"local": {"path": str(self.folder / "state")}},
                "required_providers": {
                    p.name: {"source": p.source, "version": p.version} for p in used
                },
            },
            "provider": {
                "azurerm": [{"features": [{}], "subscription_id": VAULT["tenant_id"]}],
                "helm": [{}],
                "random": [{}],
            },
            "ephemeral": {"random_password": {"key": {"length": 20}}},
            "resource": resources,
        }
        self.stack.mkdir(parents=True, exist_ok=True)
        (self.stack / "cdk.tf.json").write_text(json.dumps(document))

    @property
    def stack(self) -> Path:
        return self.folder / "cdktf.out" / "stacks" / "data-dev"

    def deploy(self) -> None:
        terraform = find_terraform(self.folder)
        for command in (["init"], ["apply", "-auto-approve"]):
            done = subprocess.run(
                [terraform, *command, "-input=false", "-no-color"],
                cwd=self.stack,
                env=self._variables,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr

    def plan(self, *options: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "tools.plan", "--environment", "dev", *options],
            cwd=self.folder,
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )

    def file(self, address: str) -> Path:
        """The file that is a resource, in what plays Azure."""
        (found,) = (self.cloud / address.partition(".")[0]).glob("*.json")
        return found

    def forbid(self, *addresses: str) -> None:
        """Let reading a resource fail, as for an identity without the right."""
        for address in addresses:
            self.file(address).write_text("forbidden")

    def drift(self, address: str, **values: Any) -> None:
        """Change a resource behind Terraform's back."""
        file = self.file(address)
        file.write_text(json.dumps(read_json(file) | values))


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[Environment]:
    """A deployed environment."""
    (tmp_path / "environments").mkdir()
    planned = Environment(tmp_path, {})
    planned.write()
    manifest = tmp_path / "cdktf.out" / "manifest.json"
    entry = {"name": "data-dev", "synthesizedStackPath": "stacks/data-dev/cdk.tf.json"}
    manifest.write_text(json.dumps({"stacks": {"data-dev": entry}}))
    record(manifest.parent, {})
    chart = planned.stack / "chart"
    chart.mkdir()
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: airflow\nversion: 1.0.0\n")
    stacks = [planned.stack / "cdk.tf.json"]
    with standin_providers.in_process(stacks, planned.cloud) as variables:
        deployed = Environment(tmp_path, dict(variables))
        deployed.deploy()
        yield deployed


def test_drift_is_seen_though_secrets_and_releases_cannot_be_read(environment: Environment) -> None:
    environment.drift(GROUP, tags={"by": "hand"})
    environment.forbid(SECRET, RELEASE)

    done = environment.plan("--refresh", "readable", "--expect-none")

    assert done.returncode == 4, done.stdout + done.stderr
    assert f"- data-dev: update `{GROUP}`" in done.stdout
    assert environment.plan("--refresh", "all").returncode == 1  # which the rights do not reach


def test_the_report_says_what_was_left_out_and_what_refers_to_it(environment: Environment) -> None:
    done = environment.plan("--refresh", "readable", "--json", "plan.json")

    assert "### Compared with the state only\n\n" in done.stdout
    assert read_json(environment.folder / "plan.json")["left_out"] == [
        ["data-dev", SECRET],
        ["data-dev", "azurerm_user_assigned_identity.reader"],
        ["data-dev", RELEASE],
    ]


def test_a_change_of_what_was_left_out_is_planned(environment: Environment) -> None:
    environment.write(helm_release={"airflow": {"name": "other", "chart": "./chart"}})
    environment.forbid(SECRET, RELEASE)

    done = environment.plan("--refresh", "readable")

    assert f"- **replace** `{RELEASE}`" in done.stdout, done.stdout + done.stderr


def test_what_is_no_longer_in_the_stack_is_deleted(environment: Environment) -> None:
    environment.write(azurerm_key_vault_secret=None, azurerm_user_assigned_identity=None)

    done = environment.plan("--refresh", "readable")

    assert f"- **delete** `{SECRET}`" in done.stdout, done.stdout + done.stderr
    assert "- **delete** `azurerm_user_assigned_identity.reader`" in done.stdout


def test_a_release_that_is_gone_is_set_back_without_having_been_planned(
    environment: Environment,
) -> None:
    environment.file(RELEASE).unlink()
    environment.plan("--refresh", "readable", "--json", "reviewed.json")

    done = environment.plan("--reviewed", "reviewed.json")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Set back to what main says" in done.stdout
    assert f"- data-dev: create `{RELEASE}`" in done.stdout


def test_a_secret_that_is_gone_is_not_made_anew_unless_the_plan_showed_it(
    environment: Environment,
) -> None:
    environment.file(SECRET).unlink()
    environment.plan("--refresh", "readable", "--json", "reviewed.json")

    done = environment.plan("--reviewed", "reviewed.json")

    assert done.returncode == 4, done.stdout + done.stderr
    assert f"- data-dev: create `{SECRET}`" in done.stdout
    assert "az keyvault secret recover" in done.stdout
