"""Azure Container Registry: private, without an administrator, kept clean."""

from cdktf_cdktf_provider_azurerm.container_registry import (
    ContainerRegistry,
    ContainerRegistryGeoreplications,
)
from constructs import Construct

from constructs_lib.place import Place, PrivateLink
from constructs_lib.private_endpoint import add_private_endpoint
from constructs_lib.protection import guarded
from environments.facts import REGIONS
from environments.registry import Registry


class ImageRegistry(Construct):
    """A Premium registry, the only tier with private endpoints.

    Images do not leave it by export, and untagged ones are deleted after a while
    (learn.microsoft.com: "Set a retention policy for untagged manifests").
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        settings: Registry,
        link: PrivateLink,
    ) -> None:
        super().__init__(scope, construct_id)
        name = place.names.unique("cr")
        self.host = f"{name}.azurecr.io"  # known before Azure says so, as policies must be read
        self.registry = ContainerRegistry(
            self,
            "Default",
            name=name,
            sku="Premium",
            admin_enabled=False,
            anonymous_pull_enabled=False,
            public_network_access_enabled=False,
            export_policy_enabled=False,
            network_rule_bypass_option="AzureServices",
            zone_redundancy_enabled=REGIONS[place.location].zones,
            data_endpoint_enabled=True,
            retention_policy_in_days=settings.retention_days,
            georeplications=[
                ContainerRegistryGeoreplications(
                    location=region, zone_redundancy_enabled=REGIONS[region].zones
                )
                for region in settings.geo_replications
            ]
            or None,
            lifecycle=guarded(protect=place.protect),
            **place.at,
        )
        self.id = self.registry.id
        add_private_endpoint(
            self,
            "registry_endpoint",
            place=place,
            link=link,
            resource_id=self.id,
            subresource="registry",
        )
