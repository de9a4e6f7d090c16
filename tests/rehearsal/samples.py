"""Small stacks as cdktf synthesizes them: azurerm backends, linked by remote state."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from synthesis.sources import record

Document = dict[str, Any]

GROUP = {"name": "rg-sample", "location": "westeurope"}
IN_GROUP = {"resource_group_name": "${azurerm_resource_group.group.name}", "location": "westeurope"}


def state_of(stack: str, environment: str = "dev") -> Document:
    """The azurerm backend of a stack, as production has it."""
    return {
        "resource_group_name": "rg-state",
        "storage_account_name": "stsamplestate",
        "container_name": f"tfstate-{environment}",
        "key": f"sample/{environment}/{stack}.tfstate",
        "subscription_id": "11111111-1111-4111-8111-111111111111",
        "tenant_id": "22222222-2222-4222-8222-222222222222",
        "use_azuread_auth": True,
    }


def document(
    stack: str,
    resources: Document,
    *,
    outputs: Mapping[str, str] | None = None,
    reads: Sequence[str] = (),
    environment: str = "dev",
) -> Document:
    """A stack's `cdk.tf.json`."""
    features = {"subscription_id": "11111111-1111-4111-8111-111111111111", "features": [{}]}
    azure = any(kind.startswith("azurerm_") for kind in resources)
    terraform: Document = {"backend": {"azurerm": state_of(stack, environment)}}
    metadata = {"backend": "azurerm", "stackName": f"{stack}-{environment}", "version": "0.21.0"}
    content: Document = {
        "//": {"metadata": metadata, "outputs": {}},
        "terraform": terraform,
        "resource": {kind: named for kind, named in resources.items() if named},
    }
    if azure:
        provider = {"source": "hashicorp/azurerm", "version": "4.81.0"}
        terraform["required_providers"] = {"azurerm": provider}
        content["provider"] = {"azurerm": [features]}
    if reads:
        states = {
            f"{read}_state": {"backend": "azurerm", "config": state_of(read, environment)}
            for read in reads
        }
        content["data"] = {"terraform_remote_state": states}
    if outputs:
        content["output"] = {name: {"value": value} for name, value in outputs.items()}
    return content


def network(name: str = "vnet-sample", **more: Any) -> Document:
    """A virtual network with a subnet, and their outputs."""
    return document(
        "network",
        {
            "azurerm_resource_group": {"group": GROUP},
            "azurerm_virtual_network": {
                "vnet": {**IN_GROUP, "name": name, "address_space": ["10.0.0.0/16"], **more}
            },
            "azurerm_subnet": {
                "pods": {
                    "name": "snet-pods",
                    "resource_group_name": "${azurerm_resource_group.group.name}",
                    "virtual_network_name": "${azurerm_virtual_network.vnet.name}",
                    "address_prefixes": ["10.0.1.0/24"],
                }
            },
        },
        outputs={"subnet_id": "${azurerm_subnet.pods.id}"},
    )


def lake(*containers: str, account: Document | None = None) -> Document:
    """A storage account with containers."""
    return document(
        "data",
        {
            "azurerm_resource_group": {"group": {**GROUP, "name": "rg-sample-data"}},
            "azurerm_storage_account": {
                "lake": {
                    **IN_GROUP,
                    "name": "stsamplelake",
                    "account_tier": "Standard",
                    "account_replication_type": "ZRS",
                    **(account or {}),
                }
            },
            "azurerm_storage_container": {
                name: {
                    "name": name,
                    "storage_account_id": "${azurerm_storage_account.lake.id}",
                }
                for name in containers
            },
        },
        outputs={"account_name": "${azurerm_storage_account.lake.name}"},
    )


def data(*containers: str) -> Document:
    """The same with an interface in the network's subnet."""
    linked = lake(*containers)
    linked["data"] = {
        "terraform_remote_state": {
            "network_state": {"backend": "azurerm", "config": state_of("network")}
        }
    }
    linked["resource"]["azurerm_network_interface"] = {
        "probe": {
            **IN_GROUP,
            "name": "nic-probe",
            "ip_configuration": [
                {
                    "name": "internal",
                    "subnet_id": "${data.terraform_remote_state.network_state.outputs.subnet_id}",
                    "private_ip_address_allocation": "Dynamic",
                }
            ],
        }
    }
    return linked


def databases(subnet: str = "one") -> Document:
    """A PostgreSQL server in one of two subnets that are delegated to it."""
    group = {"resource_group_name": IN_GROUP["resource_group_name"]}
    vnet = {**group, "virtual_network_name": "${azurerm_virtual_network.vnet.name}"}
    service = {"name": "Microsoft.DBforPostgreSQL/flexibleServers"}
    delegation = [{"name": "postgres", "service_delegation": [service]}]
    zone = "sample.postgres.database.azure.com"
    link = {
        "name": "own",
        "private_dns_zone_name": "${azurerm_private_dns_zone.zone.name}",
        "virtual_network_id": "${azurerm_virtual_network.vnet.id}",
    }
    server = {
        **IN_GROUP,
        "name": "psql-sample",
        "sku_name": "B_Standard_B1ms",
        "version": "17",
        "delegated_subnet_id": f"${{azurerm_subnet.{subnet}.id}}",
        "private_dns_zone_id": "${azurerm_private_dns_zone.zone.id}",
        "public_network_access_enabled": False,
        "depends_on": ["azurerm_private_dns_zone_virtual_network_link.link"],
    }
    return document(
        "network",
        {
            "azurerm_resource_group": {"group": GROUP},
            "azurerm_virtual_network": {
                "vnet": {**IN_GROUP, "name": "vnet-sample", "address_space": ["10.0.0.0/16"]}
            },
            "azurerm_subnet": {
                name: {
                    **vnet,
                    "name": f"snet-{name}",
                    "address_prefixes": [f"10.0.{number}.0/28"],
                    "delegation": delegation,
                }
                for number, name in enumerate(("one", "two"))
            },
            "azurerm_private_dns_zone": {"zone": {**group, "name": zone}},
            "azurerm_private_dns_zone_virtual_network_link": {"link": {**group, **link}},
            "azurerm_postgresql_flexible_server": {"server": server},
        },
    )


def write(
    project: Path, stacks: Mapping[str, Document], needs: Mapping[str, Sequence[str]] | None = None
) -> Path:
    """Write `cdktf.out` into a project; `needs` are the declared dependencies."""
    out = project / "cdktf.out"
    entries = {}
    for name, content in stacks.items():
        folder = out / "stacks" / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cdk.tf.json").write_text(json.dumps(content))
        entries[name] = {
            "name": name,
            "synthesizedStackPath": f"stacks/{name}/cdk.tf.json",
            "dependencies": list((needs or {}).get(name, ())),
        }
    (out / "manifest.json").write_text(json.dumps({"version": "0.21.0", "stacks": entries}))
    record(out, {})  # they were written down, from no file
    return project
