"""What an environment file may not say, and the message its author gets."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conventions.faults import Fault
from environments.load import EnvironmentFileError, load, read
from tests import environment_files

DEV = environment_files.DEV.read_text()


@pytest.fixture
def refuse(tmp_path: Path) -> Callable[..., tuple[Fault, ...]]:
    """Return the faults of dev.toml after replacing some of its text."""

    def faults(*changes: tuple[str, str]) -> tuple[Fault, ...]:
        text = DEV
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        file = tmp_path / "env.toml"
        file.write_text(text)
        with pytest.raises(EnvironmentFileError) as caught:
            read(file)
        return caught.value.faults

    return faults


ZONES = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-dns"
    "/providers/Microsoft.Network/privateDnsZones"
)

VNET = (
    "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-net"
    "/providers/Microsoft.Network/virtualNetworks/vnet-spoke"
)
NAT = VNET.replace("virtualNetworks/vnet-spoke", "natGateways/ng-spoke")
WORKSPACE = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-logs"
    "/providers/Microsoft.OperationalInsights/workspaces/log-company"
)
REGISTRY = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-images"
    "/providers/Microsoft.ContainerRegistry/registries/crCompany"
)
ACR_ZONE = (
    "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-dns"
    "/providers/Microsoft.Network/privateDnsZones/privatelink.azurecr.io"
)
GIVEN = f"""[network.given]
virtual_network_id = "{VNET}"
aks_nodes_subnet_id = "{VNET}/subnets/nodes"
aks_api_server_subnet_id = "{VNET}/subnets/api"
postgres_subnet_id = "{VNET}/subnets/postgres"
private_endpoints_subnet_id = "{VNET}/subnets/endpoints"
nat_gateway_id = "{NAT}"

[[network.linked_networks]]"""
HUB = f'[network.hub]\nvirtual_network_id = "{VNET}-hub"\n'

# old text, new text, key path, a part of the problem, a part of the fix
REFUSALS = {
    "label by which pods find a pool": (
        '"airflow/role" = "worker"',
        '"airflow/pool" = "other"',
        "kubernetes.node_pools.workers.labels",
        "airflow/pool is the label by which pods find this pool",
        "it is set to the pool's name",
    ),
    "region without the integration of API servers": (
        'location = "westeurope"',
        'location = "qatarcentral"',
        'location = "qatarcentral"',
        "has no API Server VNet Integration",
        "uaenorth",
    ),
    "misspelt key": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "B_Standard_B2s"\nstorage_gb = 64',
        "postgres.storage_gb = 64",
        "unknown key",
        "write storage_gib",
    ),
    "wrong type": (
        "min_nodes = 0",
        'min_nodes = "0"',
        'kubernetes.node_pools.workers.min_nodes = "0"',
        "text where a whole number is needed",
        "write min_nodes = 0, without quotes",
    ),
    "number for text": (
        'expire_on = "2027-12-01"',
        "expire_on = 2027-12-01",
        "key_vault.expire_on = 2027-12-01",
        "a date where text in quotes is needed",
        'write expire_on = "2027-12-01", in quotes',
    ),
    "text for a switch": (
        "grafana = false",
        'grafana = "no"',
        'monitoring.grafana = "no"',
        "text where true or false is needed",
        "write grafana = false, without quotes",
    ),
    "number in an array of text": (
        "[network]",
        "[network]\ncertificate_authorities = [1]",
        "network.certificate_authorities[0] = 1",
        "a whole number where text in quotes is needed",
        'write "1", in quotes',
    ),
    "tables of any name as an array": (
        "[network]",
        "[[teams]]\n[network]",
        "teams = [",
        "an array where a table is needed",
        "write [teams.<name>], in one bracket: each has a name",
    ),
    "one value for an array": (
        'user_groups = ["55555555-5555-4555-8555-555555555555"]',
        'user_groups = "55555555-5555-4555-8555-555555555555"',
        'single_sign_on.user_groups = "55555555-5555-4555-8555-555555555555"',
        "text where an array is needed",
        'write user_groups = ["55555555-5555-4555-8555-555555555555"], in brackets',
    ),
    "no table": (
        '[kubernetes.node_pools.workers.labels]\n"airflow/role" = "worker"',
        "labels = 7",
        "kubernetes.node_pools.workers.labels = 7",
        "a whole number where a table is needed",
        "docs/reference/environment.md lists them",
    ),
    "beyond the range": (
        "monthly_budget = 800",
        "monthly_budget = 0",
        "monitoring.monthly_budget = 0",
        "too small",
        "set 1",
    ),
    "empty array": (
        'admin_group_object_ids = ["33333333-3333-4333-8333-333333333333"]',
        "admin_group_object_ids = []",
        "kubernetes.admin_group_object_ids = []",
        "too few",
        'write admin_group_object_ids = ["11111111-1111-4111-8111-111111111111"], for example',
    ),
    "missing": (
        'cost_center = "4711"',
        "",
        "tags.cost_center",
        "missing",
        'add cost_center = "4711"',
    ),
    "missing table": (
        '[tags]\nowner = "data-platform@example.com"\ncost_center = "4711"\n',
        "",
        "tags",
        "missing",
        "add the table [tags]",
    ),
    "overlapping CIDR": (
        'postgres = "10.40.16.64/28"',
        'postgres = "10.40.0.64/28"',
        'network.postgres = "10.40.0.64/28"',
        "overlaps network.aks_nodes",
        "move one",
    ),
    "pods over the virtual network": (
        'pod_cidr = "10.244.0.0/16"',
        'pod_cidr = "10.40.0.0/16"',
        'network.pod_cidr = "10.40.0.0/16"',
        "overlaps network.address_space",
        "move one",
    ),
    "subnet outside": (
        'postgres = "10.40.16.64/28"',
        'postgres = "10.99.0.0/28"',
        'network.postgres = "10.99.0.0/28"',
        "outside of network.address_space",
        "widen the address space",
    ),
    "subnet too small": (
        'aks_api_server = "10.40.16.80/28"',
        'aks_api_server = "10.40.16.80/29"',
        'network.aks_api_server = "10.40.16.80/29"',
        "too small",
        '"/28"',
    ),
    "host bits": (
        'address_space = "10.40.0.0/16"',
        'address_space = "10.40.1.0/16"',
        'network.address_space = "10.40.1.0/16"',
        "not an IPv4 network",
        "10.40.0.0/16",
    ),
    "name too long": (
        'name = "dev"',
        'name = "development"',
        'name = "development"',
        "not of the required form",
        '"dev"',
    ),
    "pool name too long": (
        "[kubernetes.node_pools.core]",
        "[kubernetes.node_pools.corecorecore1]",
        "kubernetes.node_pools.corecorecore1",
        "not of the required form",
        "workers",
    ),
    "unknown region": (
        'location = "westeurope"',
        'location = "westeurop"',
        'location = "westeurop"',
        "not an Azure region",
        '"westeurope"',
    ),
    "region in capitals": (
        'location = "westeurope"',
        'location = "WESTEUROPE"',
        'location = "WESTEUROPE"',
        "not an Azure region",
        'set "westeurope"',
    ),
    "size in small letters": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "gp_standard_d2ds_v5"',
        'postgres.sku_name = "gp_standard_d2ds_v5"',
        "not a Flexible Server SKU",
        'set "GP_Standard_D2ds_v5"',
    ),
    "array in place of a text": (
        'location = "westeurope"',
        'location = ["westeurope"]',
        'location = ["westeurope"]',
        "an array where text in quotes is needed",
        'write location = "westeurope", without brackets',
    ),
    "unknown SKU": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "B_Standard_B2"',
        'postgres.sku_name = "B_Standard_B2"',
        "not a Flexible Server SKU",
        "B_Standard_B2",
    ),
    "unknown size": (
        'vm_size = "Standard_D2ds_v5"',
        'vm_size = "Standard_D3ds_v5"',
        'kubernetes.system_pool.vm_size = "Standard_D3ds_v5"',
        "not a virtual machine size",
        "Standard_D",
    ),
    "size without local disk": (
        'vm_size = "Standard_D2ds_v5"',
        'vm_size = "Standard_D2s_v5"\nos_disk = "ephemeral"',
        'kubernetes.system_pool.os_disk = "ephemeral"',
        "Standard_D2s_v5 has no local disk",
        'vm_size = "Standard_D2ds_v5"',
    ),
    "HA on burstable": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "B_Standard_B2s"\nhigh_availability = "ZoneRedundant"',
        'postgres.high_availability = "ZoneRedundant"',
        "not offered on the burstable",
        "GP_Standard_D2ds_v5",
    ),
    "pooler on burstable": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "B_Standard_B2s"\npgbouncer = true',
        "postgres.pgbouncer = true",
        "no built-in PgBouncer",
        "GP_ SKU",
    ),
    "standby in the primary's zone": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "GP_Standard_D2ds_v5"\nhigh_availability = "ZoneRedundant"\nstandby_zone = "1"',
        'postgres.standby_zone = "1"',
        "the zone of the primary",
        '"2"',
    ),
    "disk size": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "B_Standard_B2s"\nstorage_gib = 100',
        "postgres.storage_gib = 100",
        "not a disk size",
        "set 128",
    ),
    "two ways of encryption": (
        'sku_name = "B_Standard_B2s"',
        'sku_name = "B_Standard_B2s"\ngeo_redundant_backup = true\ncustomer_managed_key = true',
        "postgres",
        "second vault",
        "geo_redundant_backup = false",
    ),
    "zones where there are none": (
        'location = "westeurope"',
        'location = "westus"',
        "kubernetes",
        "westus has no availability zones",
        "zones = []",
    ),
    "firewall without address": (
        'pod_cidr = "10.244.0.0/16"',
        'pod_cidr = "10.244.0.0/16"\negress = "firewall"',
        "network",
        "without a firewall",
        "firewall_private_ip",
    ),
    "firewall address without firewall": (
        'pod_cidr = "10.244.0.0/16"',
        'pod_cidr = "10.244.0.0/16"\nfirewall_private_ip = "10.0.1.4"',
        "network.firewall_private_ip",
        "without effect",
        "delete it",
    ),
    "spot system pool": (
        "[kubernetes.system_pool]",
        "[kubernetes.system_pool]\nspot = true",
        "kubernetes.system_pool.spot = true",
        "cannot run on spot nodes",
        "worker pool",
    ),
    "empty system pool": (
        'vm_size = "Standard_D2ds_v5"\nmin_nodes = 1',
        'vm_size = "Standard_D2ds_v5"\nmin_nodes = 0',
        "kubernetes.system_pool.min_nodes = 0",
        "cannot be empty",
        "min_nodes = 1",
    ),
    "fewer nodes at most than at least": (
        'vm_size = "Standard_D2ds_v5"\nmin_nodes = 1',
        'vm_size = "Standard_D2ds_v5"\nmin_nodes = 5',
        "kubernetes.system_pool.max_nodes = 2",
        "fewer than min_nodes = 5",
        "raise max_nodes",
    ),
    "tag that moves": (
        'image_tag = "3.3.2-0f1e2d3"',
        'image_tag = "latest"',
        'airflow.image_tag = "latest"',
        "a tag that moves",
        "3.3.2-",
    ),
    "Git without a repository": (
        "[airflow]",
        '[airflow]\ndags = "git"',
        "airflow",
        "without a repository",
        "[airflow.git]",
    ),
    "zone of another service": (
        "[[network.linked_networks]]",
        f'[network.dns]\nblob = "{ZONES}/privatelink.dfs.core.windows.net"\n'
        "[[network.linked_networks]]",
        f'network.dns.blob = "{ZONES[:56]}...',
        "a zone of another name",
        "/privatelink.blob.core.windows.net",
    ),
    "zone that is no private one": (
        "[[network.linked_networks]]",
        f'[network.dns]\ndfs = "{ZONES.replace("private", "")}/example.com"\n'
        "[[network.linked_networks]]",
        f'network.dns.dfs = "{ZONES[:56]}...',
        "not of the required form",
        "Microsoft.Network/privateDnsZones",
    ),
    "zone beside the policy that writes the records": (
        "[[network.linked_networks]]",
        "[network.dns]\npolicy_writes_records = true\n"
        f'registry = "{ZONES}/privatelink.azurecr.io"\n[[network.linked_networks]]',
        f'network.dns.registry = "{ZONES[:56]}...',
        "without effect while network.dns.policy_writes_records = true",
        "policy_writes_records = false",
    ),
    "zone that Azure refuses for a server": (
        "[[network.linked_networks]]",
        f'[network.dns]\npostgres = "{ZONES}/db.example.com"\n[[network.linked_networks]]',
        f'network.dns.postgres = "{ZONES[:56]}...',
        "Azure refuses it for a database server",
        "airflow.private.postgres.database.azure.com",
    ),
    "zone of API servers behind an endpoint": (
        "[[network.linked_networks]]",
        f'[network.dns]\naks = "{ZONES}/privatelink.westeurope.azmk8s.io"\n'
        "[[network.linked_networks]]",
        "network",
        "no zone of API servers in westeurope",
        "airflow.private.westeurope.azmk8s.io",
    ),
    "zone of API servers of another region": (
        "[[network.linked_networks]]",
        f'[network.dns]\naks = "{ZONES}/private.northeurope.azmk8s.io"\n'
        "[[network.linked_networks]]",
        "network",
        "no zone of API servers in westeurope",
        "airflow.private.westeurope.azmk8s.io",
    ),
    "zone of API servers with a long subzone": (
        "[[network.linked_networks]]",
        f'[network.dns]\naks = "{ZONES}/{"a" * 33}.private.westeurope.azmk8s.io"\n'
        "[[network.linked_networks]]",
        "network",
        "33 characters, 1 too many",
        "shorter name",
    ),
    "zone of API servers two levels below": (
        "[[network.linked_networks]]",
        f'[network.dns]\naks = "{ZONES}/a.b.private.westeurope.azmk8s.io"\n'
        "[[network.linked_networks]]",
        "network",
        "a.b, which is not one label",
        "one level below",
    ),
    "name server twice": (
        "[[network.linked_networks]]",
        '[network.dns]\nservers = ["10.0.0.4", "10.0.0.4"]\n[[network.linked_networks]]',
        'network.dns.servers = ["10.0.0.4", "10.0.0.4"]',
        "names 10.0.0.4 twice",
        "delete the second one",
    ),
    "pods in a range that AKS keeps": (
        'pod_cidr = "10.244.0.0/16"',
        'pod_cidr = "172.30.0.0/16"',
        'network.pod_cidr = "172.30.0.0/16"',
        "holds addresses of 172.30.0.0/16, which AKS keeps for itself",
        "10.0.0.0/8",
    ),
    "network over two ranges that AKS keeps": (
        'address_space = "10.40.0.0/16"',
        'address_space = "172.16.0.0/12"',
        'network.address_space = "172.16.0.0/12"',
        "172.30.0.0/16 and 172.31.0.0/16",
        "10.0.0.0/8",
    ),
    "services in a range that AKS keeps": (
        'service_cidr = "10.245.0.0/20"',
        'service_cidr = "192.0.2.0/24"',
        'network.service_cidr = "192.0.2.0/24"',
        "which AKS keeps for itself",
        "10.0.0.0/8",
    ),
    "subnet of another network": (
        "[[network.linked_networks]]",
        GIVEN.replace("vnet-spoke/subnets/api", "vnet-else/subnets/api"),
        f'network.given.aks_api_server_subnet_id = "{VNET[:56]}...',
        "a subnet of another network",
        "four subnets of one network",
    ),
    "subnet twice": (
        "[[network.linked_networks]]",
        GIVEN.replace("/subnets/api", "/subnets/nodes"),
        f'network.given.aks_api_server_subnet_id = "{VNET[:56]}...',
        "another of the four subnets",
        "a subnet of its own",
    ),
    "network in place of a subnet": (
        "[[network.linked_networks]]",
        GIVEN.replace("/subnets/api", ""),
        f'network.given.aks_api_server_subnet_id = "{VNET[:56]}...',
        "not of the required form",
        "/subnets/<name>",
    ),
    "network of a foreign subscription": (
        "[[network.linked_networks]]",
        GIVEN.replace("11111111-1111-4111", "99999999-1111-4111"),
        "network",
        "given.virtual_network_id lies in the subscription 99999999-1111-4111-8111",
        "the network's subscription",
    ),
    "given network without its way out": (
        "[[network.linked_networks]]",
        GIVEN.replace(f'nat_gateway_id = "{NAT}"', ""),
        "network",
        "without nat_gateway_id",
        "network.given.nat_gateway_id",
    ),
    "given network with two ways out": (
        'service_cidr = "10.245.0.0/20"',
        'service_cidr = "10.245.0.0/20"\negress = "firewall"\n'
        + GIVEN.removesuffix("[[network.linked_networks]]"),
        "network",
        "given.nat_gateway_id is without effect",
        "delete it",
    ),
    "hub of a given network": (
        "[[network.linked_networks]]",
        HUB + GIVEN,
        "network.given",
        "network.hub is without effect",
        "delete network.hub",
    ),
    "name servers of a given network": (
        "[[network.linked_networks]]",
        '[network.dns]\nservers = ["10.0.0.4"]\n' + GIVEN,
        "network.given",
        "network.dns.servers is without effect",
        "delete network.dns.servers",
    ),
    "registry by its name": (
        "retention_days = 7",
        'given_id = "crcompany"',
        'registry.given_id = "crcompany"',
        "not of the required form",
        "Microsoft.ContainerRegistry/registries/<name>",
    ),
    "registry of another team that we would change": (
        "retention_days = 7",
        f'given_id = "{REGISTRY}"\nretention_days = 7',
        "registry",
        "retention_days beside given_id",
        "delete retention_days, or given_id",
    ),
    "registry of another team beside a zone for ours": (
        "[registry]\nretention_days = 7",
        f'[network.dns]\nregistry = "{ACR_ZONE}"\n[registry]\ngiven_id = "{REGISTRY}"',
        "registry",
        "beside network.dns.registry",
        "delete network.dns.registry",
    ),
    "workspace by its name": (
        "[monitoring]",
        '[monitoring.given_workspace]\nid = "log-company"\n'
        'customer_id = "12121212-1212-4212-8212-121212121212"\n[monitoring]',
        'monitoring.given_workspace.id = "log-company"',
        "not of the required form",
        "Microsoft.OperationalInsights/workspaces/<name>",
    ),
    "workspace without its own id": (
        "[monitoring]",
        f'[monitoring.given_workspace]\nid = "{WORKSPACE}"\n[monitoring]',
        "monitoring.given_workspace.customer_id",
        "missing",
        "",
    ),
    "days of a workspace of another team": (
        "[monitoring]",
        f'[monitoring]\ngiven_workspace = {{ id = "{WORKSPACE}", '
        'customer_id = "12121212-1212-4212-8212-121212121212" }\nlog_retention_days = 40',
        "monitoring",
        "log_retention_days beside given_workspace",
        "delete log_retention_days",
    ),
    "vault by its address": (
        "[key_vault]",
        '[key_vault]\ngiven_id = "https://kv-company.vault.azure.net"',
        'key_vault.given_id = "https://kv-company.vault.azure.net"',
        "not of the required form",
        "Microsoft.KeyVault/vaults/<name>",
    ),
    "proxy with a password": (
        "[network]",
        '[network.proxy]\nurl = "http://me:geheim-1234567@proxy:3128"\n'
        'address = "10.9.0.4"\n[network]',
        "network.proxy.url",
        "names a user",
        "delete the user",
    ),
    "proxy at a public address": (
        "[network]",
        '[network.proxy]\nurl = "http://proxy:3128"\naddress = "8.8.8.8"\n[network]',
        'network.proxy.address = "8.8.8.8"',
        "not an address of a private network",
        "in your network",
    ),
    "authority that is a key": (
        "[network]",
        "[network]\ncertificate_authorities = "
        '["-----BEGIN PRIVATE KEY-----\\nMIIB\\n-----END PRIVATE KEY-----"]',
        "network.certificate_authorities[0]",
        "holds a private key",
        "make a new one",
    ),
    "authority that is no certificate": (
        "[network]",
        '[network]\ncertificate_authorities = ["ca.pem"]',
        "network.certificate_authorities[0]",
        "not one certificate in PEM form",
        "openssl x509",
    ),
    "public address of an internal load balancer": (
        "[ingress]",
        '[ingress]\npublic_ip_id = "/subscriptions/11111111-1111-4111-8111-111111111111'
        '/resourceGroups/rg-edge/providers/Microsoft.Network/publicIPAddresses/pip"',
        "ingress.public_ip_id",
        "while ingress.internal = true",
        "ingress.internal = false",
    ),
    "public address of another subscription": (
        "[ingress]",
        '[ingress]\ninternal = false\npublic_ip_id = "/subscriptions/'
        "88888888-8888-4888-8888-888888888888/resourceGroups/rg-edge/providers"
        '/Microsoft.Network/publicIPAddresses/pip"',
        "ingress",
        "public_ip_id lies in the subscription 88888888",
        "in this subscription",
    ),
    "identity for a Git server that knows none": (
        "[airflow]",
        '[airflow.git]\nrepository = "https://git.example.com/dags"\nidentity = true\n[airflow]',
        "airflow.git.identity",
        "is not one of Azure DevOps",
        "delete identity",
    ),
    "role of an application with a space": (
        "[single_sign_on]",
        '[single_sign_on.role_names]\nadmin = "Airflow Admin"\n[single_sign_on]',
        'single_sign_on.role_names.admin = "Airflow Admin"',
        "not of the required form",
        "Data.Airflow.Admin",
    ),
    "one name for two roles": (
        "[single_sign_on]",
        '[single_sign_on.role_names]\nop = "Airflow.Admin"\n[single_sign_on]',
        "single_sign_on.role_names",
        "stands for two roles",
        "rename one",
    ),
    "Git server at no port": (
        "[airflow]",
        '[airflow.git]\nrepository = "https://git.example.com:70000/dags"\n[airflow]',
        'airflow.git.repository = "https://git.example.com:70000/dags"',
        "no address",
        "correct the port",
    ),
    "Git server on a public address": (
        "[airflow]",
        '[airflow.git]\nrepository = "https://git.example.com/dags"\n'
        'private_address = "8.8.8.8"\n[airflow]',
        'airflow.git.private_address = "8.8.8.8"',
        "not an address of a private network",
        "delete it",
    ),
    "Git server on the metadata server's address": (
        "[airflow]",
        '[airflow.git]\nrepository = "https://git.example.com/dags"\n'
        'private_address = "169.254.169.254"\n[airflow]',
        'airflow.git.private_address = "169.254.169.254"',
        "not an address of a private network",
        "delete it",
    ),
    "executor that is none": (
        "[airflow]",
        '[airflow]\nexecutors = ["LocalExecutor"]',
        "airflow.executors[0]",
        "not one of the values",
        'set "CeleryExecutor"',
    ),
    "executor that is named twice": (
        "[airflow]",
        '[airflow]\nexecutors = ["CeleryExecutor", "CeleryExecutor"]',
        "airflow.executors",
        "twice",
        "delete",
    ),
    "no executor": (
        "[airflow]",
        "[airflow]\nexecutors = []",
        "airflow.executors = []",
        "nothing runs tasks",
        'write executors = ["KubernetesExecutor"]',
    ),
    "executor that is no list": (
        "[airflow]",
        '[airflow]\nexecutors = "CeleryExecutor"',
        'airflow.executors = "CeleryExecutor"',
        "text where an array is needed",
        'write executors = ["CeleryExecutor"]',
    ),
    "key of one executor": (
        "[airflow]",
        '[airflow]\nexecutor = "CeleryExecutor"',
        'airflow.executor = "CeleryExecutor"',
        "unknown key",
        "executors",
    ),
    "fewer workers at most than at least": (
        "[airflow]",
        "[airflow]\ncelery_min_workers = 5\ncelery_max_workers = 4",
        "airflow.celery_max_workers = 4",
        "fewer than celery_min_workers = 5",
        "raise it",
    ),
    "time zone that does not exist": (
        "[airflow]",
        '[airflow]\ntime_zone = "Europe/Atlantis"',
        'airflow.time_zone = "Europe/Atlantis"',
        "not a time zone",
        "Europe/Berlin",
    ),
    "rows of runs that may still run, deleted": (
        "[airflow]",
        "[airflow]\ndatabase_retention_days = 3",
        "airflow.database_retention_days = 3",
        "too small",
        "set 7",
    ),
    "session longer than a day": (
        "[single_sign_on]",
        "[single_sign_on]\nsession_minutes = 1441",
        "single_sign_on.session_minutes = 1441",
        "too large",
        "set 1440",
    ),
    "unknown key that is like a key of another meaning": (
        "[single_sign_on]",
        "[single_sign_on]\nroles = []",
        "single_sign_on.roles = []",
        "unknown key",
        "delete it",
    ),
    "groups of an application of another team": (
        "[single_sign_on]",
        '[single_sign_on]\napplication_id = "12345678-1234-4234-8234-123456789012"',
        "single_sign_on",
        "beside application_id",
        "delete owners, admin_groups",
    ),
    "application that is no id": (
        "[single_sign_on]",
        '[single_sign_on]\napplication_id = "airflow"',
        'single_sign_on.application_id = "airflow"',
        "not a UUID",
        "copy the id",
    ),
    "sign-in that nobody looks after": (
        "admin_groups = ",
        "viewer_groups = ",
        "single_sign_on",
        "without admin_groups",
        "set single_sign_on.admin_groups",
    ),
    "host outside its zone": (
        'host = "airflow.dev.example.com"',
        'host = "airflow.example.org"',
        "ingress.dns_zone_id",
        "does not hold ingress.host",
        "correct the host",
    ),
    "redirect to another host": (
        "[single_sign_on]",
        '[single_sign_on]\nredirect_uri = "https://else.example.com/auth/oauth-authorized/azure"',
        "single_sign_on",
        "does not match ingress.host",
        "delete single_sign_on.redirect_uri",
    ),
    "OS disk larger than the local disk": (
        'vm_size = "Standard_D2ds_v5"',
        'vm_size = "Standard_F2s_v2"',
        "kubernetes.system_pool.os_disk_gib = 64",
        "larger than the local disk of Standard_F2s_v2",
        "set 32",
    ),
    "label of AKS": (
        '"airflow/role" = "worker"',
        '"kubernetes.azure.com/mode" = "user"',
        "kubernetes.node_pools.workers.labels",
        "AKS reserves kubernetes.azure.com/",
        "delete it",
    ),
    "no label at all": (
        '"airflow/role" = "worker"',
        '"airflow role" = "worker"',
        "kubernetes.node_pools.workers.labels",
        "no label of Kubernetes",
        "airflow/role",
    ),
    "taint of AKS": (
        "spot = true",
        'spot = true\ntaints = ["kubernetes.azure.com/scalesetpriority=spot:NoSchedule"]',
        "kubernetes.node_pools.workers.taints",
        "AKS reserves kubernetes.azure.com/",
        "spot = true sets",
    ),
    "pools alike in nine characters": (
        "[kubernetes.node_pools.core]",
        "[kubernetes.node_pools.workersbig1]\n"
        'vm_size = "Standard_D4ds_v5"\nmax_nodes = 1\n'
        "[kubernetes.node_pools.workersbig2]\n"
        'vm_size = "Standard_D4ds_v5"\nmax_nodes = 1\n'
        "[kubernetes.node_pools.core]",
        "kubernetes.node_pools",
        "names alike",
        "big1",
    ),
    "pool named as the system pool's stand-in": (
        "[kubernetes.node_pools.core]",
        "[kubernetes.node_pools.systemtmp]",
        "kubernetes.node_pools",
        "names alike",
        "rename",
    ),
    "node images at two speeds": (
        'version = "1.36"',
        'version = "1.36"\nupgrade_channel = "node-image"\n'
        'node_os_upgrade_channel = "SecurityPatch"',
        'kubernetes.node_os_upgrade_channel = "SecurityPatch"',
        "not possible together",
        'node_os_upgrade_channel = "NodeImage"',
    ),
    "more nodes than pod addresses": (
        "max_nodes = 6",
        "max_nodes = 300",
        "kubernetes",
        "pod_cidr = 10.244.0.0/16 has room for 256",
        "lower max_nodes",
    ),
    "region twice": (
        "[registry]",
        '[registry]\ngeo_replications = ["northeurope", "northeurope"]',
        "registry.geo_replications",
        "names northeurope twice",
        "delete the second",
    ),
    "number of addresses that no prefix has": (
        "[network]\n",
        "[network]\nnat_addresses = 3\n",
        "network.nat_addresses",
        "not one of the values",
        "set",
    ),
    "name server without a port": (
        "[ingress]",
        '[ingress]\ndns01_name_servers = ["1.1.1.1"]',
        "ingress.dns01_name_servers",
        "not of the required form",
        "1.1.1.1:53",
    ),
    "nobody to tell": (
        'alert_emails = ["data-platform@example.com"]',
        "alert_emails = []",
        "monitoring.alert_emails",
        "too few",
        "write alert_emails",
    ),
    "alert by text message without a country": (
        'alert_emails = ["data-platform@example.com"]',
        'alert_emails = ["data-platform@example.com"]\nalert_sms = ["01705550100"]',
        "monitoring.alert_sms",
        "not of the required form",
        "+49 1705550100",
    ),
    "webhook that holds its key": (
        'alert_emails = ["data-platform@example.com"]',
        'alert_emails = ["data-platform@example.com"]\n'
        'alert_webhooks = ["https://hooks.example.com/T0AB1/B9zX2/kQ7pV3mW8nR5tY1uI4oP6aS2"]',
        "monitoring.alert_webhooks",
        "holds its own key",
        "alert_action_groups",
    ),
    "webhook without TLS": (
        'alert_emails = ["data-platform@example.com"]',
        'alert_emails = ["data-platform@example.com"]\nalert_webhooks = ["http://hooks.example.com/azure"]',
        "monitoring.alert_webhooks",
        "not of the required form",
        "https://hooks.example.com",
    ),
    "action group that is none": (
        'alert_emails = ["data-platform@example.com"]',
        'alert_emails = ["data-platform@example.com"]\nalert_action_groups = ["on-call"]',
        "monitoring.alert_action_groups",
        "not",
        "actionGroups",
    ),
    "runbooks at no address": (
        'alert_emails = ["data-platform@example.com"]',
        'alert_emails = ["data-platform@example.com"]\nrunbooks = "docs.example.com"',
        "monitoring.runbooks",
        "not an https:// address",
        "https://docs.example.com",
    ),
    "group twice": (
        'user_groups = ["55555555-5555-4555-8555-555555555555"]',
        'user_groups = ["55555555-5555-4555-8555-555555555555", '
        '"55555555-5555-4555-8555-555555555555"]',
        "single_sign_on.user_groups",
        "names 55555555-5555-4555-8555-555555555555 twice",
        "delete the second",
    ),
    "database administrator twice": (
        "[postgres.administrators]",
        '[postgres.administrators]\nteam = "33333333-3333-4333-8333-333333333333"',
        "postgres.administrators",
        "names a group twice",
        "delete the second",
    ),
    "database administrator named as the migrations": (
        "sg-data-platform =",
        "Migrations =",
        "postgres.administrators",
        "Airflow's own migrations",
        "rename the group",
    ),
    "linked network of a name that is taken": (
        'name = "ci-agents"',
        'name = "own"',
        "network.linked_networks",
        "this environment's own network",
        "rename it",
    ),
    "network linked twice": (
        "[[network.linked_networks]] # where the agents run that deploy",
        '[[network.linked_networks]]\nname = "again"\n'
        'id = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/RG-CI/providers'
        '/Microsoft.Network/virtualNetworks/vnet-ci"\n[[network.linked_networks]]',
        "network.linked_networks",
        "names a network twice",
        "delete the second",
    ),
    "firewall in a subnet of ours": (
        'pod_cidr = "10.244.0.0/16"',
        'pod_cidr = "10.244.0.0/16"\negress = "firewall"\nfirewall_private_ip = "10.40.16.4"',
        'network.firewall_private_ip = "10.40.16.4"',
        "lies in network.private_endpoints",
        "the one in the hub",
    ),
    "certificate without its zone": (
        'certificate = "letsencrypt"',
        'certificate = "key_vault"',
        "ingress",
        "without key_vault_certificate",
        "set ingress.key_vault_certificate",
    ),
}
DEV = DEV.replace("[ingress]\n", '[ingress]\ncertificate = "letsencrypt"\n')


@pytest.mark.parametrize(
    ("old", "new", "key", "problem", "fix"), REFUSALS.values(), ids=REFUSALS.keys()
)
def test_a_fault_says_where_what_and_how_to_fix_it(
    refuse: Any, old: str, new: str, key: str, problem: str, fix: str
) -> None:
    faults = refuse((old, new))

    assert any(
        fault.key.startswith(key) and problem in fault.problem and fix in fault.fix
        for fault in faults
    ), "\n".join(map(str, faults))


@pytest.mark.parametrize("old_new", [row[:2] for row in REFUSALS.values()], ids=REFUSALS.keys())
def test_every_fault_says_what_is_allowed(refuse: Any, old_new: tuple[str, str]) -> None:
    assert all(fault.allowed for fault in refuse(old_new))


# two settings that contradict each other across tables, and the message their author gets
CONTRADICTIONS = {
    "more nodes than node addresses": (
        ('aks_nodes = "10.40.0.0/20"', 'aks_nodes = "10.40.0.0/24"'),
        ("max_nodes = 6", "max_nodes = 186"),
        "aks_nodes = 10.40.0.0/24 has room for 250",
        "widen the range",
    ),
    "public ingress behind a firewall": (
        ("[ingress]", "[ingress]\ninternal = false"),
        (
            'pod_cidr = "10.244.0.0/16"',
            'pod_cidr = "10.244.0.0/16"\negress = "firewall"\nfirewall_private_ip = "10.0.1.4"',
        ),
        "answers would leave through the firewall",
        "set ingress.internal = true",
    ),
}


@pytest.mark.parametrize(
    ("first", "second", "problem", "fix"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys()
)
def test_a_contradiction_between_tables_is_refused_with_the_way_out(
    refuse: Any, first: tuple[str, str], second: tuple[str, str], problem: str, fix: str
) -> None:
    (fault,) = refuse(first, second)

    assert problem in fault.problem
    assert fix in fault.fix


def test_all_faults_of_a_file_come_at_once(refuse: Any) -> None:
    faults = refuse(
        ('location = "westeurope"', 'location = "mars"'),
        ('replication = "LRS"', 'replication = "XRS"'),
        ("monthly_budget = 800", "monthly_budget = -1"),
        ("image_tag =", "image_tagg ="),
    )

    keys = {fault.key.split(" ")[0] for fault in faults}
    assert keys == {
        "location",
        "storage.replication",
        "monitoring.monthly_budget",
        "airflow.image_tag",
        "airflow.image_tagg",
    }


def test_a_misspelt_key_does_not_hide_a_rule_between_tables(refuse: Any) -> None:
    faults = refuse(
        ("[postgres]", "[postgres]\nversoin = 1"),
        (
            'sku_name = "B_Standard_B2s"',
            "sku_name = \"GP_Standard_D2ds_v5\"\nhigh_availability = 'ZoneRedundant'",
        ),
        ('location = "westeurope"', 'location = "westus"'),
    )

    assert any('"ZoneRedundant" needs availability zones' in fault.problem for fault in faults)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'name = "dev', "without its closing quotes"),
        (b"name = \xff", "not UTF-8"),
        (b"a = " + b"[" * 5000, "not TOML"),
    ],
    ids=["unclosed string", "latin-1 byte", "nested without end"],
)
def test_an_unreadable_file_is_refused_with_its_reason(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    file = tmp_path / "env.toml"
    file.write_bytes(content)

    with pytest.raises(EnvironmentFileError, match=problem):
        read(file)


def test_a_missing_file_is_refused_with_the_ones_that_can_be_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = environment_files.DEV.parent
    monkeypatch.setattr("conventions.company.environments", lambda: folder)
    monkeypatch.chdir(folder.parent)

    with pytest.raises(EnvironmentFileError, match=rf"{folder.name}/dev\.toml, .*/prod\.toml"):
        load([Path("nope.toml")])


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFileError, match="cannot be read"):
        load([tmp_path])


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text(DEV)

    with pytest.raises(EnvironmentFileError, match="also the name in"):
        load([tmp_path / "a.toml", tmp_path / "b.toml"])
