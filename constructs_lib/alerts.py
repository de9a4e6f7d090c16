"""Alert rules as Azure resources; what they say stands in observability/."""

from collections.abc import Sequence

from cdktf_cdktf_provider_azurerm.monitor_activity_log_alert import (
    MonitorActivityLogAlert,
    MonitorActivityLogAlertAction,
    MonitorActivityLogAlertCriteria,
    MonitorActivityLogAlertCriteriaServiceHealth,
)
from cdktf_cdktf_provider_azurerm.monitor_alert_processing_rule_action_group import (
    MonitorAlertProcessingRuleActionGroup,
)
from cdktf_cdktf_provider_azurerm.monitor_alert_processing_rule_suppression import (
    MonitorAlertProcessingRuleSuppression,
    MonitorAlertProcessingRuleSuppressionSchedule,
    MonitorAlertProcessingRuleSuppressionScheduleRecurrence,
    MonitorAlertProcessingRuleSuppressionScheduleRecurrenceWeekly,
)
from cdktf_cdktf_provider_azurerm.monitor_alert_prometheus_rule_group import (
    MonitorAlertPrometheusRuleGroup,
    MonitorAlertPrometheusRuleGroupRule,
    MonitorAlertPrometheusRuleGroupRuleAction,
    MonitorAlertPrometheusRuleGroupRuleAlertResolution,
)
from cdktf_cdktf_provider_azurerm.monitor_metric_alert import (
    MonitorMetricAlert,
    MonitorMetricAlertAction,
    MonitorMetricAlertCriteria,
    MonitorMetricAlertCriteriaDimension,
)
from constructs import Construct

from constructs_lib.place import Place
from environments.hibernation import WINDOWS_NAMES, Hibernation
from observability.alerts import MetricAlert, PrometheusAlert, runbook
from observability.recording import Recording


class PrometheusRules(Construct):
    """A group of rules on a cluster's metrics, run each minute (Azure takes 20 rules a group)."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        metrics_id: str,
        cluster_name: str,
        rules: Sequence[MonitorAlertPrometheusRuleGroupRule],
    ) -> None:
        super().__init__(scope, construct_id)
        MonitorAlertPrometheusRuleGroup(
            self,
            "Default",
            name=place.names.of("prg", construct_id.replace("_", "-")),
            cluster_name=cluster_name,
            scopes=[metrics_id],
            interval="PT1M",
            rule_group_enabled=True,
            rule=list(rules),
            **place.at,
        )


def alert_rule(
    alert: PrometheusAlert, *, action_group_ids: Sequence[str], runbooks: str | None
) -> MonitorAlertPrometheusRuleGroupRule:
    """Return the rule that tells the action groups of an alert."""
    return MonitorAlertPrometheusRuleGroupRule(
        alert=alert.name,
        expression=alert.expression,
        for_=f"PT{alert.for_minutes}M" if alert.for_minutes else None,
        severity=alert.severity,
        enabled=True,
        annotations={"summary": alert.summary, "remedy": alert.remedy(runbooks)},
        action=[
            MonitorAlertPrometheusRuleGroupRuleAction(action_group_id=group_id)
            for group_id in action_group_ids
        ],
        alert_resolution=MonitorAlertPrometheusRuleGroupRuleAlertResolution(
            auto_resolved=True, time_to_resolve="PT10M"
        ),
    )


def recording_rule(recording: Recording) -> MonitorAlertPrometheusRuleGroupRule:
    """Return the rule that computes a series."""
    return MonitorAlertPrometheusRuleGroupRule(
        record=recording.record, expression=recording.expression, enabled=True
    )


def add_metric_alert(
    scope: Construct,
    alert: MetricAlert,
    *,
    place: Place,
    resource_id: str,
    action_group_ids: Sequence[str],
    runbooks: str | None,
) -> None:
    """Watch a metric that Azure itself measures on one resource."""
    MonitorMetricAlert(
        scope,
        alert.name,
        name=place.names.of("alert", alert.name),
        description=f"{alert.summary} {alert.remedy(runbooks)}",
        resource_group_name=place.resource_group_name,
        scopes=[resource_id],
        severity=alert.severity,
        frequency="PT5M",
        window_size="PT15M",
        criteria=[
            MonitorMetricAlertCriteria(
                metric_namespace=alert.metric_namespace,
                metric_name=alert.metric_name,
                aggregation=alert.aggregation,
                operator=alert.operator,
                threshold=alert.threshold,
                dimension=[
                    MonitorMetricAlertCriteriaDimension(
                        name=name, operator="Include", values=[value]
                    )
                    for name, value in alert.dimensions.items()
                ]
                or None,
            )
        ],
        action=[MonitorMetricAlertAction(action_group_id=one) for one in action_group_ids],
    )


def add_service_health_alert(
    scope: Construct,
    *,
    place: Place,
    subscription_id: str,
    action_group_ids: Sequence[str],
    runbooks: str | None,
) -> None:
    """Tell of Azure's own incidents and planned works: is it us, or is it Azure?

    `runbooks` is the address of the published documentation; None names the page's file.
    """
    MonitorActivityLogAlert(
        scope,
        "service_health",
        name=place.names.of("alert", "service-health"),
        description="Azure reports an incident, a planned work or an advisory. See Service Health. "
        + runbook("how-to/operate/service-health", runbooks),
        resource_group_name=place.resource_group_name,
        location="global",
        scopes=[f"/subscriptions/{subscription_id}"],
        criteria=MonitorActivityLogAlertCriteria(
            category="ServiceHealth",
            service_health=MonitorActivityLogAlertCriteriaServiceHealth(
                events=["Incident", "Maintenance", "ActionRequired", "Security"]
            ),
        ),
        action=[MonitorActivityLogAlertAction(action_group_id=one) for one in action_group_ids],
    )


def add_backup_alerts(
    scope: Construct,
    *,
    place: Place,
    vault_id: str,
    action_group_ids: Sequence[str],
    runbooks: str | None,
) -> None:
    """Tell of failed backups and restores: the vault raises these alerts itself, and mails nobody.

    The mail is the vault's own: it cannot name our page, the rule in the portal does.
    ("Manage Azure Monitor based alerts for Azure Backup", learn.microsoft.com)
    """
    MonitorAlertProcessingRuleActionGroup(
        scope,
        "backup_alerts",
        name=place.names.of("apr", "backup"),
        description="A backup or a restore of the cluster failed. See the vault's Backup jobs. "
        + runbook("how-to/operate/backup-failed", runbooks),
        resource_group_name=place.resource_group_name,
        scopes=[vault_id],
        add_action_group_ids=list(action_group_ids),
    )


def silence_asleep(
    scope: Construct, *, place: Place, hibernation: Hibernation, scopes: Sequence[str]
) -> None:
    """Mail nobody while an environment is stopped by its schedule, and for an hour after its start.

    Times are of the schedule's zone; a night is two parts, for a day of the rule ends at midnight.
    ("Alert processing rules", learn.microsoft.com)
    """
    weekly = MonitorAlertProcessingRuleSuppressionScheduleRecurrenceWeekly
    days = list(hibernation.days)
    parts = [
        weekly(
            days_of_week=days,
            start_time="00:00:00",
            end_time=f"{hibernation.start_hour + 1:02}:00:00",
        ),
        weekly(
            days_of_week=days,
            start_time=f"{hibernation.stop_hour:02}:00:00",
            end_time="23:59:59",
        ),
    ]
    if hibernation.nights:
        whole = weekly(
            days_of_week=list(hibernation.nights), start_time="00:00:00", end_time="23:59:59"
        )
        parts.append(whole)
    MonitorAlertProcessingRuleSuppression(
        scope,
        "asleep",
        name=place.names.of("apr", "asleep"),
        description="The environment is stopped at these hours, by [hibernation] of its file.",
        resource_group_name=place.resource_group_name,
        scopes=list(scopes),
        schedule=MonitorAlertProcessingRuleSuppressionSchedule(
            time_zone=WINDOWS_NAMES[hibernation.time_zone],
            recurrence=MonitorAlertProcessingRuleSuppressionScheduleRecurrence(weekly=parts),
        ),
    )
