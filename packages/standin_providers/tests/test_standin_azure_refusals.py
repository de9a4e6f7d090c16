"""What only Azure refuses: each rule beside what it lets pass."""

import re
from pathlib import Path
from typing import Any

import pytest

from packages.standin_providers.tests.azure import GROUP_ID, Azure, RefusedError
from packages.standin_providers.tests.conftest import Deploy

GROUP = "azurerm_resource_group"
SUBNET = "azurerm_subnet"
NETWORK = "azurerm_virtual_network"
ENDPOINT = "azurerm_private_endpoint"
ZONE = "azurerm_private_dns_zone"
LINK = "azurerm_private_dns_zone_virtual_network_link"
SERVER = "azurerm_postgresql_flexible_server"
VAULT = "azurerm_key_vault"
IDENTITY = "azurerm_user_assigned_identity"
LOCK = "azurerm_management_lock"
ROLE = "azurerm_role_assignment"
CREDENTIAL = "azurerm_federated_identity_credential"
CLUSTER = "azurerm_kubernetes_cluster"

IN_GROUP = {"resource_group_name": "rg-test"}
PLACE = {**IN_GROUP, "location": "westeurope"}
PERSON = "33333333-3333-4333-8333-333333333333"
DELEGATION = [
    {
        "name": "postgres",
        "service_delegation": [{"name": "Microsoft.DBforPostgreSQL/flexibleServers"}],
    }
]
PROTECTED = {
    "name": "kv-test",
    "sku_name": "standard",
    "tenant_id": "22222222-2222-4222-8222-222222222222",
    "purge_protection_enabled": True,
}


@pytest.fixture
def azure(tmp_path: Path) -> Azure:
    """A subscription with one resource group and a virtual network in it."""
    azure = Azure(tmp_path)
    azure.create(GROUP, name="rg-test", location="westeurope")
    azure.create(NETWORK, **PLACE, name="vnet-test", address_space=["10.0.0.0/16"])
    return azure


def subnet(azure: Azure, name: str = "snet-test", prefix: str = "10.0.1.0/24", **more: Any) -> Any:
    place = {**IN_GROUP, "virtual_network_name": "vnet-test"}
    return azure.create(SUBNET, **(place | more), name=name, address_prefixes=[prefix])


def endpoint(azure: Azure, subnet_id: str) -> Any:
    return azure.create(ENDPOINT, **PLACE, name="pep-test", subnet_id=subnet_id)


def says(text: str) -> Any:
    return pytest.raises(RefusedError, match=re.escape(text))


def test_a_subnet_in_which_something_stands_is_not_deleted(azure: Azure) -> None:
    own = subnet(azure)
    standing = endpoint(azure, own["id"])

    with says(f"InUseSubnetCannotBeDeleted: Subnet snet-test is in use by {standing['id']}"):
        azure.delete(SUBNET, own)


def test_an_empty_subnet_is_deleted(azure: Azure) -> None:
    own = subnet(azure)
    azure.delete(ENDPOINT, endpoint(azure, own["id"]))

    azure.delete(SUBNET, own)

    assert azure.cloud.all(SUBNET) == []


def test_an_endpoint_needs_its_subnet(azure: Azure) -> None:
    missing = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/vnet-test/subnets/snet-no"

    with says(f"InvalidResourceReference: Resource {missing} referenced by resource"):
        endpoint(azure, missing)


def test_a_subnet_of_a_group_outside_of_the_stacks_is_assumed(azure: Azure) -> None:
    outside = GROUP_ID.replace("rg-test", "rg-hub")

    assert endpoint(azure, f"{outside}/providers/Microsoft.Network/virtualNetworks/v/subnets/s")


def test_subnets_do_not_overlap(azure: Azure) -> None:
    subnet(azure)

    with says("NetcfgSubnetRangesOverlap: Subnet 'snet-other' is not valid"):
        subnet(azure, "snet-other", "10.0.1.128/25")


def test_a_subnet_may_change_its_own_range(azure: Azure) -> None:
    own = subnet(azure)

    assert azure.update(SUBNET, own, address_prefixes=["10.0.1.0/25"])


def test_a_subnet_lies_in_its_network(azure: Azure) -> None:
    with says("NetcfgSubnetRangeOutsideVnet: Subnet 'snet-test' is not valid"):
        subnet(azure, prefix="10.1.0.0/24")


def link(azure: Azure, group: str, network: str) -> Any:
    """Link a network with a zone that each group has."""
    azure.create(GROUP, name=group, location="westeurope")
    azure.create(ZONE, resource_group_name=group, name="z.example.com")
    return azure.create(
        LINK,
        resource_group_name=group,
        name="agents",
        private_dns_zone_name="z.example.com",
        virtual_network_id=f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/{network}",
    )


def test_a_network_is_linked_with_one_zone_of_a_name(azure: Azure) -> None:
    link(azure, "rg-dev", "vnet-ci")

    with says("linked to multiple zones with overlapping namespaces"):
        link(azure, "rg-prod", "VNET-CI")


def test_two_networks_are_linked_with_zones_of_one_name(azure: Azure) -> None:
    link(azure, "rg-dev", "vnet-a")

    link(azure, "rg-prod", "vnet-b")

    assert len(azure.cloud.all(LINK)) == 2


def test_a_child_needs_its_parent(azure: Azure) -> None:
    with says("ParentResourceNotFound: Failed to perform 'write' on resource(s)"):
        subnet(azure, virtual_network_name="vnet-misspelt")


def database(azure: Azure, *, zone: str = "a.postgres.database.azure.com", **more: Any) -> Any:
    """A server with the given zone, which is linked unless `linked=False`."""
    delegated = subnet(azure, delegation=more.pop("delegation", DELEGATION))
    zone_id = azure.create(ZONE, **IN_GROUP, name=zone)["id"]
    if more.pop("linked", True):
        network = azure.cloud.all(NETWORK)[0]["id"]
        link = {"name": "own", "private_dns_zone_name": zone, "virtual_network_id": network}
        azure.create(LINK, **IN_GROUP, **link)
    network = {"delegated_subnet_id": delegated["id"], "private_dns_zone_id": zone_id}
    return azure.create(SERVER, **PLACE, name="psql-test", **(network | more))


def test_a_database_server_in_a_good_network_is_taken(azure: Azure) -> None:
    assert database(azure)["fqdn"] == "psql-test.postgres.database.azure.com"


def test_a_database_server_needs_a_delegated_subnet(azure: Azure) -> None:
    with says("must be delegated to Microsoft.DBforPostgreSQL/flexibleServers"):
        database(azure, delegation=[])


def test_a_database_server_in_a_subnet_needs_a_private_zone(azure: Azure) -> None:
    with says("The private DNS zone must be set together with the delegated subnet."):
        database(azure, private_dns_zone_id=None)


def test_a_database_servers_zone_has_the_right_name(azure: Azure) -> None:
    with says("PrivateDnsZoneNameNotValid"):
        database(azure, zone="postgres.example.com")


def test_a_database_servers_zone_is_linked_to_the_network(azure: Azure) -> None:
    with says("is not linked to the virtual network vnet-test of the delegated subnet"):
        database(azure, linked=False)


@pytest.mark.parametrize(
    ("type_", "arguments", "code"),
    [
        (VAULT, PROTECTED, "VaultAlreadyExists"),
        (
            "azurerm_storage_account",
            {"name": "sttest", "account_tier": "Standard", "account_replication_type": "LRS"},
            "StorageAccountAlreadyTaken",
        ),
        ("azurerm_container_registry", {"name": "crtest", "sku": "Premium"}, "AlreadyInUse"),
        (SERVER, {"name": "psql-test"}, "ServerNameAlreadyExists"),
    ],
)
def test_a_name_that_is_part_of_a_host_name_is_taken_once(
    azure: Azure, type_: str, arguments: dict[str, Any], code: str
) -> None:
    azure.create(type_, **PLACE, **arguments)

    with says(f"409 (409 Conflict) with error: {code}"):
        azure.create(type_, **(PLACE | {"resource_group_name": "rg-other"}), **arguments)


def test_a_protected_vault_holds_its_name_after_deletion(azure: Azure) -> None:
    azure.delete(VAULT, azure.create(VAULT, **PLACE, **PROTECTED))

    with says("recently deleted but not purged"):
        azure.create(VAULT, **(PLACE | {"location": "northeurope"}), **PROTECTED)


def test_a_vault_without_protection_is_purged(azure: Azure) -> None:
    vault = PROTECTED | {"purge_protection_enabled": False}
    azure.delete(VAULT, azure.create(VAULT, **PLACE, **vault))

    assert azure.create(VAULT, **(PLACE | {"location": "northeurope"}), **vault)


def test_a_protected_vault_is_recovered_where_it_was(azure: Azure) -> None:
    azure.delete(VAULT, azure.create(VAULT, **PLACE, **PROTECTED))

    azure.create(VAULT, **PLACE, **PROTECTED)

    assert azure.cloud.soft_deleted.all(VAULT) == []


def test_a_vault_is_not_recovered_if_the_features_say_so(azure: Azure) -> None:
    azure.features = {"key_vault": [{"recover_soft_deleted_key_vaults": False}]}
    azure.delete(VAULT, azure.create(VAULT, **PLACE, **PROTECTED))

    with says('An existing soft-deleted Key Vault exists with the Name "kv-test"'):
        azure.create(VAULT, **PLACE, **PROTECTED)


def test_what_is_in_a_locked_group_is_not_deleted(azure: Azure) -> None:
    identity = azure.create(IDENTITY, **PLACE, name="id-test")
    azure.create(LOCK, name="keep", scope=GROUP_ID, lock_level="CanNotDelete")

    with says(f"following scope(s) are locked: '{GROUP_ID}'. Please remove the lock"):
        azure.delete(IDENTITY, identity)


def test_a_lock_is_lifted_by_its_own_deletion(azure: Azure) -> None:
    identity = azure.create(IDENTITY, **PLACE, name="id-test")
    lock = azure.create(LOCK, name="keep", scope=GROUP_ID, lock_level="CanNotDelete")
    azure.delete(LOCK, lock)

    azure.delete(IDENTITY, identity)

    assert azure.cloud.all(IDENTITY) == []


@pytest.mark.parametrize(("level", "changes"), [("ReadOnly", False), ("CanNotDelete", True)])
def test_a_lock_against_writes_refuses_a_change(azure: Azure, level: str, changes: bool) -> None:
    identity = azure.create(IDENTITY, **PLACE, name="id-test")
    azure.create(LOCK, name="freeze", scope=identity["id"], lock_level=level)

    if changes:
        assert azure.update(IDENTITY, identity, tags={"owner": "x"})
    else:
        with says("cannot perform write operation because following scope(s) are locked"):
            azure.update(IDENTITY, identity, tags={"owner": "x"})


def test_a_secret_keeps_its_end_when_the_stack_names_none(azure: Azure) -> None:
    secret = azure.create(
        "azurerm_key_vault_secret",
        name="a",
        key_vault_id=f"{GROUP_ID}/providers/Microsoft.KeyVault/vaults/kv-test",
        expiration_date="2027-12-01T00:00:00Z",
    )

    azure.update("azurerm_key_vault_secret", secret, expiration_date=None)

    (kept,) = azure.cloud.all("azurerm_key_vault_secret")
    assert kept["expiration_date"] == "2027-12-01T00:00:00Z"


def test_a_group_that_holds_something_is_not_deleted(azure: Azure) -> None:
    (group,) = azure.cloud.all(GROUP)
    network = f"{GROUP_ID}/providers/Microsoft.Network/virtualNetworks/vnet-test"

    with says(f"still exist within the Resource Group:\n\n* `{network}`\n"):
        azure.delete(GROUP, group)


def test_a_group_is_deleted_with_all_in_it_if_the_features_say_so(azure: Azure) -> None:
    (group,) = azure.cloud.all(GROUP)
    azure.features = {"resource_group": [{"prevent_deletion_if_contains_resources": False}]}

    azure.delete(GROUP, group)

    assert azure.cloud.all() == []


def assign(azure: Azure, principal: str) -> Any:
    return azure.create(ROLE, scope=GROUP_ID, role_definition_name="Reader", principal_id=principal)


def test_a_role_goes_to_an_identity_of_the_stacks(azure: Azure) -> None:
    identity = azure.create(IDENTITY, **PLACE, name="id-test")

    assert assign(azure, identity["principal_id"])


def test_a_role_goes_to_the_identity_that_azure_gives_a_resource(azure: Azure) -> None:
    system = [{"type": "SystemAssigned"}]
    server = azure.create(SERVER, **PLACE, name="psql-test", identity=system)

    assert assign(azure, server["identity"][0]["principal_id"])


def test_a_role_goes_to_a_person_whom_the_configuration_names(azure: Azure) -> None:
    assert assign(azure, PERSON)


def test_a_role_goes_to_a_service_principal(azure: Azure) -> None:
    application = azure.create("azuread_application", display_name="airflow")
    principal = azure.create("azuread_service_principal", client_id=application["client_id"])

    assert assign(azure, principal["object_id"])


@pytest.mark.parametrize("name", ["client_id", "object_id"])
def test_a_role_does_not_go_to_an_application(azure: Azure, name: str) -> None:
    application = azure.create("azuread_application", display_name="airflow")

    with says("PrincipalNotFound: Principal"):
        assign(azure, application[name])


def test_a_role_does_not_go_to_an_identity_that_is_gone(azure: Azure) -> None:
    identity = azure.create(IDENTITY, **PLACE, name="id-test")
    azure.delete(IDENTITY, identity)

    with says("does not exist in the directory"):
        assign(azure, identity["principal_id"])


def test_a_role_is_assigned_once(azure: Azure) -> None:
    assign(azure, PERSON)

    with says("RoleAssignmentExists: The role assignment already exists."):
        assign(azure, PERSON)


def test_an_identity_has_twenty_federated_credentials_at_most(azure: Azure) -> None:
    identity = azure.create(IDENTITY, **PLACE, name="id-test")
    parent = {"user_assigned_identity_id": identity["id"]}
    for number in range(20):
        azure.create(CREDENTIAL, **parent, name=f"credential-{number}")

    with says("has 20 federated identity credentials, and 20 is the most that one can have"):
        azure.create(CREDENTIAL, **parent, name="credential-20")


def test_a_cluster_adds_to_what_is_reached_without_its_proxy(azure: Azure) -> None:
    proxy = {"http_proxy": "http://proxy:3128", "no_proxy": ["10.0.0.0/16"]}

    made = azure.create(CLUSTER, **PLACE, name="aks-test", http_proxy_config=[proxy])

    (kept,) = azure.cloud.all(CLUSTER)
    assert made["http_proxy_config"][0]["no_proxy"] == ["10.0.0.0/16"]
    assert "konnectivity" in kept["http_proxy_config"][0]["no_proxy"]


def test_a_node_size_changes_by_way_of_a_temporary_pool(azure: Azure) -> None:
    pool = {"name": "system", "vm_size": "Standard_D4ds_v5"}
    cluster = azure.create(CLUSTER, **PLACE, name="aks-test", default_node_pool=[pool])
    larger = {**cluster["default_node_pool"][0], "vm_size": "Standard_D8ds_v5"}

    with says('following properties ["default_node_pool.0.vm_size"]'):
        azure.update(CLUSTER, cluster, default_node_pool=[larger])

    named = larger | {"temporary_name_for_rotation": "temporary"}
    assert azure.update(CLUSTER, cluster, default_node_pool=[named])


def test_the_retention_of_a_vault_stays(azure: Azure) -> None:
    vault = azure.create(VAULT, **PLACE, **PROTECTED, soft_delete_retention_days=7)

    with says("once `soft_delete_retention_days` has been configured it cannot be modified"):
        azure.update(VAULT, vault, soft_delete_retention_days=8)

    assert azure.update(VAULT, vault, tags={"owner": "data"})


def test_what_azure_refuses_terraform_shows(stack: Deploy, network: dict[str, Any]) -> None:
    network[SUBNET]["subnet"]["address_prefixes"] = ["10.1.0.0/24"]
    workspace = stack(resource=network)

    said = workspace.refused("apply", "-auto-approve")

    assert said.startswith(f"creating Subnet ({GROUP_ID}/providers/Microsoft.Network/")
    assert "with error: NetcfgSubnetRangeOutsideVnet: Subnet 'snet-test' is not valid" in said


def test_what_azure_refused_is_not_there(stack: Deploy, network: dict[str, Any]) -> None:
    network[SUBNET]["subnet"]["address_prefixes"] = ["10.1.0.0/24"]
    workspace = stack(resource=network)

    workspace.refused("apply", "-auto-approve")

    assert workspace.existing(SUBNET) == []
    assert workspace.planned() == {"azurerm_subnet.subnet": ["create"]}
