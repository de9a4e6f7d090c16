"""A private endpoint: one service of one resource, on an address of our own network."""

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_azurerm.private_endpoint import (
    PrivateEndpoint,
    PrivateEndpointPrivateDnsZoneGroup,
    PrivateEndpointPrivateServiceConnection,
)
from constructs import Construct

from constructs_lib.place import Place, PrivateLink


def add_private_endpoint(
    scope: Construct,
    construct_id: str,
    *,
    place: Place,
    link: PrivateLink,
    resource_id: str,
    subresource: str,
    role: str | None = None,
) -> PrivateEndpoint:
    """Create the endpoint and its record in the private DNS zone; return what to wait for.

    Without a zone the group of the record is a policy's: it comes after the endpoint, and
    Terraform must not take it away (learn.microsoft.com: "Private Link and DNS integration at
    scale").

    `subresource` is Azure's name of the service within the resource, as `blob` or `vault`
    (learn.microsoft.com: "Private-link resource"). `role` names the endpoint, and is the id's when
    left out: two of one name do not fit into a resource group.
    """
    role = (role or construct_id.removesuffix("_endpoint")).replace("_", "-")
    return PrivateEndpoint(
        scope,
        construct_id,
        name=place.names.of("pep", role),
        custom_network_interface_name=place.names.of("nic", role),
        subnet_id=link.subnet_id,
        private_service_connection=PrivateEndpointPrivateServiceConnection(
            name=subresource,
            private_connection_resource_id=resource_id,
            subresource_names=[subresource],
            is_manual_connection=False,
        ),
        private_dns_zone_group=PrivateEndpointPrivateDnsZoneGroup(
            name="default", private_dns_zone_ids=[link.dns_zone_id]
        )
        if link.dns_zone_id
        else None,
        lifecycle=None
        if link.dns_zone_id
        else TerraformResourceLifecycle(ignore_changes=["private_dns_zone_group"]),
        **place.at,
    )
