"""Logs, metrics and dashboards."""

from azure_facts import hosts

from loopback_azure.http_messages import Document, Reply
from loopback_azure.resource_types import NewResource, rule
from loopback_azure.rules.values import EPOCH, digest, guid

_LOGS = "Microsoft.OperationalInsights/workspaces"


@rule(_LOGS)
def log_analytics(made: NewResource) -> Document:
    """A workspace has a customer id, by which agents find it."""
    customer = guid(made.address.path, "customer")
    return {"properties": {"customerId": customer, "createdDate": EPOCH, "modifiedDate": EPOCH}}


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
    group = hosts.METRICS_GROUP.format(name=name, location=location)
    base = f"/subscriptions/{made.address.subscription}/resourceGroups/{group}"
    insights = f"{base}/providers/Microsoft.Insights"
    return {
        "properties": {
            "accountId": guid(made.address.path),
            "metrics": {
                "internalId": f"mac_{guid(made.address.path)}",
                "prometheusQueryEndpoint": hosts.PROMETHEUS.format(
                    name=name, location=location, digest8=digest(made.address.path)[:8]
                ),
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
    return {
        "properties": {
            "immutableId": hosts.COLLECTION_RULE.format(digest=digest(made.address.path)[:32])
        }
    }


@rule("Microsoft.AlertsManagement/prometheusRuleGroups")
def prometheus_rules(made: NewResource) -> Document:
    """An alert that names no severity gets the mildest."""
    rules = [
        {"severity": 4, **one} if "alert" in one else one
        for one in made.properties.get("rules") or []
    ]
    return {"properties": {"rules": rules}}


@rule("Microsoft.Dashboard/grafana")
def grafana(made: NewResource) -> Document:
    """A Grafana has an address and a version."""
    return {
        "properties": {
            "endpoint": hosts.GRAFANA.format(
                name=made.address.name, digest8=digest(made.address.path)[:8]
            ),
            "grafanaVersion": f"{made.properties.get('grafanaMajorVersion', '12')}.0.0",
            "outboundIPs": ["20.50.1.1"]
            if made.properties.get("deterministicOutboundIP") == "Enabled"
            else [],
        }
    }
