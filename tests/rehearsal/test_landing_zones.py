"""Two environments that share one network of agents, in what other teams have made."""

import os
from pathlib import Path
from typing import Any

import pytest

from environments.across import Read, faults_across
from environments.model import Environment
from main import build
from synthesis.output import write
from synthesis.sources import record
from tests.environment_files import DEV, tables
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse

SUBSCRIPTION = "/subscriptions/11111111-1111-4111-8111-111111111111"
NETWORKS = f"{SUBSCRIPTION}/resourceGroups/rg-net/providers/Microsoft.Network"
ZONES = f"{NETWORKS}/privateDnsZones"
REGISTRIES = f"{SUBSCRIPTION}/resourceGroups/rg-images/providers/Microsoft.ContainerRegistry"
KEYS = f"{SUBSCRIPTION}/resourceGroups/rg-keys/providers/Microsoft.KeyVault"
LOGS = f"{SUBSCRIPTION}/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights"
WORKSPACE = {
    "id": f"{LOGS}/workspaces/log-company",
    "customer_id": "12345678-1234-4234-8234-123456789013",
}
AGENTS = f"{NETWORKS}/virtualNetworks/vnet-agents"


def company(name: str) -> Environment:
    """Return an environment with subnets of its own, and the rest of other teams."""
    vnet = f"{NETWORKS}/virtualNetworks/vnet-{name}"
    values: dict[str, Any] = tables(DEV)
    values["name"] = name
    values["ingress"]["host"] = f"airflow-{name}.dev.example.com"
    values["state"]["container_name"] = f"tfstate-{name}"
    values["registry"] = {"given_id": f"{REGISTRIES}/registries/crcompany"}
    values["single_sign_on"] = {"application_id": "12345678-1234-4234-8234-123456789012"}
    values["key_vault"] = {"given_id": f"{KEYS}/vaults/kv-company-{name}"}
    values["monitoring"].pop("log_retention_days", None)
    values["monitoring"]["given_workspace"] = WORKSPACE
    octet = {"dev": 40, "test": 41}[name]
    values["network"] = {
        key: value.replace("10.40.", f"10.{octet}.") if isinstance(value, str) else value
        for key, value in values["network"].items()
    }
    values["network"] |= {
        "linked_networks": [{"id": AGENTS, "name": "agents"}],
        "dns": {
            "blob": f"{ZONES}/privatelink.blob.core.windows.net",
            "dfs": f"{ZONES}/privatelink.dfs.core.windows.net",
            "key_vault": f"{ZONES}/privatelink.vaultcore.azure.net",
        },
        "given": {
            "virtual_network_id": vnet,
            "aks_nodes_subnet_id": f"{vnet}/subnets/nodes",
            "aks_api_server_subnet_id": f"{vnet}/subnets/api",
            "postgres_subnet_id": f"{vnet}/subnets/postgres",
            "private_endpoints_subnet_id": f"{vnet}/subnets/endpoints",
            "nat_gateway_id": f"{NETWORKS}/natGateways/ng-{name}",
        },
    }
    return Environment.model_validate(values)


@pytest.fixture(scope="module")
def report(terraform: object, tmp_path_factory: pytest.TempPathFactory) -> RehearsalReport:
    """What Terraform says of one of them: each environment is rehearsed in a cloud of its own."""
    project = tmp_path_factory.mktemp("project")
    write(build, [company("dev")], project / "cdktf.out")
    record(project / "cdktf.out", {})
    return rehearse(Request(project=project, variables=dict(os.environ)))


def test_it_is_deployed_is_stable_and_leaves_nothing(report: RehearsalReport) -> None:
    destroyed = {step.stack for step in report.steps if step.command == "destroy"}

    assert report.problems == []
    assert {"airflow-dev", "network-dev"} <= destroyed


def test_two_of_them_may_share_the_network_of_agents() -> None:
    both = [Read(Path(f"{name}.toml"), company(name)) for name in ("dev", "test")]

    assert list(faults_across(both)) == []
