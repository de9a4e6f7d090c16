"""Where logs and metrics go, who is notified, and which dashboards show them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from cdktf_cdktf_provider_azurerm.dashboard_grafana import (
    DashboardGrafana,
    DashboardGrafanaAzureMonitorWorkspaceIntegrations,
    DashboardGrafanaIdentity,
)
from cdktf_cdktf_provider_azurerm.log_analytics_workspace import LogAnalyticsWorkspace
from cdktf_cdktf_provider_azurerm.monitor_data_collection_rule_association import (
    MonitorDataCollectionRuleAssociation,
)
from cdktf_cdktf_provider_azurerm.monitor_diagnostic_setting import (
    MonitorDiagnosticSetting,
    MonitorDiagnosticSettingEnabledLog,
    MonitorDiagnosticSettingEnabledMetric,
)
from cdktf_cdktf_provider_azurerm.monitor_workspace import MonitorWorkspace
from constructs import Construct

from constructs_lib.action_group import create_action_group
from constructs_lib.grant import grant
from constructs_lib.place import Place
from environments.monitoring import Monitoring

# Azure makes no new 11 since June 2026; azurerm 4.81 knows no 13 (tools/calendar/facts.toml)
GRAFANA_MAJOR_VERSION = "12"


@dataclass(frozen=True)
class Workspace:
    """A Log Analytics workspace: Azure's id, its own id, and where it lies."""

    id: str
    customer_id: str
    location: str


class Observability(Construct):
    """A Log Analytics workspace, a Prometheus workspace, whom alerts reach, and optionally Grafana.

    An Azure Monitor workspace brings its own data collection endpoint and rule, which clusters are
    associated with (learn.microsoft.com: "Azure Monitor workspace overview").
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        settings: Monitoring,
        grafana_admin_groups: Sequence[str],
        zone_redundant: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self.logs = self._logs(place, settings)
        # rules on its metrics lie where the workspace lies
        self.metrics_place = replace(place, location=settings.location or place.location)
        self.metrics = MonitorWorkspace(
            self, "prometheus", name=place.names.of("amw"), **self.metrics_place.at
        )
        self.metrics_id = self.metrics.id
        own = create_action_group(
            self,
            "action_group",
            place=place,
            emails=settings.alert_emails,
            sms=settings.alert_sms,
            webhooks=settings.alert_webhooks,
        )
        self.action_group_ids = (own.id, *settings.alert_action_groups)
        self.grafana_id: str | None = None
        if settings.grafana:
            self._grafana(self.metrics_place, grafana_admin_groups, zone_redundant=zone_redundant)

    def _logs(self, place: Place, settings: Monitoring) -> Workspace:
        if given := settings.given_workspace:
            return Workspace(given.id, given.customer_id, given.location or place.location)
        made = LogAnalyticsWorkspace(
            self,
            "log_analytics",
            name=place.names.of("log"),
            sku="PerGB2018",
            retention_in_days=settings.log_retention_days,
            local_authentication_enabled=False,
            **place.at,
        )
        return Workspace(made.id, made.workspace_id, place.location)

    def _grafana(self, place: Place, admin_groups: Sequence[str], *, zone_redundant: bool) -> None:
        grafana = DashboardGrafana(
            self,
            "grafana",
            name=place.names.of("graf"),  # at most 23 characters, by the model's limits
            grafana_major_version=GRAFANA_MAJOR_VERSION,
            sku="Standard",
            api_key_enabled=False,
            zone_redundancy_enabled=zone_redundant,
            identity=DashboardGrafanaIdentity(type="SystemAssigned"),
            azure_monitor_workspace_integrations=[
                DashboardGrafanaAzureMonitorWorkspaceIntegrations(resource_id=self.metrics_id)
            ],
            **place.at,
        )
        self.grafana_id = grafana.id
        grant(
            self,
            "grafana_reads_metrics",
            role="Monitoring Data Reader",
            on=self.metrics_id,
            to=grafana.identity.principal_id,
        )
        for position, group in enumerate(admin_groups):
            grant(
                self,
                f"grafana_admin_{position}",
                role="Grafana Admin",
                on=grafana.id,
                to=group,
                principal_type="Group",
            )

    def scrape(self, cluster_id: str) -> None:
        """Send the metrics of a cluster to the Prometheus workspace."""
        MonitorDataCollectionRuleAssociation(
            self,
            "prometheus_rule",
            name="prometheus",
            target_resource_id=cluster_id,
            data_collection_rule_id=self.metrics.default_data_collection_rule_id,
        )
        MonitorDataCollectionRuleAssociation(
            self,
            "prometheus_endpoint",
            target_resource_id=cluster_id,
            data_collection_endpoint_id=self.metrics.default_data_collection_endpoint_id,
        )


@dataclass(frozen=True, kw_only=True)
class Diagnosed:
    """A resource whose logs and metrics are kept.

    Attributes:
        role: a part of the state address.
        resource_id: Azure's id of it.
        logs: categories of logs; None for all ("Supported logs and metrics with Azure Monitor").
        metrics: categories of metrics.
        dedicated: fill tables of the resource's own type, where the service offers the choice.
    """

    role: str
    resource_id: str
    logs: Sequence[str] | None = None
    metrics: Sequence[str] = ("AllMetrics",)
    dedicated: bool = False


def send_diagnostics(scope: Construct, diagnosed: Diagnosed, *, workspace_id: str) -> None:
    """Send a resource's logs and metrics to Log Analytics."""
    enabled = (
        [MonitorDiagnosticSettingEnabledLog(category_group="allLogs")]
        if diagnosed.logs is None
        else [MonitorDiagnosticSettingEnabledLog(category=name) for name in diagnosed.logs]
    )
    MonitorDiagnosticSetting(
        scope,
        f"{diagnosed.role}_diagnostics",
        name="to-log-analytics",
        target_resource_id=diagnosed.resource_id,
        log_analytics_workspace_id=workspace_id,
        log_analytics_destination_type="Dedicated" if diagnosed.dedicated else None,
        enabled_log=enabled,
        enabled_metric=[
            MonitorDiagnosticSettingEnabledMetric(category=name) for name in diagnosed.metrics
        ]
        or None,
    )
