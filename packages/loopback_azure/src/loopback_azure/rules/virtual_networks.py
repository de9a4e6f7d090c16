"""Networks: what Azure computes of them, and what it makes beside them."""

from ipaddress import ip_network

from azure_facts import limits, refusals

from loopback_azure.http_messages import Document, RefusedError
from loopback_azure.resource_path import ResourcePath
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import guid, number
from loopback_azure.store import Store

_WATCHERS = "NetworkWatcherRG"


@rule("Microsoft.Network/virtualNetworks", "Microsoft.Network/networkSecurityGroups")
def resource_guid(made: NewResource) -> Document:
    """Azure gives networks a GUID of their own."""
    return {"properties": {"resourceGuid": guid(made.address.path)}}


@rule("Microsoft.Network/dnsZones")
def name_servers(made: NewResource) -> Document:
    """Azure chooses four servers, in four domains."""
    ends = enumerate(("com", "net", "org", "info"), start=1)
    return {"properties": {"nameServers": [f"ns{at}-01.azure-dns.{end}." for at, end in ends]}}


@rule("Microsoft.Network/virtualNetworks")
def network_watcher(made: NewResource) -> Document:
    """Azure watches a region as soon as there is a network in it, in a group of Azure's own."""
    subscription = f"/subscriptions/{made.address.subscription}"
    group = f"{subscription}/resourceGroups/{_WATCHERS}"
    location = made.document["location"]
    name = f"NetworkWatcher_{location}"
    watcher = f"{group}/providers/Microsoft.Network/networkWatchers/{name}"
    ready = {"location": location, "properties": {"provisioningState": "Succeeded"}}
    made.store.put(group, {"id": group, "name": _WATCHERS, "managedBy": "Azure", **ready})
    if made.store.get(watcher) is None:
        made.store.put(watcher, {"id": watcher, "name": name, **ready})
    return {}


@rule("Microsoft.Network/virtualNetworks/virtualNetworkPeerings")
def gateway_transit(made: NewResource) -> Document:
    """A network uses the gateway of a hub that has one and lets it.

    A hub that nobody made here is another team's: nothing is known of it, and nothing refused. One
    with a subnet for a gateway counts as one with a gateway.

    Raises:
        RefusedError: the hub has no gateway, or its side of the peering allows no transit.
    """
    hub = str(made.properties.get("remoteVirtualNetwork", {}).get("id", ""))
    if not made.properties.get("useRemoteGateways") or made.store.get(hub) is None:
        return {}
    subnet = made.store.get(f"{hub}/subnets/GatewaySubnet")
    if subnet is None:
        raise RefusedError.of(refusals.NO_REMOTE_GATEWAY, peering=made.address.path, network=hub)
    back = made.store.of_type("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", hub)
    own = made.address.parent.lower()
    if not any(_allows_transit(peering, own) for peering in back):
        raise RefusedError.of(refusals.NO_TRANSIT, peering=made.address.path)
    return {}


def _allows_transit(peering: Document, network: str) -> bool:
    properties = peering["properties"]
    to = str(properties.get("remoteVirtualNetwork", {}).get("id", "")).lower()
    return to == network and bool(properties.get("allowGatewayTransit"))


@rule("Microsoft.Network/publicIPPrefixes")
def public_ip_prefix(made: NewResource) -> Document:
    """Azure picks the addresses."""
    length = made.properties["prefixLength"]
    base = f"20.{number(made.address.path, 256)}.0.0/16"
    first = next(iter(ip_network(base).subnets(new_prefix=length)))
    return {"properties": {"ipPrefix": str(first), "resourceGuid": guid(made.address.path)}}


@rule("Microsoft.Network/publicIPAddresses")
def public_ip_address(made: NewResource) -> Document:
    """Azure picks the address of a static one."""
    return {"properties": {"ipAddress": f"20.{number(made.address.path, 256)}.1.4"}}


@rule("Microsoft.Network/privateDnsZones")
def private_dns_zone(made: NewResource) -> Document:
    """Azure counts what is in a zone."""
    counts = {
        "maxNumberOfRecordSets": limits.ZONE_RECORD_SETS,
        "numberOfRecordSets": 1,
        "maxNumberOfVirtualNetworkLinks": limits.ZONE_LINKS,
        "maxNumberOfVirtualNetworkLinksWithRegistration": limits.ZONE_REGISTERING_LINKS,
    }
    return {"properties": counts}


@rule("Microsoft.Network/privateDnsZones/virtualNetworkLinks")
def virtual_network_link(made: NewResource) -> Document:
    """A link is completed at once; a network has one link with a zone of a name.

    Raises:
        RefusedError: the network is linked with another zone of the same name.
    """
    for other in made.store.of_type("Microsoft.Network/privateDnsZones/virtualNetworkLinks"):
        if _meets(made, other):
            zone = made.address.parent.rsplit("/", 1)[1]
            raise RefusedError.of(refusals.ZONE_LINKED_TWICE, zone=zone)
    return {"properties": {"virtualNetworkLinkState": "Completed"}}


@rule("Microsoft.Network/privateDnsZones")
def start_of_authority(made: NewResource) -> Document:
    """Every zone has its SOA record from the start."""
    record = f"{made.address.path}/SOA/@"
    soa = {
        "email": "azureprivatedns-host.microsoft.com",
        "host": "azureprivatedns.net",
        "expireTime": 2419200,
        "minimumTtl": 10,
        "refreshTime": 3600,
        "retryTime": 300,
        "serialNumber": 1,
    }
    properties = {"fqdn": f"{made.address.name}.", "ttl": 3600, "soaRecord": soa}
    if made.store.get(record) is None:
        made.store.put(record, {"id": record, "name": "@", "properties": properties})
    return {}


@rule("Microsoft.Network/privateEndpoints")
def private_endpoint(made: NewResource) -> Document:
    """Azure makes the endpoint's network interface, and connects what is its own at once."""
    name = made.properties.get("customNetworkInterfaceName") or f"{made.address.name}.nic"
    own = f"{made.address.group}/providers/Microsoft.Network/networkInterfaces/{name}"
    subnet = made.properties["subnet"]["id"]
    address = _address(made, subnet)
    ip = {
        "privateIPAddress": address,
        "privateIPAllocationMethod": "Dynamic",
        "subnet": {"id": subnet},
    }
    made.store.put(
        own,
        {
            "id": own,
            "name": name,
            "location": made.document["location"],
            "properties": {
                "ipConfigurations": [{"name": "privateEndpointIpConfig", "properties": ip}]
            },
        },
    )
    connections = made.properties.get("privateLinkServiceConnections") or []
    state = {"status": "Approved", "description": "Auto-Approved", "actionsRequired": "None"}
    for connection in connections:
        connection["id"] = f"{made.address.path}/privateLinkServiceConnections/{connection['name']}"
        connection["properties"]["privateLinkServiceConnectionState"] = state
    return {"properties": {"networkInterfaces": [{"id": own}], "customDnsConfigs": []}}


def drop_interface(address: ResourcePath, document: Document, store: Store) -> None:
    """Take away a private endpoint's network interface with it."""
    if address.type.lower() == "microsoft.network/privateendpoints":
        for interface in document["properties"]["networkInterfaces"]:
            store.delete(interface["id"])


@rule("Microsoft.Network/privateEndpoints/privateDnsZoneGroups")
def private_dns_zone_group(made: NewResource) -> Document:
    """The group's records stand in its zones."""
    endpoint = made.store.get(made.address.parent) or {}
    interface = made.store.get(endpoint["properties"]["networkInterfaces"][0]["id"]) or {}
    address = interface["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"]
    target = endpoint["properties"]["privateLinkServiceConnections"][0]["properties"]
    name = target["privateLinkServiceId"].rsplit("/", 1)[1]
    for zone in made.properties["privateDnsZoneConfigs"]:
        domain = zone["properties"]["privateDnsZoneId"].rsplit("/", 1)[1]
        record = {
            "recordType": "A",
            "recordSetName": name,
            "fqdn": f"{name}.{domain}",
            "ttl": 10,
            "ipAddresses": [address],
            "provisioningState": "Succeeded",
        }
        zone["properties"]["recordSets"] = [record]
    return {}


def _meets(made: NewResource, other: Document) -> bool:
    """Whether two links lead from one network to zones of one name."""
    zones = [made.address.parent.lower(), ResourcePath.parse(other["id"]).parent.lower()]
    network = made.properties["virtualNetwork"]["id"].lower()
    return (
        zones[0] != zones[1]
        and zones[0].rsplit("/", 1)[1] == zones[1].rsplit("/", 1)[1]
        and other["properties"]["virtualNetwork"]["id"].lower() == network
    )


def _address(made: NewResource, subnet_id: str) -> str:
    """Return an address of the subnet."""
    subnet = (made.store.get(subnet_id) or {}).get("properties", {})
    prefix = subnet.get("addressPrefix") or subnet.get("addressPrefixes", ["10.0.0.0/24"])[0]
    return limits.free_address(prefix, number(made.address.path, 2**32))
