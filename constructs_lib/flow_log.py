"""Flow logs of a virtual network, and the storage account that keeps them."""

from cdktf_cdktf_provider_azurerm.network_watcher_flow_log import (
    NetworkWatcherFlowLog,
    NetworkWatcherFlowLogRetentionPolicy,
    NetworkWatcherFlowLogTrafficAnalytics,
)
from constructs import Construct

from constructs_lib.key_vault import KeyReference
from constructs_lib.observability import Workspace
from constructs_lib.place import Place
from constructs_lib.storage_account import create_closed_account


class FlowLog(Construct):
    """Records who talks to whom in a virtual network.

    Azure keeps one network watcher a region and subscription, made with the first network. The
    account has no hierarchical namespace, which flow logs refuse, and keeps its keys switched on:
    Network Watcher writes with them (learn.microsoft.com: "Virtual network flow logs"), and
    azurerm 4.81 cannot give a flow log the identity that Azure takes instead. The keys lie in the
    state, so the account has no private endpoint: no network leads to it, and trusted services
    alone get in. Traffic analytics is one, and makes tables of the logs every hour.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        network_id: str,
        retention_days: int,
        replication: str,
        key: KeyReference | None,
        logs: Workspace,
    ) -> None:
        super().__init__(scope, construct_id)
        self.storage_account_id = create_closed_account(
            self,
            "storage_account",
            place=place,
            abbreviation="stfl",
            replication=replication,
            key=key,
            keys_enabled=True,
        ).id
        NetworkWatcherFlowLog(
            self,
            "Default",
            name=place.names.of("fl"),
            network_watcher_name=f"NetworkWatcher_{place.location}",
            resource_group_name="NetworkWatcherRG",
            location=place.location,
            target_resource_id=network_id,
            storage_account_id=self.storage_account_id,
            enabled=True,
            version=2,
            traffic_analytics=NetworkWatcherFlowLogTrafficAnalytics(
                enabled=True,
                workspace_id=logs.customer_id,
                workspace_region=logs.location,
                workspace_resource_id=logs.id,
                interval_in_minutes=60,
            ),
            retention_policy=NetworkWatcherFlowLogRetentionPolicy(
                enabled=True, days=retention_days
            ),
        )
