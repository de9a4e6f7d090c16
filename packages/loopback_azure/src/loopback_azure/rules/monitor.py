"""Logs, metrics and dashboards."""

from loopback_azure.http_messages import Document, Reply
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.actions import action
from loopback_azure.rules.values import EPOCH, digest, guid

_LOGS = "Microsoft.OperationalInsights/workspaces"


@rule(_LOGS)
def log_analytics(made: NewResource) -> Document:
    """A workspace has a customer id, by which agents find it."""
    customer = guid(made.address.path, "customer")
    return {"properties": {"customerId": customer, "createdDate": EPOCH, "modifiedDate": EPOCH}}


@action(_LOGS, "sharedKeys")
def shared_keys(made: NewResource, asked: Document) -> Reply:
    """Return keys, whether or not the workspace accepts them."""
    keys = {
        k: digest(f"{made.address.path}/{k}") for k in ("primarySharedKey", "secondarySharedKey")
    }
    return Reply(document=keys)


@rule("Microsoft.Monitor/accounts")
def monitor_workspace(made: NewResource) -> Document:
    """A workspace for metrics brings its own endpoint and rule for collection."""
    name, location = made.address.name, made.document["location"]
    base = f"/subscriptions/{made.address.subscription}/resourceGroups/MA_{name}_{location}_managed"
    insights = f"{base}/providers/Microsoft.Insights"
    return {
        "properties": {
            "accountId": guid(made.address.path),
            "metrics": {
                "internalId": f"mac_{guid(made.address.path)}",
                "prometheusQueryEndpoint": f"https://{name}.{location}.prometheus.monitor.azure.com",
            },
            "defaultIngestionSettings": {
                "dataCollectionEndpointResourceId": f"{insights}/dataCollectionEndpoints/{name}",
                "dataCollectionRuleResourceId": f"{insights}/dataCollectionRules/{name}",
            },
        }
    }


@rule("Microsoft.Insights/dataCollectionRules")
def data_collection_rule(made: NewResource) -> Document:
    """Agents know a rule by an id of its own."""
    return {"properties": {"immutableId": f"dcr-{digest(made.address.path)[:32]}"}}


@rule("Microsoft.Dashboard/grafana")
def grafana(made: NewResource) -> Document:
    """A Grafana has an address and a version."""
    host = f"{made.address.name}-{digest(made.address.path)[:8]}"
    return {
        "properties": {
            "endpoint": f"https://{host}.weu.grafana.azure.com",
            "grafanaVersion": f"{made.properties.get('grafanaMajorVersion', '11')}.0.0",
            "outboundIPs": ["20.50.1.1"]
            if made.properties.get("deterministicOutboundIP") == "Enabled"
            else [],
        }
    }
