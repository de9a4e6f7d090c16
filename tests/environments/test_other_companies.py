"""What other companies write: Azure takes it, or refuses it, and so does the environment file."""

from typing import Any

import pytest
import trustme

from environments.load import EnvironmentFileError, validate
from environments.model import Environment
from tests.environment_files import DEV, tables

OWN = "11111111-1111-4111-8111-111111111111"
ZONE = f"/subscriptions/{OWN}/resourceGroups/rg-dns/providers/Microsoft.Network/dnsZones"
PORTAL = (
    "https://portal.azure.com/#@example.com/resource"
    f"/subscriptions/{OWN}/resourcegroups/rg-dns/providers/microsoft.network/dnszones"
    "/dev.example.com/recordsets"
)
NETWORKS = "providers/Microsoft.Network/virtualNetworks"
POOLS = tables(DEV)["kubernetes"]["node_pools"]
SYSTEM = tables(DEV)["kubernetes"]["system_pool"]
# A spoke of a landing zone often has 256 addresses in all
SMALL = {
    "address_space": "10.40.0.0/24",
    "aks_nodes": "10.40.0.0/25",
    "private_endpoints": "10.40.0.128/28",
    "postgres": "10.40.0.144/28",
    "aks_api_server": "10.40.0.160/28",
}
SHARED = {name: cidr.replace("10.40", "100.64") for name, cidr in SMALL.items()}
TEAMS = {
    f"team-{number}": {"secret_owners": ["77777777-7777-4777-8777-777777777777"]}
    for number in range(4)
}
LONG = "rg-spoke-of-data-platform-and-its-airflow-in-production-in-europe"
AUTHORITY = trustme.CA().cert_pem.bytes().decode()


def worker(**changes: Any) -> dict[str, Any]:
    """Return the pools of dev, the workers' with changes."""
    return {"node_pools": {**POOLS, "workers": {**POOLS["workers"], **changes}}}


def given(group: str = "rg-net", nodes: str = "nodes") -> dict[str, Any]:
    """Return a network of another team, with names of its group and of the nodes' subnet."""
    network = f"/subscriptions/{OWN}/resourceGroups/{group}/{NETWORKS}/vnet-spoke"
    subnets = {"aks_nodes": nodes, "aks_api_server": "a", "postgres": "p", "private_endpoints": "e"}
    gateway = network.replace("virtualNetworks/vnet", "natGateways/ng")
    return {
        "given": {
            "virtual_network_id": network,
            "nat_gateway_id": gateway,
            **{f"{key}_subnet_id": f"{network}/subnets/{name}" for key, name in subnets.items()},
        }
    }


def linked(network: str, *, name: str = "agents", peered: bool = False) -> dict[str, Any]:
    """Return a linked network, by the name that Azure knows and by ours."""
    id_ = f"/subscriptions/{OWN}/resourceGroups/rg-net/{NETWORKS}/vnet-{network}"
    return {"name": name, "id": id_, "peered": peered}


def hub(*linked_networks: dict[str, Any]) -> dict[str, Any]:
    """Return a network that is peered with a hub, beside linked ones."""
    id_ = linked("hub")["id"]
    return {"hub": {"virtual_network_id": id_}, "linked_networks": list(linked_networks)}


TAKEN: dict[str, dict[str, Any]] = {
    "a network of 256 addresses": {"network": SMALL},
    "shared addresses of RFC 6598": {"network": SHARED},
    "pods in shared addresses": {"network": {"pod_cidr": "100.64.0.0/16"}},
    "a zone that is the host itself": {
        "ingress": {"dns_zone_id": f"{ZONE}/airflow.dev.example.com"}
    },
    "a zone in upper case": {"ingress": {"dns_zone_id": f"{ZONE}/Dev.Example.COM"}},
    "a repository with a dot": {"airflow": {"image_repository": "data.platform/airflow__3"}},
    "a cost center with a slash": {"tags": {"cost_center": "CC-4711/23 (Zürich & Genève)"}},
    "hours of Madrid": {"hibernation": {"time_zone": "Europe/Madrid"}},
    "a region of 2025": {"location": "malaysiawest", "monitoring": {"location": "southeastasia"}},
    "burstable workers": {"kubernetes": worker(vm_size="Standard_B4ms")},
    "workers with a large GPU": {"kubernetes": worker(vm_size="Standard_NC40ads_H100_v5")},
    "workers on NVMe": {"kubernetes": worker(vm_size="Standard_L8s_v3")},
    "a taint without a value": {"kubernetes": worker(taints=["nvidia.com/gpu=:NoSchedule"])},
    "one key with two effects": {"kubernetes": worker(taints=["a=b:NoSchedule", "a=b:NoExecute"])},
    "a group of 63 characters": {"network": given(group=LONG[:63])},
    "a database on v6 machines": {"postgres": {"sku_name": "GP_Standard_D4ds_v6"}},
    "a database with 20 burstable cores": {"postgres": {"sku_name": "B_Standard_B20ms"}},
    "extensions of 2026": {"postgres": {"extensions": ["hll", "ip4r", "pg_ivm", "tdigest"]}},
    "a hub whose machines resolve our names": {"network": hub(linked("hub"))},
    "a team named key, without a vault": {"teams": {"key": {}}},
    "hours of half an hour more": {"hibernation": {"time_zone": "Australia/Adelaide"}},
    "an authority": {"network": {"certificate_authorities": [AUTHORITY]}},
}
REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "addresses of the machine itself": (
        {"network": {name: cidr.replace("10.40", "127.0") for name, cidr in SMALL.items()}},
        "not a private range",
        "10.0.0.0/8",
    ),
    "pods in addresses of the internet": (
        {"network": {"pod_cidr": "20.0.0.0/16"}},
        "not a private range",
        "10.0.0.0/8",
    ),
    "services that take a /12": (
        {"network": {"service_cidr": "10.240.0.0/12", "pod_cidr": "10.224.0.0/16"}},
        "of a size that does not fit",
        '"/24"',
    ),
    "more nodes and a load balancer than addresses": (
        {"network": SMALL | {"aks_nodes": "10.40.0.0/28"}},
        "has room for 10",
        "widen the range",
    ),
    "more vaults than addresses": (
        {"network": SMALL, "teams": TEAMS, "registry": {"geo_replications": ["northeurope"]}},
        "6 vaults, the storage and the registry take 12 addresses, and "
        "network.private_endpoints = 10.40.0.128/28 has room for 11",
        "widen network.private_endpoints",
    ),
    "a burstable system pool": (
        {"kubernetes": {"system_pool": SYSTEM | {"vm_size": "Standard_B4ms"}}},
        "a burstable size, which AKS does not take",
        "Standard_D2ds_v5",
    ),
    "a taint with a value that is none": (
        {"kubernetes": worker(taints=["x=-a:NoSchedule"])},
        "not of the required form",
        "dedicated=dbt:NoSchedule",
    ),
    "a taint with two slashes": (
        {"kubernetes": worker(taints=["a/b/c=d:NoSchedule"])},
        "not of the required form",
        "dedicated=dbt:NoSchedule",
    ),
    "a taint twice": (
        {"kubernetes": worker(taints=["a=b:NoSchedule", "a=c:NoSchedule"])},
        "a with NoSchedule twice",
        "delete the second",
    ),
    "a label with a domain that is none": (
        {"kubernetes": worker(labels={"a..b/c": "d"})},
        "a..b/c = d is no label",
        "airflow/role",
    ),
    "a label of Kubernetes": (
        {"kubernetes": worker(labels={"kubernetes.io/os": "linux"})},
        "AKS reserves kubernetes.azure.com/ and kubernetes.io/",
        "delete it",
    ),
    "a group too long for a label": (
        {"network": given(group=LONG)},
        f"the group {LONG}, 65 characters: AKS labels its nodes with it",
        "a group of such a name",
    ),
    "a subnet that no label can name": (
        {"network": given(nodes="nodes_")},
        "the subnet nodes_, 6 characters",
        "of such a name",
    ),
    "an authority that is cut off": (
        {"network": {"certificate_authorities": [AUTHORITY.replace(AUTHORITY[60:180], "")]}},
        "a certificate that cannot be read",
        "copy the whole file",
    ),
    "a proxy at no port": (
        {"network": {"proxy": {"url": "http://proxy:99999", "address": "10.0.0.4"}}},
        "not of the required form",
        "http://proxy.corp.example.com:3128",
    ),
    "a workload that Azure reserves": (
        {"workload": "windows"},
        "not of the required form",
        "airflow",
    ),
    "a workload and a name that make up a trademark": (
        {"workload": "micros", "name": "oft"},
        "together with the environment's name it holds microsoft",
        "choose another workload",
    ),
    "a state in an account that Azure refuses": (
        {"state": {"storage_account_name": "stwindowsstate"}},
        "not of the required form",
        "stairflowstate",
    ),
    "more mails than a budget takes": (
        {"monitoring": {"alert_emails": [f"a{number}@example.com" for number in range(51)]}},
        "too many: 51",
        "keep 50",
    ),
    "more name servers than a network takes": (
        {"network": {"dns": {"servers": [f"10.0.0.{number}" for number in range(4, 25)]}}},
        "too many: 21",
        "keep 20",
    ),
    "a peering of the hub's name": (
        {"network": hub(linked("ci", name="hub", peered=True))},
        '"hub" names the peering with network.hub',
        "rename it",
    ),
    "two peerings with the hub": (
        {"network": hub(linked("hub", peered=True))},
        "Azure peers two networks once",
        "delete peered",
    ),
    "a link with the network that is given": (
        {"network": given() | {"linked_networks": [linked("SPOKE")]}},
        "names network.given, too",
        "delete it",
    ),
    "a firewall among the pods": (
        {"network": {"egress": "firewall", "firewall_private_ip": "10.244.0.4"}},
        "lies in network.pod_cidr = 10.244.0.0/16, which holds no firewall",
        "the one in the hub",
    ),
    "a name server among the services": (
        {"network": {"dns": {"servers": ["10.0.0.4", "10.245.0.10"]}}},
        "10.245.0.10 lies in network.service_cidr = 10.245.0.0/20",
        "move the range",
    ),
    "a proxy among the pods": (
        {"network": {"proxy": {"url": "http://10.244.1.9:3128", "address": "10.244.1.9"}}},
        "which holds no proxy",
        "move the range",
    ),
    "a start after which no stop fits": (
        {"hibernation": {"start_hour": 22, "stop_hour": 23}},
        "too large",
        "set 21",
    ),
    **{
        f"a vault of a team named {team}": (
            {"teams": {team: {"secret_owners": ["77777777-7777-4777-8777-777777777777"]}}},
            f"{team} with secret_owners",
            f'as "{team}-team"',
        )
        for team in ("backup", "dag", "etcd", "key")
    },
    **{
        f"a host {how}": (
            {"ingress": {"host": host}},
            "not of the required form",
            f'write "{meant}"',
        )
        for how, host, meant in (
            ("with a dot at its end", "airflow.dev.example.com.", "airflow.dev.example.com"),
            ("in capitals", "Airflow.Dev.example.com", "airflow.dev.example.com"),
            ("with spaces", " airflow.dev.example.com\u200b", "airflow.dev.example.com"),
            ("as an address", "https://airflow.dev.example.com/x", "airflow.dev.example.com"),
            ("of letters of its own", "airflow.dev.exämple.com", "airflow.dev.xn--exmple-cua.com"),
        )
    },
    "a person's name beside the address": (
        {"tags": {"owner": "Data Platform <platform@example.com>"}},
        "not of the required form",
        'write "platform@example.com"',
    ),
    "an id from the address bar, in Azure's other spelling": (
        {"ingress": {"dns_zone_id": PORTAL}},
        "not of the required form",
        f'write "{ZONE}/dev.example.com"',
    ),
    "a range with bits of a host": (
        {"network": {"aks_nodes": "10.40.0.5/20"}},
        "not an IPv4 network",
        'write "10.40.0.0/20"',
    ),
    "an id with a space": ({"tenant_id": f"{OWN} "}, "not a UUID", f'write "{OWN}"'),
    "the name of a subscription": (
        {"subscription_id": "Data Platform"},
        "not a UUID",
        "the id, not the name",
    ),
    "a key below another table": (
        {"monitoring": {"image_tag": "3.3.2-0f1e2d3"}},
        "unknown key",
        "move it into [airflow]",
    ),
    "a key of the file below a table": (
        {"monitoring": {"protect_data": True}},
        "unknown key",
        "move it above the first table",
    ),
    "a list that is one table": (
        {"network": {"linked_networks": linked("ci")}},
        "a table where an array is needed",
        "write [[network.linked_networks]]",
    ),
    "a table that is a list": (
        {"postgres": [{"sku_name": "B_Standard_B2s"}]},
        "an array where a table is needed",
        "write [postgres], in one bracket",
    ),
    "a name server at no address": (
        {"ingress": {"dns01_name_servers": ["999.1.1.1:53"]}},
        "not of the required form",
        "1.1.1.1:53",
    ),
}


def read(changes: dict[str, Any]) -> Environment:
    values = tables(DEV)
    for table, change in changes.items():
        whole = isinstance(change, dict)
        values[table] = {**values.get(table, {}), **change} if whole else change
    return validate(values, DEV)


@pytest.mark.parametrize("changes", TAKEN.values(), ids=TAKEN.keys())
def test_what_azure_takes_is_taken(changes: dict[str, Any]) -> None:
    assert read(changes)


@pytest.mark.parametrize(("changes", "problem", "fix"), REFUSED.values(), ids=REFUSED.keys())
def test_what_azure_refuses_is_refused_with_the_way_out(
    changes: dict[str, Any], problem: str, fix: str
) -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        read(changes)

    (fault,) = caught.value.faults
    assert problem in fault.problem
    assert fix in fault.fix
    assert fault.allowed
