"""Azure Database for PostgreSQL Flexible Server: private, and opened by Entra ID only."""

from typing import Any

from cdktf_cdktf_provider_azurerm.postgresql_flexible_server import (
    PostgresqlFlexibleServer,
    PostgresqlFlexibleServerAuthentication,
    PostgresqlFlexibleServerCustomerManagedKey,
    PostgresqlFlexibleServerHighAvailability,
    PostgresqlFlexibleServerIdentity,
    PostgresqlFlexibleServerMaintenanceWindow,
)
from cdktf_cdktf_provider_azurerm.postgresql_flexible_server_configuration import (
    PostgresqlFlexibleServerConfiguration,
)
from cdktf_cdktf_provider_azurerm.postgresql_flexible_server_database import (
    PostgresqlFlexibleServerDatabase,
)
from constructs import Construct

from constructs_lib.key_vault import KeyReference
from constructs_lib.place import Place
from constructs_lib.protection import guarded
from conventions.databases import DATABASES
from conventions.weekdays import WEEKDAYS
from environments.data import Postgres
from environments.facts import PRELOADED_BY_AZURE, PRELOADED_EXTENSIONS, REGIONS

EXTENSIONS = ("btree_gin", "btree_gist", "pg_stat_statements", "pg_trgm")
PARAMETERS = {
    "require_secure_transport": "on",
    "ssl_min_protocol_version": "TLSv1.2",
    "connection_throttle.enable": "on",
    "log_checkpoints": "on",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_lock_waits": "on",
    "log_min_duration_statement": "5000",
}


class PostgresServer(Construct):
    """A server in a delegated subnet, with its databases and parameters.

    There is no administrator password: Entra administrators are named in the identity stack.
    Terraform does not hold to what Azure moves: the zone, since a failover swaps primary and
    standby, and the size of the disk, which grows by itself and which Terraform could only shrink
    by a new server (learn.microsoft.com: "High availability in Azure Database for PostgreSQL").
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        place: Place,
        settings: Postgres,
        tenant_id: str,
        subnet_id: str,
        dns_zone_id: str,
        key: KeyReference | None,
    ) -> None:
        super().__init__(scope, construct_id)
        zonal = REGIONS[place.location].zones
        self.server = PostgresqlFlexibleServer(
            self,
            "Default",
            name=place.names.unique_dns("psql"),
            version=settings.version,
            sku_name=settings.sku_name,
            storage_mb=settings.storage_gib * 1024,
            auto_grow_enabled=True,
            zone=settings.zone if zonal else None,
            high_availability=_standby(settings),
            delegated_subnet_id=subnet_id,
            private_dns_zone_id=dns_zone_id,
            public_network_access_enabled=False,
            authentication=PostgresqlFlexibleServerAuthentication(
                active_directory_auth_enabled=True,
                password_auth_enabled=False,
                tenant_id=tenant_id,
            ),
            backup_retention_days=settings.backup_retention_days,
            geo_redundant_backup_enabled=settings.geo_redundant_backup,
            maintenance_window=PostgresqlFlexibleServerMaintenanceWindow(
                day_of_week=WEEKDAYS.index(settings.maintenance.day),
                start_hour=settings.maintenance.start_hour,
                start_minute=0,
            ),
            **_encrypted_with(key),
            lifecycle=guarded(
                protect=place.protect,
                ignore_changes=["zone", "high_availability[0].standby_availability_zone", *_GROWS]
                if settings.high_availability != "Disabled"
                else ["zone", *_GROWS],
            ),
            **place.at,
        )
        self.id = self.server.id
        self.databases = {
            name: PostgresqlFlexibleServerDatabase(
                self,
                f"{name}_database",
                name=name,
                server_id=self.id,
                charset="UTF8",
                collation="en_US.utf8",
                lifecycle=guarded(protect=place.protect),
            )
            for name in DATABASES
        }
        parameters = {
            **_allowing({*EXTENSIONS, *settings.extensions}),
            **PARAMETERS,
            **(_POOLER if settings.pgbouncer else {}),
        }
        for name, value in parameters.items():
            PostgresqlFlexibleServerConfiguration(
                self,
                name.replace(".", "_"),
                name=name,
                server_id=self.id,
                value=value,
            )


_GROWS = ["storage_mb", "storage_tier"]

# Airflow's sessions use no prepared statements or advisory locks across transactions but in the
# migration, which connects to the server itself
_POOLER = {"pgbouncer.enabled": "true", "pgbouncer.pool_mode": "transaction"}


def _allowing(extensions: set[str]) -> dict[str, str]:
    """Return the parameters that let owners create extensions; another order would be a change.

    Some want their library loaded at the server's start; azurerm starts it again for that
    (learn.microsoft.com: "Load libraries in Azure Database for PostgreSQL").
    """
    allowed = {"azure.extensions": ",".join(sorted(extensions)).upper()}
    libraries = PRELOADED_BY_AZURE | (extensions & PRELOADED_EXTENSIONS)
    if libraries == PRELOADED_BY_AZURE:
        return allowed
    return allowed | {"shared_preload_libraries": ",".join(sorted(libraries))}


def _standby(settings: Postgres) -> PostgresqlFlexibleServerHighAvailability | None:
    if settings.high_availability == "Disabled":
        return None
    in_other_zone = settings.high_availability == "ZoneRedundant"
    return PostgresqlFlexibleServerHighAvailability(
        mode=settings.high_availability,
        standby_availability_zone=settings.standby_zone if in_other_zone else None,
    )


def _encrypted_with(key: KeyReference | None) -> dict[str, Any]:
    if key is None:
        return {}
    return {
        "identity": PostgresqlFlexibleServerIdentity(
            type="UserAssigned", identity_ids=[key.identity_id]
        ),
        "customer_managed_key": PostgresqlFlexibleServerCustomerManagedKey(
            key_vault_key_id=key.key_id, primary_user_assigned_identity_id=key.identity_id
        ),
    }
