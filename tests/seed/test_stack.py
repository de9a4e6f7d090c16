"""What the seed makes, and what it lets the pipelines' identities do."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from azure_facts.directory import ROLES
from standin_providers.provider_schemas import ProviderSchemas
from syrupy.assertion import SnapshotAssertion

from conventions.deployer_roles import DEPLOYER_GIVES
from conventions.pipeline_identities import POOLS, pool_of
from environments.model import Environment
from synthesis.resources import EnvironmentStacks, Resource
from tests.fixtures import read_json
from tests.schema.provider_schema import Provider, faults
from tests.seed.company import seed
from tests.stacks.test_snapshots import YamlExtension, as_yaml, reviewed
from tests.synthesizing import synthesize_to
from tools.attack_paths import delivery, seeded

GROUP = "/subscriptions/77777777-7777-4777-8777-777777777777/resourceGroups/rg-airflow-seed-agents"


def given(here: EnvironmentStacks, identity: str) -> Iterator[Resource]:
    """Yield the roles of an identity."""
    for grant in here.resources("azurerm_role_assignment"):
        if any(who.name == identity for who in here.referred("seed", grant.get("principal_id"))):
            yield grant


@pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot:UserWarning")
def test_the_seed_is_as_reviewed(stack: Any, snapshot: SnapshotAssertion) -> None:
    assert as_yaml(reviewed(stack)) == snapshot(extension_class=YamlExtension, name="seed")


def test_providers_accept_every_block_and_argument(
    stack: Any, reference: Callable[[str], Path]
) -> None:
    providers = [
        Provider(
            name,
            json.loads(reference(f"{name}-{version}-schema.json").read_text()),
            json.loads(reference(f"{name}-{version}-rules.json").read_text()),
        )
        for name, version in (("azurerm", "4.81.0"), ("azuread", "3.7.0"))
    ]
    # a partial copy of the schema has no type that the bindings lack
    pool = "azurerm_managed_devops_pool"
    known = providers[0].schema["resource_schemas"]
    known.setdefault(pool, {"block": ProviderSchemas("azurerm").block("resource", pool).to_json()})

    assert faults(stack, providers) == []


def roles_of(folder: Path) -> set[str]:
    """Return the names of the built-in roles that the stacks of a folder give."""
    return {
        grant["role_definition_name"]
        for file in folder.glob("stacks/*/cdk.tf.json")
        for grant in read_json(file).get("resource", {}).get("azurerm_role_assignment", {}).values()
    }


def test_a_deployer_may_give_the_roles_that_the_stacks_give_and_no_other(
    synthesized: Path, dev_values: dict[str, Any], tmp_path: Path
) -> None:
    dev_values["kubernetes"]["etcd_key"] = True  # off by default
    synthesize_to(tmp_path, Environment.model_validate(dev_values))

    roles = roles_of(synthesized) | roles_of(tmp_path)

    assert dict(DEPLOYER_GIVES) == {name: ROLES[name] for name in roles}


def test_a_deployer_gives_and_takes_away_the_same_roles_and_never_its_own(
    here: EnvironmentStacks,
) -> None:
    (giver,) = [
        grant
        for grant in given(here, "deploy_dev_identity")
        if grant.get("role_definition_name") == "Role Based Access Control Administrator"
    ]

    condition = str(giver.get("condition"))
    assert giver.get("condition_version") == "2.0"
    assert condition.count(ROLES["AcrPull"]) == 2
    assert "roleAssignments/write'})) OR (@Request[" in condition
    assert "roleAssignments/delete'})) OR (@Resource[" in condition
    assert "f58310d9-a9f6-439a-9e8d-f62e7b41a168" not in condition  # the giver's own role


def test_the_rights_are_those_that_trust_and_attack_paths_tell(here: EnvironmentStacks) -> None:
    told = {(g.who, g.role, g.on) for g in delivery.hand_given(own_application=True)}

    of_seed = {(g.who, g.role, g.on) for g in seeded.grants(here, "dev")}

    own = {role for _, role, on in of_seed - told}
    assert told <= of_seed
    assert own == {
        "Airflow review (dev)",
        "Joins the network of agents (airflow-seed)",
        "Uses shared private zones (airflow-seed)",
    }


def test_what_is_granted_on_the_seed_writes_neither_subnets_nor_records(
    here: EnvironmentStacks,
) -> None:
    small = here.resources("azurerm_role_definition")

    actions = {action for role in small for action in role.all("permissions.actions")}
    writes = {action for action in actions if action.endswith(("/write", "/delete", "/action"))}
    assert writes == {
        "Microsoft.Network/virtualNetworks/join/action",
        "Microsoft.Network/virtualNetworks/peer/action",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/write",
        "Microsoft.Network/virtualNetworks/virtualNetworkPeerings/delete",
        "Microsoft.Network/privateDnsZones/join/action",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/write",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks/delete",
    }


@pytest.mark.parametrize("kind", ["plan", "review"])
def test_planner_and_reviewer_get_no_role_that_writes(here: EnvironmentStacks, kind: str) -> None:
    built_in = {g.get("role_definition_name") for g in given(here, f"{kind}_dev_identity")}

    assert built_in - {None} <= {
        "Reader",
        "Key Vault Reader",
        "Azure Kubernetes Service Cluster User Role",
        "Storage Blob Data Reader",
    }


def test_no_environment_reaches_the_states_of_another(here: EnvironmentStacks) -> None:
    containers = {
        resource.name
        for kind in ("deploy", "plan", "review")
        for grant in given(here, f"{kind}_dev_identity")
        for resource in here.referred("seed", grant.get("scope"))
        if resource.type == "azurerm_storage_container"
    }

    assert {name.split("_container")[0] for name in containers} == {"states_dev"}


def test_each_pool_is_single_use_and_has_a_subnet_of_its_own(here: EnvironmentStacks) -> None:
    pools = here.resources("azurerm_managed_devops_pool")

    subnets = {str(pool.get("virtual_machine_scale_set_fabric.subnet_id")) for pool in pools}
    assert {pool.get("name") for pool in pools} == set(map(pool_of, POOLS))
    assert all("stateless_agent" in pool.arguments for pool in pools)
    assert len(subnets) == len(POOLS)


def test_only_agents_that_deploy_reach_more_than_private_endpoints(here: EnvironmentStacks) -> None:
    closed = {
        group.get("name")
        for group in here.resources("azurerm_network_security_group")
        for rule in group.all("security_rule")
        if rule["name"] == "deny-other-machines" and rule["direction"] == "Outbound"
    }

    assert closed == {f"nsg-airflow-seed-agents-{pool}" for pool in ("untrusted", "plan", "build")}


def test_githubs_subjects_are_known_before_and_azure_devops_come_with_the_form(
    here: EnvironmentStacks,
) -> None:
    subjects = {
        str(credential.get("subject")): next(
            here.referred("seed", credential.get("user_assigned_identity_id"))
        ).name
        for credential in here.resources("azurerm_federated_identity_credential")
    }

    github = {s: who for s, who in subjects.items() if s.startswith("repo:")}
    assert len(github) == 9
    assert github["repo:contoso/airflow-platform:environment:airflow-dev-plan"] == (
        "plan_dev_identity"
    )
    assert [who for s, who in subjects.items() if s not in github] == ["deploy_dev_identity"]


def test_the_ids_that_environment_files_name_are_those_of_what_is_made(
    here: EnvironmentStacks,
) -> None:
    (group,) = [g for g in here.resources("azurerm_resource_group") if "agents" in g.name]
    (network,) = here.resources("azurerm_virtual_network")
    zones = {str(zone.get("name")) for zone in here.resources("azurerm_private_dns_zone")}

    own = f"{GROUP}/providers/Microsoft.Network"
    assert group.get("name") == GROUP.rsplit("/", 1)[1]
    assert seed().network_id == f"{own}/virtualNetworks/{network.get('name')}"
    assert set(seed().zone_ids.values()) == {f"{own}/privateDnsZones/{zone}" for zone in zones}


def test_the_account_of_the_states_keeps_versions_and_takes_no_key(here: EnvironmentStacks) -> None:
    (account,) = [a for a in here.resources("azurerm_storage_account") if a.name == "states"]

    assert account.get("shared_access_key_enabled") is False
    assert account.get("blob_properties.versioning_enabled") is True
    assert account.get("blob_properties.delete_retention_policy.days") == 30
    assert account.get("lifecycle.prevent_destroy") is True


def test_an_environment_peers_in_both_directions_and_links_the_shared_zones(seeded: Path) -> None:
    network = read_json(seeded / "stacks/network-dev/cdk.tf.json")["resource"]

    there, back = (
        network["azurerm_virtual_network_peering"][name]
        for name in ("agents_peering", "agents_peering_back")
    )
    links = network["azurerm_private_dns_zone_virtual_network_link"]
    assert there["remote_virtual_network_id"] == seed().network_id
    assert (back["resource_group_name"], back["virtual_network_name"]) == (
        "rg-airflow-seed-agents",
        "vnet-airflow-seed",
    )
    assert back["provider"] == "azurerm.subscription_77777777"
    assert {
        links[f"{role}_given_dns_link"]["private_dns_zone_name"] for role in seed().zone_ids
    } == {zone.rsplit("/", 1)[1] for zone in seed().zone_ids.values()}


def test_a_seeded_environment_keeps_its_states_in_the_seed_s_subscription(seeded: Path) -> None:
    backend = read_json(seeded / "stacks/data-dev/cdk.tf.json")["terraform"]["backend"]["azurerm"]

    assert backend["subscription_id"] == seed().subscription_id
    assert backend["storage_account_name"] == seed().state.storage_account_name
