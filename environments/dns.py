"""The `[network.dns]` table: whose private DNS zones hold our names, and who answers for them."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from environments.types import EACH_ONCE, Address, PrivateDnsZoneId, Section, refuse

# learn.microsoft.com: "Azure Private Endpoint private DNS zone values"
ENDPOINT_ZONES: Mapping[str, str] = MappingProxyType(
    {
        "blob": "privatelink.blob.core.windows.net",
        "dfs": "privatelink.dfs.core.windows.net",
        "key_vault": "privatelink.vaultcore.azure.net",
        "registry": "privatelink.azurecr.io",
    }
)
POSTGRES_SUFFIX = ".postgres.database.azure.com"
# learn.microsoft.com: "Create a private AKS cluster", "Configure a private DNS zone"
LONGEST_SUBZONE = 32


def cluster_zone(location: str) -> str:
    """Return the zone of every API server of a region that lies in a subnet.

    Not `privatelink.`: an API server by VNet integration has no private link.
    """
    return f"private.{location}.azmk8s.io"


class Dns(Section):
    """Private DNS zones: each is ours unless its id stands here, or a policy writes the records.

    A given zone is not made. Its owner links it with the networks that must resolve it, or the
    name servers do, or `links_given` lets this environment link it with its own network.
    """

    policy_writes_records: Annotated[
        bool,
        Field(
            description="an Azure Policy of the company writes the records of private endpoints: "
            "no zone of ours for them, and what the policy adds stays"
        ),
    ] = False
    blob: Annotated[
        PrivateDnsZoneId | None, Field(description="zone of the storage accounts' blob endpoints")
    ] = None
    dfs: Annotated[
        PrivateDnsZoneId | None, Field(description="zone of the data lake's dfs endpoint")
    ] = None
    key_vault: Annotated[
        PrivateDnsZoneId | None, Field(description="zone of the vault's endpoint")
    ] = None
    registry: Annotated[
        PrivateDnsZoneId | None, Field(description="zone of the registry's endpoint")
    ] = None
    postgres: Annotated[
        PrivateDnsZoneId | None,
        Field(description=f"zone of the database server; its name ends in {POSTGRES_SUFFIX}"),
    ] = None
    aks: Annotated[
        PrivateDnsZoneId | None,
        Field(
            description="zone of the API server: private.<region>.azmk8s.io or a subzone of it; "
            "another one is a new cluster"
        ),
    ] = None
    links_given: Annotated[
        bool,
        Field(
            description="link the given zones with the environment's network; the deployer may, "
            "where the seed made them. false: their owner links them"
        ),
    ] = False
    servers: Annotated[
        tuple[Address, ...],
        Field(
            strict=False,
            max_length=20,  # learn.microsoft.com: "Azure networking limits"
            description="name servers of the network; none: Azure's own",
        ),
        EACH_ONCE,
    ] = ()

    @property
    def given(self) -> dict[str, str]:
        """The id of each zone of somebody else, by role: the name of its key in this table."""
        roles = (*ENDPOINT_ZONES, "postgres", "aks")
        return {role: zone for role in roles if (zone := getattr(self, role)) is not None}

    @property
    def endpoint_zones(self) -> Mapping[str, str]:
        """Name of each zone of private endpoints that is ours to make, by role."""
        return {
            role: name
            for role, name in ENDPOINT_ZONES.items()
            if role not in self.given and not self.policy_writes_records
        }

    @field_validator(*ENDPOINT_ZONES)
    @classmethod
    def _endpoints(cls, zone: str | None, info: ValidationInfo) -> str | None:
        if zone is None:
            return zone
        if info.data.get("policy_writes_records"):
            refuse(
                "without effect while network.dns.policy_writes_records = true",
                allowed="either zones by id, or the policy",
                fix="delete it, or set policy_writes_records = false",
            )
        expected = ENDPOINT_ZONES[str(info.field_name)]
        if zone_name(zone) != expected:
            refuse(
                "a zone of another name: Azure's services are found in one zone only",
                allowed=f"the id of a zone {expected}",
                fix=f"give the id that ends in /{expected}",
            )
        return zone

    @field_validator("postgres")
    @classmethod
    def _postgres(cls, zone: str | None) -> str | None:
        if zone is not None and not zone_name(zone).endswith(POSTGRES_SUFFIX):
            refuse(
                "a zone of another name: Azure refuses it for a database server",
                allowed=f"the id of a zone whose name ends in {POSTGRES_SUFFIX}",
                fix=f"give the id of one as airflow.private{POSTGRES_SUFFIX}",
            )
        return zone

    @field_validator("links_given")
    @classmethod
    def _of_others(cls, links: bool, info: ValidationInfo) -> bool:
        zones = (info.data.get(role) for role in (*ENDPOINT_ZONES, "postgres", "aks"))
        if links and not any(zones):
            refuse(
                "without effect where no zone is given: our own are linked",
                allowed="links_given beside a zone by id",
                fix="delete links_given, or give the zones",
            )
        return links


def zone_name(zone_id: str) -> str:
    """Return the name of a zone in lower case: Azure's names ignore the case."""
    return zone_id.rsplit("/", 1)[1].lower()


def refuse_foreign_cluster_zone(dns: Dns, location: str) -> None:
    """Refuse a zone that AKS does not accept for an API server in `location`."""
    if dns.aks is None:
        return
    name, whole = zone_name(dns.aks), cluster_zone(location)
    if name == whole:
        return
    subzone = name.removesuffix(f".{whole}")
    if subzone == name:
        refuse(
            f"dns.aks = {name} is no zone of API servers in {location}",
            allowed=f"{whole}, or <subzone>.{whole}",
            fix=f"give the id of a zone as airflow.{whole}; privatelink. is for another kind",
        )
    if not re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", subzone):
        refuse(
            f"dns.aks has the subzone {subzone}, which is not one label",
            allowed=f"letters, digits and - in front of .{whole}",
            fix="give a zone one level below",
        )
    if len(subzone) > LONGEST_SUBZONE:
        refuse(
            f"dns.aks has the subzone {subzone}, {len(subzone)} characters, "
            f"{len(subzone) - LONGEST_SUBZONE} too many",
            allowed=f"a subzone of at most {LONGEST_SUBZONE} characters",
            fix="make a zone of a shorter name, and give its id",
        )
