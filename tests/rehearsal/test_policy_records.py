"""A company's policy writes the records of private endpoints, after Terraform made them."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from environments.model import Environment
from synthesis.sources import record
from tests.synthesizing import synthesize_to
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse

# Azure Policy (DeployIfNotExists) does it minutes later; here it comes after the last endpoint.
POLICY = """
import json, pathlib, sys
for file in pathlib.Path(sys.argv[1]).glob("*.json"):
    endpoint = json.loads(file.read_text())
    zone = "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-dns/providers"
    zone += "/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net"
    group = {"name": "deployedByPolicy", "private_dns_zone_ids": [zone], "id": zone}
    endpoint["private_dns_zone_group"] = [group]
    file.write_text(json.dumps(endpoint))
    print(file.name)
"""


def deploy(values: dict[str, Any], folder: Path, *, left_alone: bool) -> RehearsalReport:
    """Rehearse dev with the policy; `left_alone` keeps `ignore_changes` of the records."""
    values["network"]["dns"] = {"policy_writes_records": True}
    synthesize_to(folder / "cdktf.out", Environment.model_validate(values))
    (folder / "policy.py").write_text(POLICY)
    cloud = folder / "kept/dev/cloud/azurerm_private_endpoint"
    file = folder / "cdktf.out" / "stacks" / "data-dev" / "cdk.tf.json"
    stack = json.loads(file.read_text())
    endpoints = stack["resource"]["azurerm_private_endpoint"]
    for endpoint in endpoints.values():
        if not left_alone:
            del endpoint["lifecycle"]
    command = f"{sys.executable} {folder / 'policy.py'} {cloud} > {folder / 'written'}"
    stack["resource"]["terraform_data"] = {
        "policy": {
            "provisioner": [{"local-exec": {"command": command}}],
            "depends_on": [f"azurerm_private_endpoint.{name}" for name in endpoints],
        }
    }
    file.write_text(json.dumps(stack))
    record(folder / "cdktf.out", {})
    asked = Request(project=folder, variables=dict(os.environ), keep=folder / "kept", stack="data")
    return rehearse(asked)


@pytest.mark.usefixtures("terraform")
def test_a_second_plan_leaves_the_records_of_the_policy_alone(
    dev_values: dict[str, Any], tmp_path: Path
) -> None:
    report = deploy(dev_values, tmp_path, left_alone=True)

    assert report.problems == []
    assert len((tmp_path / "written").read_text().splitlines()) >= 4  # of vaults and the lake


@pytest.mark.usefixtures("terraform")
def test_without_that_a_second_plan_would_take_them_away(
    dev_values: dict[str, Any], tmp_path: Path
) -> None:
    report = deploy(dev_values, tmp_path, left_alone=False)

    assert "the second plan is not empty" in str(report.problems)
