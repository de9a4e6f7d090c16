"""Gives the components' identities their database roles: `python -m airflow_azure.roles`.

Run behind `airflow db migrate` by the same identity, which is an Entra administrator of the server
and owns Airflow's tables. Running it again changes nothing.
"""

import argparse
from collections.abc import Iterable, Sequence

from airflow.configuration import conf
from sqlalchemy import URL, Connection, create_engine, make_url, text


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the roles that are not there, and grant them what they need."""
    parser = argparse.ArgumentParser(prog="airflow_azure.roles", description=__doc__)
    parser.add_argument("--component", action="append", default=[], help="reads and writes rows")
    parser.add_argument("--worker", help="makes schemas in the warehouse")
    parser.add_argument("--warehouse", help="the warehouse's database")
    given = parser.parse_args(arguments)
    metadata = make_url(conf.get_mandatory_value("database", "sql_alchemy_conn"))
    roles = [*given.component, *([given.worker] if given.worker else [])]
    make(metadata, roles)
    share(metadata, given.component)
    if given.worker and given.warehouse:
        open_warehouse(metadata.set(database=given.warehouse), given.worker)


def make(server: URL, roles: Iterable[str]) -> None:
    """Make a role for each identity that has none.

    Azure's function for it is in the database `postgres` alone ("Manage Microsoft Entra roles in
    Azure Database for PostgreSQL").
    """
    with _connected(server.set(database="postgres")) as connection:
        known = set(connection.scalars(text("SELECT rolname FROM pg_roles")))
        for role in roles:
            if role not in known:
                call = text("SELECT pgaadauth_create_principal(:role, false, false)")
                connection.execute(call, {"role": role})


def share(metadata: URL, roles: Iterable[str]) -> None:
    """Let roles read and write the rows of all tables, those of later migrations included."""
    rows = "SELECT, INSERT, UPDATE, DELETE ON"
    with _connected(metadata) as connection:
        for role in roles:
            name = connection.dialect.identifier_preparer.quote_identifier(role)
            for statement in (
                f"GRANT USAGE ON SCHEMA public TO {name}",
                f"GRANT {rows} ALL TABLES IN SCHEMA public TO {name}",
                f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rows} TABLES TO {name}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES "
                f"TO {name}",
            ):
                connection.execute(text(statement))


def open_warehouse(warehouse: URL, role: str) -> None:
    """Let the tasks' role make schemas of its own in the warehouse."""
    with _connected(warehouse) as connection:
        quote = connection.dialect.identifier_preparer.quote_identifier
        database = quote(str(warehouse.database))
        connection.execute(text(f"GRANT CONNECT, CREATE ON DATABASE {database} TO {quote(role)}"))


def _connected(url: URL) -> Connection:
    # each statement takes effect by itself: a role that cannot be made hides no other
    return create_engine(url, isolation_level="AUTOCOMMIT").connect()


if __name__ == "__main__":
    main()
