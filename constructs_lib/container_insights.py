"""Logs of containers and events of Kubernetes, from a cluster into Log Analytics."""

import json
from dataclasses import replace

from cdktf_cdktf_provider_azurerm.monitor_data_collection_rule import (
    MonitorDataCollectionRule,
    MonitorDataCollectionRuleDataFlow,
    MonitorDataCollectionRuleDataSources,
    MonitorDataCollectionRuleDataSourcesExtension,
    MonitorDataCollectionRuleDestinations,
    MonitorDataCollectionRuleDestinationsLogAnalytics,
)
from cdktf_cdktf_provider_azurerm.monitor_data_collection_rule_association import (
    MonitorDataCollectionRuleAssociation,
)
from constructs import Construct

from constructs_lib.observability import Workspace
from constructs_lib.place import Place

# Metrics are left out: Prometheus has them
STREAMS = ["Microsoft-ContainerLogV2", "Microsoft-KubeEvents", "Microsoft-KubePodInventory"]
SETTINGS = {
    "interval": "1m",
    "namespaceFilteringMode": "Off",
    "enableContainerLogV2": True,
}


def collect_container_logs(
    scope: Construct, *, place: Place, cluster_id: str, logs: Workspace
) -> None:
    """Tell the agents of a cluster's `oms_agent` what to collect, and where to.

    With a managed identity they collect nothing until a rule is associated, which Azure makes
    only for the portal and the CLI; the association has this very name
    (learn.microsoft.com: "Enable monitoring for Kubernetes clusters").
    """
    rule = MonitorDataCollectionRule(
        scope,
        "container_logs_rule",
        name=place.names.of("dcr", "container-logs"),
        kind="Linux",
        data_sources=MonitorDataCollectionRuleDataSources(
            extension=[
                MonitorDataCollectionRuleDataSourcesExtension(
                    name="ContainerInsightsExtension",
                    extension_name="ContainerInsights",
                    extension_json=json.dumps({"dataCollectionSettings": SETTINGS}),
                    streams=STREAMS,
                )
            ]
        ),
        destinations=MonitorDataCollectionRuleDestinations(
            log_analytics=[
                MonitorDataCollectionRuleDestinationsLogAnalytics(
                    name="log-analytics", workspace_resource_id=logs.id
                )
            ]
        ),
        data_flow=[
            MonitorDataCollectionRuleDataFlow(streams=STREAMS, destinations=["log-analytics"])
        ],
        # a rule lies where its workspace lies
        **replace(place, location=logs.location).at,
    )
    MonitorDataCollectionRuleAssociation(
        scope,
        "container_logs",
        name="ContainerInsightsExtension",
        target_resource_id=cluster_id,
        data_collection_rule_id=rule.id,
    )
