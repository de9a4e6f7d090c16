"""Agents of Azure DevOps: pools of machines that run one job each and are thrown away."""

from collections.abc import Mapping

from cdktf_cdktf_provider_azuread.data_azuread_service_principal import (
    DataAzureadServicePrincipal,
)
from cdktf_cdktf_provider_azurerm.dev_center import DevCenter
from cdktf_cdktf_provider_azurerm.dev_center_project import DevCenterProject
from constructs import Construct

from constructs_lib.beyond_bindings import AzureResource
from constructs_lib.grant import grant
from constructs_lib.place import Place

# What Microsoft's service signs in as, in every tenant (learn.microsoft.com: "Configure Managed
# DevOps Pools networking")
DEVOPS_INFRASTRUCTURE = "31687f79-5e43-4c1e-8c63-d9f4bff5cf8b"
JOINS_SUBNETS = ("Reader", "Network Contributor")
DELEGATED_TO = "Microsoft.DevOpsInfrastructure/pools"


class AgentPools(Construct):
    """Managed DevOps Pools, each in a subnet of its own that is delegated to them.

    They register themselves with the organization; a scale set would want a form for each pool,
    and a connection that may change it. The bindings do not know them, azurerm 4.81 does. Whoever
    makes one needs *Administrator* of the organization's agent pools.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        organization: str,
        project: str,
        vm_size: str,
        maximum: int,
        image_id: str | None,
        network_id: str,
        subnet_ids: Mapping[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        center = DevCenter(self, "dev_center", name=place.names.of("dc"), **place.at)
        owner = DevCenterProject(
            self,
            "dev_center_project",
            name=place.names.of("dcp"),
            dev_center_id=center.id,
            **place.at,
        )
        service = DataAzureadServicePrincipal(self, "service", client_id=DEVOPS_INFRASTRUCTURE)
        joins = [
            grant(
                self, role.lower().replace(" ", "_"), role=role, on=network_id, to=service.object_id
            )
            for role in JOINS_SUBNETS
        ]
        image = {"id": image_id} if image_id else {"well_known_image_name": "ubuntu-24.04/latest"}
        for name, subnet_id in subnet_ids.items():
            AzureResource(
                self,
                name.replace("-", "_"),
                type_="azurerm_managed_devops_pool",
                arguments={
                    "name": name,
                    "resource_group_name": place.resource_group_name,
                    "location": place.location,
                    "dev_center_project_id": owner.id,
                    "maximum_concurrency": maximum,
                    "azure_devops_organization": {
                        "organization": [
                            {"url": organization, "projects": [project], "parallelism": maximum}
                        ],
                        "permission": {"kind": "Inherit"},
                    },
                    "stateless_agent": {},
                    "virtual_machine_scale_set_fabric": {
                        "sku_name": vm_size,
                        "image": [image],
                        "subnet_id": subnet_id,
                    },
                },
                depends_on=joins,
            )
