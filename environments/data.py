"""The `[storage]`, `[postgres]` and `[key_vault]` tables: what holds data."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, WithJsonSchema, field_validator

from conventions.weekdays import Weekday
from environments.facts import POSTGRES_EXTENSIONS, POSTGRES_STORAGE_GIB, REGIONS
from environments.types import (
    ACCENTED,
    PostgresSku,
    Section,
    Text,
    Uuid,
    VaultId,
    Zone,
    one_of,
    refuse,
)

GroupName = Annotated[
    str,
    Text(
        rf"[\w{ACCENTED}][\w{ACCENTED} .-]{{0,62}}",
        "1 to 63 letters, digits, spaces, . _ -",
        "sg-data-platform",
    ),
]


class Storage(Section):
    """The ADLS Gen2 account; with a hierarchical namespace Azure refuses blob versioning."""

    replication: Annotated[
        Literal["LRS", "ZRS", "GRS", "GZRS", "RAGRS", "RAGZRS"],
        Field(description="copies of the data: local, zones, paired region"),
    ] = "ZRS"
    soft_delete_days: Annotated[
        int, Field(ge=7, le=365, description="days a deleted blob or container can be restored")
    ] = 14
    log_retention_days: Annotated[
        int, Field(ge=7, le=3650, description="days after which task logs are deleted")
    ] = 90
    cool_after_days: Annotated[
        int, Field(ge=30, le=3650, description="days without change until data moves to cool tier")
    ] = 60
    customer_managed_key: Annotated[
        bool, Field(description="encrypt with a key of our own in Key Vault")
    ] = False


Extension = Annotated[
    str,
    AfterValidator(
        one_of(
            "an extension of the server",
            POSTGRES_EXTENSIONS,
            "learn.microsoft.com: List of extensions and modules by name",
        )
    ),
    WithJsonSchema({"type": "string", "enum": sorted(POSTGRES_EXTENSIONS)}),
]


class Maintenance(Section):
    """A weekly window, in UTC."""

    day: Annotated[Weekday, Field(description="day of the week")] = "Sunday"
    start_hour: Annotated[int, Field(ge=0, le=23, description="hour of the day, UTC")] = 2


class Postgres(Section):
    """Azure Database for PostgreSQL Flexible Server, for Airflow and for the dbt warehouse."""

    version: Annotated[
        Literal["14", "15", "16", "17", "18"], Field(description="major version")
    ] = "16"
    sku_name: Annotated[PostgresSku, Field(description="tier and size")]
    storage_gib: Annotated[
        int,
        Field(
            description="size of the disk in GiB to begin with; it grows by itself",
            json_schema_extra={"enum": list(POSTGRES_STORAGE_GIB)},
        ),
    ] = 32
    high_availability: Annotated[
        Literal["Disabled", "SameZone", "ZoneRedundant"],
        Field(description="standby server: none, in the same zone, in another zone"),
    ] = "Disabled"
    extensions: Annotated[
        tuple[Extension, ...],
        Field(
            strict=False,
            description="extensions that owners of a database may create, beside those of this "
            "project",
        ),
    ] = ()
    zone: Annotated[Zone, Field(description="availability zone of the primary")] = "1"
    standby_zone: Annotated[Zone, Field(description="availability zone of the standby")] = "2"
    backup_retention_days: Annotated[
        int, Field(ge=7, le=35, description="days of point-in-time restore")
    ] = 7
    geo_redundant_backup: Annotated[
        bool, Field(description="copy backups to the paired region; cannot be changed later")
    ] = False
    pgbouncer: Annotated[bool, Field(description="built-in connection pooler")] = False
    customer_managed_key: Annotated[
        bool, Field(description="encrypt with a key of our own in Key Vault")
    ] = False
    maintenance: Annotated[Maintenance, Field(description="when Azure may restart")] = Maintenance()
    administrators: Annotated[
        dict[GroupName, Uuid],
        Field(
            default_factory=dict,
            description="Entra groups that administer the server: display name = object id",
        ),
    ]

    @field_validator("storage_gib")
    @classmethod
    def _disk_size(cls, size: int) -> int:
        if size not in POSTGRES_STORAGE_GIB:
            sizes = ", ".join(map(str, POSTGRES_STORAGE_GIB))
            larger = min(
                (s for s in POSTGRES_STORAGE_GIB if s >= size), default=POSTGRES_STORAGE_GIB[-1]
            )
            refuse("not a disk size of Flexible Server", allowed=sizes, fix=f"set {larger}")
        return size

    @field_validator("high_availability")
    @classmethod
    def _ha(cls, mode: str, info: ValidationInfo) -> str:
        if mode != "Disabled" and _is_burstable(info):
            refuse(
                f"not offered on the burstable {info.data['sku_name']}",
                allowed='"Disabled" with a B_ SKU; any mode with GP_ or MO_',
                fix='set high_availability = "Disabled", or sku_name = "GP_Standard_D2ds_v5"',
            )
        return mode

    @field_validator("standby_zone")
    @classmethod
    def _standby(cls, zone: str, info: ValidationInfo) -> str:
        if info.data.get("high_availability") == "ZoneRedundant" and zone == info.data.get("zone"):
            refuse(
                "the zone of the primary",
                allowed="another zone than postgres.zone when ZoneRedundant",
                fix='set it to "2"' if zone != "2" else 'set it to "1"',
            )
        return zone

    @field_validator("pgbouncer")
    @classmethod
    def _pooler(cls, wanted: bool, info: ValidationInfo) -> bool:
        if wanted and _is_burstable(info):
            refuse(
                "the burstable tier has no built-in PgBouncer",
                allowed="true with a GP_ or MO_ SKU only",
                fix="set pgbouncer = false, or choose a GP_ SKU",
            )
        return wanted

    @field_validator("administrators")
    @classmethod
    def _each_once(cls, groups: dict[str, str]) -> dict[str, str]:
        names = [name.casefold().replace(" ", "_") for name in groups]
        if "migrations" in names:
            refuse(
                "migrations is the identity of Airflow's own migrations",
                allowed="display names of Entra groups",
                fix="rename the group in Entra ID",
            )
        if len(set(names)) < len(names) or len(set(groups.values())) < len(groups):
            refuse(
                "names a group twice",
                allowed="each display name and each object id once",
                fix="delete the second one",
            )
        return groups


def refuse_in_region(postgres: Postgres, location: str) -> None:
    """Refuse a server that its region, or the region paired with it, cannot have."""
    region = REGIONS.get(location)
    if region and postgres.high_availability == "ZoneRedundant" and not region.zones:
        refuse(
            f'high_availability = "ZoneRedundant" needs availability zones, and {location} '
            "has none",
            allowed='"Disabled" or "SameZone"',
            fix='set postgres.high_availability = "SameZone", or move to a region with zones',
        )
    if postgres.geo_redundant_backup and postgres.customer_managed_key:
        refuse(
            "geo_redundant_backup and customer_managed_key at once need a second vault in the "
            "paired region, which this project does not build",
            allowed="one of the two",
            fix="set postgres.customer_managed_key = false, or geo_redundant_backup = false",
        )
    if region and postgres.geo_redundant_backup and region.pair is None:
        refuse(
            f"geo_redundant_backup needs a paired region, and {location} has none",
            allowed="geo_redundant_backup = false there",
            fix="set postgres.geo_redundant_backup = false, or move to a paired region",
        )


class KeyVault(Section):
    """The vault of secrets and keys; purge protection is always on, so its name stays reserved.

    A vault of another team is neither made nor changed: docs/how-to/use-a-landing-zone.md.
    """

    given_id: Annotated[
        VaultId | None,
        Field(
            description="a vault of another team for Airflow's secrets and the encryption keys, in "
            "place of one of our own; premium, with RBAC and purge protection"
        ),
    ] = None

    soft_delete_retention_days: Annotated[
        int,
        Field(
            ge=7,
            le=90,
            description="days a deleted vault or secret can be restored; cannot be changed later",
        ),
    ] = 90
    secrets_version: Annotated[
        int,
        Field(
            ge=1,
            description="raise by one to replace the signing secrets and Redis's password: running "
            "tasks are tried again, people sign in again, and pods are started again by hand. The "
            "Fernet key stays: docs/how-to/operate/rotate-keys.md",
        ),
    ] = 1
    expire_on: Annotated[
        Annotated[
            str,
            Text(
                r"20\d\d-(0[1-9]|1[0-2])-(0[1-9]|1\d|2[0-8])",
                "a day up to the 28th of a month, YYYY-MM-DD",
                "2027-12-01",
            ),
        ]
        | None,
        Field(
            description="day by which secrets are to be replaced; Key Vault warns of it, and "
            "they stay readable after it. Once set it can be moved, not deleted: azurerm takes no "
            "end from a secret, and each plan would say so"
        ),
    ] = None


def _is_burstable(info: ValidationInfo) -> bool:
    """Whether the SKU is Burstable, the tier that lacks what production needs."""
    return str(info.data.get("sku_name", "")).startswith("B_")
