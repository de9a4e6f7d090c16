"""Flow logs of a virtual network, and the storage account that keeps them."""

from cdktf_cdktf_provider_azurerm.network_watcher_flow_log import (
    NetworkWatcherFlowLog,
    NetworkWatcherFlowLogRetentionPolicy,
)
from cdktf_cdktf_provider_azurerm.virtual_network import VirtualNetwork
from constructs import Construct

from constructs_lib.closed_account import closed_account
from constructs_lib.place import Place


class FlowLog(Construct):
    """Records who talks to whom in a virtual network.

    Azure keeps one network watcher a region and subscription, made with the first network. The
    account has no hierarchical namespace, which flow logs refuse, and keeps its keys switched on:
    Network Watcher writes with them (learn.microsoft.com: "Virtual network flow logs").
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        network: VirtualNetwork,
        retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.storage_account_id = closed_account(
            self,
            "storage_account",
            place=place,
            abbreviation="stfl",
            replication="LRS",
            keys_enabled=True,
        ).id
        NetworkWatcherFlowLog(
            self,
            "Default",
            name=place.names.of("fl"),
            network_watcher_name=f"NetworkWatcher_{place.location}",
            resource_group_name="NetworkWatcherRG",
            location=place.location,
            target_resource_id=network.id,
            storage_account_id=self.storage_account_id,
            enabled=True,
            version=2,
            retention_policy=NetworkWatcherFlowLogRetentionPolicy(
                enabled=True, days=retention_days
            ),
        )
