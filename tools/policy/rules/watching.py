"""What is monitored, and who is notified."""

from collections.abc import Iterator

from synthesis.resources import EnvironmentStacks
from tools.policy.rules.rule import Finding, Rules, equal, holds, present

_RULES = Rules()
rule = _RULES.rule
RULES = _RULES.collected

LEARN = "https://learn.microsoft.com/azure"
CLUSTER = "azurerm_kubernetes_cluster"
# Of the types that this project uses, those on learn.microsoft.com: "Supported resource logs"
WITH_LOGS = (
    "azurerm_container_registry",
    "azurerm_dashboard_grafana",
    "azurerm_data_protection_backup_vault",
    "azurerm_key_vault",
    CLUSTER,
    "azurerm_log_analytics_workspace",
    "azurerm_network_security_group",
    "azurerm_postgresql_flexible_server",
    "azurerm_storage_account",
    "azurerm_virtual_network",
)


@rule(
    "AOA-W01",
    "Every resource that has logs sends them to Log Analytics",
    control="operations",
    page=f"{LEARN}/azure-monitor/platform/diagnostic-settings",
)
def diagnostics(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """What was not recorded cannot be looked up after the incident."""
    settings = stacks.resources("azurerm_monitor_diagnostic_setting")
    recorded = {
        resource
        for setting in settings
        if setting.all("enabled_log") and setting.get("log_analytics_workspace_id")
        for resource in stacks.referred(setting.stack, setting.get("target_resource_id"))
    }
    for resource in stacks.resources(*WITH_LOGS):
        yield holds(resource, kept=resource in recorded, problem="has no diagnostic setting")


@rule(
    "AOA-W02",
    "The cluster sends logs, metrics and threats",
    control="operations",
    page=f"{LEARN}/aks/monitor-aks",
)
def cluster_watched(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Container logs, which agents send by a rule only, Prometheus metrics, Defender's sensor."""
    collected = {
        resource
        for one in stacks.resources("azurerm_monitor_data_collection_rule_association")
        if one.get("name") == "ContainerInsightsExtension"
        for resource in stacks.referred(one.stack, one.get("target_resource_id"))
    }
    for cluster in stacks.resources(CLUSTER):
        yield present(cluster, "oms_agent.log_analytics_workspace_id")
        yield holds(cluster, kept=cluster in collected, problem="no rule collects its logs")
        yield present(cluster, "monitor_metrics")
        yield present(cluster, "microsoft_defender.log_analytics_workspace_id")
        yield equal(cluster, "azure_policy_enabled", True)


@rule(
    "AOA-W03",
    "Somebody is notified when an alert fires",
    control="alerts",
    page=f"{LEARN}/azure-monitor/alerts/action-groups",
)
def alerts_are_mailed(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """An alert without an action group only colours a page that nobody has open."""
    for group in stacks.resources("azurerm_monitor_action_group"):
        yield present(group, "email_receiver.email_address")
    for alert in stacks.resources("azurerm_monitor_metric_alert"):
        yield present(alert, "action.action_group_id")
    for alert in stacks.resources("azurerm_monitor_alert_prometheus_rule_group"):
        for one in alert.all("rule"):
            mailed = bool(one.get("action")) or "alert" not in one
            yield holds(alert, kept=mailed, problem=f"{one.get('alert')} tells nobody")


@rule(
    "AOA-W04",
    "Cluster, database, way out and Azure itself have alerts",
    control="alerts",
    page=f"{LEARN}/azure-monitor/best-practices-alerts",
)
def alerts_exist(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A full disk is cheaper to hear of at 85 percent, and a gateway without free ports early."""
    watched = {
        resource
        for alert in stacks.resources("azurerm_monitor_metric_alert")
        for resource in stacks.referred(alert.stack, alert.all("scopes"))
    }
    for one in stacks.resources("azurerm_postgresql_flexible_server", "azurerm_nat_gateway"):
        yield holds(one, kept=one in watched, problem="has no metric alert")
    groups = stacks.resources("azurerm_monitor_alert_prometheus_rule_group")
    for cluster in stacks.resources(CLUSTER):
        yield holds(cluster, kept=bool(groups), problem="has no Prometheus alerts")
        told = [
            alert
            for alert in stacks.resources("azurerm_monitor_activity_log_alert")
            if alert.get("criteria.category") == "ServiceHealth" and alert.all("action")
        ]
        yield holds(cluster, kept=bool(told), problem="nobody hears of Azure's own incidents")


@rule(
    "AOA-W05",
    "A budget mails before the money is spent",
    control="cost",
    page=f"{LEARN}/cost-management-billing/costs/tutorial-acm-create-budgets",
)
def budget(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """A forecast warns while there is time; reported on the cluster, the largest part of it."""
    warned = any(
        notification.get("threshold_type") == "Forecasted" and notification.get("contact_emails")
        for one in stacks.resources("azurerm_consumption_budget_subscription")
        for notification in one.all("notification")
    )
    for cluster in stacks.resources(CLUSTER):
        yield holds(cluster, kept=warned, problem="no budget warns of its cost by forecast")


@rule(
    "AOA-W06",
    "Who talked to whom is recorded for at least 90 days, and analysed",
    control="network",
    page=f"{LEARN}/network-watcher/vnet-flow-logs-overview",
)
def flow_logs(stacks: EnvironmentStacks) -> Iterator[Finding]:
    """Break-ins are found months later."""
    kept_days = {
        resource: log.get("retention_policy.days")
        for log in stacks.resources("azurerm_network_watcher_flow_log")
        if log.get("enabled") and log.get("retention_policy.enabled")
        for resource in stacks.referred(log.stack, log.get("target_resource_id"))
    }
    for network in stacks.resources("azurerm_virtual_network"):
        days = kept_days.get(network, 0)
        yield holds(network, kept=days >= 90, problem=f"its flow logs are kept for {days} days")
    for log in stacks.resources("azurerm_network_watcher_flow_log"):
        yield equal(log, "traffic_analytics.enabled", True)
