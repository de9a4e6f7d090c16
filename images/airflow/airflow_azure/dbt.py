"""dbt against PostgreSQL with an Entra token: a profile mapping for Cosmos."""

from typing import Any, ClassVar

from airflow.providers.postgres.hooks.postgres import PostgresHook
from cosmos.profiles import (  # type: ignore[import-untyped]  # it ships no types
    PostgresUserPasswordProfileMapping,
)


class EntraPostgresProfileMapping(PostgresUserPasswordProfileMapping):
    """Maps a Postgres connection: with `iam` in its extra to a token, else to its own password.

    The token is fetched when dbt starts, never when the DAG is parsed, and reaches dbt in its
    environment; it must outlive the sign-in only, not the run.
    """

    airflow_param_mapping: ClassVar[dict[str, str | list[str]]] = {
        field: source
        for field, source in PostgresUserPasswordProfileMapping.airflow_param_mapping.items()
        if field != "password"
    } | {"sslrootcert": "extra.sslrootcert"}  # without it libpq looks for a file in the home folder

    def get_dbt_value(self, name: str) -> Any:
        """Return the profile's value of that name."""
        if name != "password":
            return super().get_dbt_value(name)
        if self.conn.extra_dejson.get("iam"):
            return PostgresHook(self.conn_id).get_iam_token(self.conn)[1]
        return self.conn.password
