"""Every block of every synthesized stack is one that its provider accepts."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments.model import Environment
from tests.fixtures import read_json
from tests.schema.provider_schema import Provider, faults, unchecked
from tests.synthesizing import synthesize_to

# Providers whose schemas are not among the reference data, and Terraform's own type
WITHOUT_SCHEMA = {"helm", "random", "terraform"}


@pytest.fixture(scope="session")
def providers(reference: Callable[[str], Path]) -> list[Provider]:
    return [
        Provider(
            name,
            json.loads(reference(f"{name}-{version}-schema.json").read_text()),
            json.loads(reference(f"{name}-{version}-rules.json").read_text()),
        )
        for name, version in (("azurerm", "4.81.0"), ("azuread", "3.7.0"))
    ]


def test_providers_accept_every_block_and_argument(
    stacks: dict[str, Any], providers: list[Provider]
) -> None:
    refused = {name: faults(stack, providers) for name, stack in stacks.items()}

    assert refused == {name: [] for name in stacks}


def test_no_azure_block_escapes_its_schema(
    stacks: dict[str, Any], providers: list[Provider]
) -> None:
    types = {name for stack in stacks.values() for name in unchecked(stack, providers)}

    assert {name.split("_")[0] for name in types} == WITHOUT_SCHEMA


# Each shows options that neither dev nor prod takes, by table of the environment file
VARIANTS: dict[str, dict[str, Any]] = {
    "firewall and hub": {
        "network": {
            "egress": "firewall",
            "firewall_private_ip": "10.0.1.4",
            "hub": {
                "virtual_network_id": f"/subscriptions/{'1' * 8}-1111-4111-8111-{'1' * 12}"
                "/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/vnet-hub",
                "use_remote_gateways": True,
            },
        },
        "monitoring": {"grafana": True},
    },
    "region without zones": {
        "location": "westus",
        "storage": {"replication": "RAGRS"},
        "postgres": {"sku_name": "GP_Standard_D2ads_v5", "high_availability": "SameZone"},
        "registry": {"geo_replications": ["westus3", "eastus"]},
        "monitoring": {"grafana": True},
    },
    "keys of our own": {
        "protect_data": True,
        "storage": {"customer_managed_key": True, "replication": "RAGZRS"},
        "postgres": {
            "sku_name": "MO_Standard_E20ds_v5",
            "storage_gib": 32767,
            "high_availability": "ZoneRedundant",
            "customer_managed_key": True,
            "pgbouncer": True,
        },
        "key_vault": {"expire_on": None},
    },
    "Celery, Git and Defender": {
        "airflow": {
            "executors": ["CeleryExecutor"],
            "scratch_volume": True,
            "dags": "git",
            "git": {"repository": "https://git.example.com/dags"},
        },
        "ingress": {
            "internal": False,
            "certificate": "key_vault",
            "key_vault_certificate": "airflow-tls",
        },
        "monitoring": {"defender": True, "alert_phone": "+49 30 5550100"},
        "kubernetes": {"upgrade_channel": "node-image"},
    },
    "long-term support": {
        "kubernetes": {
            "sku_tier": "Premium",
            "node_os_upgrade_channel": "SecurityPatch",
            "upgrade_channel": "rapid",
            "backup_retention_days": 360,
        },
        "postgres": {"geo_redundant_backup": True},
    },
}


@pytest.mark.parametrize("name", VARIANTS)
def test_providers_accept_what_an_environment_can_choose(
    dev_values: dict[str, Any], providers: list[Provider], tmp_path: Path, name: str
) -> None:
    for table, change in VARIANTS[name].items():
        both = isinstance(change, dict)
        dev_values[table] = {**dev_values[table], **change} if both else change
    kubernetes = dev_values["kubernetes"]
    if dev_values["location"] == "westus":
        for pool in (kubernetes["system_pool"], *kubernetes["node_pools"].values()):
            pool["zones"] = []

    synthesize_to(tmp_path, Environment.model_validate(dev_values))

    files = list(tmp_path.glob("stacks/*/cdk.tf.json"))
    assert len(files) == 5
    assert [fault for file in files for fault in faults(read_json(file), providers)] == []
