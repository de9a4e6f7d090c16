"""PostgreSQL flexible servers: their addresses, and the parameters they know from the start."""

from azure_facts.hosts import POSTGRES_SUFFIX

from loopback_azure.http_messages import Document, Reply
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import EPOCH

_SERVER = "Microsoft.DBforPostgreSQL/flexibleServers"
# learn.microsoft.com: "Server parameters in Azure Database for PostgreSQL", parameter type static
_STATIC = frozenset({"shared_preload_libraries"})


@rule(_SERVER)
def server(made: NewResource) -> Document:
    """A server is found by its name, in its private zone or in Azure's."""
    network = made.properties.get("network") or {}
    zone = network.get("privateDnsZoneArmResourceId", "").rsplit("/", 1)[-1]
    version = made.properties.get("version", "")
    return {
        "properties": {
            "fullyQualifiedDomainName": made.address.name
            + (f".{zone}" if zone else POSTGRES_SUFFIX),
            "state": "Ready",
            "minorVersion": f"{version}.0",
            "replicaCapacity": 5,
            "backup": {"earliestRestoreDate": EPOCH},
            "network": {
                "publicNetworkAccess": "Disabled"
                if network.get("delegatedSubnetResourceId")
                else network.get("publicNetworkAccess", "Enabled")
            },
        }
    }


@rule(f"{_SERVER}/configurations")
def configuration(made: NewResource) -> Document:
    """A parameter tells where its value comes from, and whether it counts without a restart."""
    source = "user-override" if made.properties.get("value") else "system-default"
    dynamic = made.address.name.lower() not in _STATIC
    return {"properties": {"source": source, "isDynamicConfig": dynamic, "isReadOnly": False}}


def restart(made: NewResource, asked: Document) -> Reply:
    """Start a server again, which static parameters wait for."""
    return Reply(status=202)


@rule(f"{_SERVER}/administrators")
def administrator(made: NewResource) -> Document:
    """An administrator is named by its object id."""
    return {"properties": {"objectId": made.address.name}}
