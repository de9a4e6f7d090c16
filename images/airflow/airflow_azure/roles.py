"""Gives the components' identities their database roles: `python -m airflow_azure.roles`.

Run behind `airflow db migrate` by the same identity, which is an Entra administrator of the server
and owns Airflow's tables. Running it again changes nothing, and after each migration it gives the
new tables too: no role has rights on tables that nobody has looked at.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from airflow.configuration import conf
from sqlalchemy import URL, Connection, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from airflow_azure.rights import OTHERS, PICKLED, of_component, of_dag_processor, of_triggerer

# each table, and its columns but the pickled one as SQL writes them
OTHER_COLUMNS = text("""
SELECT table_name,
  string_agg(quote_ident(column_name), ', ') FILTER (WHERE column_name != :pickled) AS others
FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' GROUP BY table_name ORDER BY table_name
""")


@dataclass(frozen=True, kw_only=True)
class Roles:
    """The database roles of the identities; each is the identity's name.

    Attributes:
        components: read and write all rows: the API server and the scheduler.
        dag_processors: run the code of DAG files, and write what those define.
        triggerers: run the code of triggers.
        worker: runs tasks; it makes schemas in the warehouse, and enters Airflow's database never.
    """

    components: Sequence[str] = ()
    dag_processors: Sequence[str] = ()
    triggerers: Sequence[str] = ()
    worker: str = ""

    @property
    def of_airflow(self) -> list[str]:
        """Whoever enters Airflow's database."""
        return [*self.components, *self.dag_processors, *self.triggerers]

    @property
    def everyone(self) -> list[str]:
        """All of them."""
        return [*self.of_airflow, *([self.worker] if self.worker else [])]


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the roles that are not there, and grant them what they need."""
    parser = argparse.ArgumentParser(prog="airflow_azure.roles", description=__doc__)
    for name, does in (
        ("--component", "reads and writes all rows"),
        ("--dag-processor", "writes what DAG files define"),
        ("--triggerer", "writes the rows of triggers"),
    ):
        parser.add_argument(name, action="append", default=[], help=f"{does}; may be given again")
    parser.add_argument("--worker", default="", help="makes schemas in the warehouse")
    parser.add_argument("--worker-connections", type=int, default=-1, help="at most, at a time")
    parser.add_argument("--warehouse", help="the warehouse's database")
    given = parser.parse_args(arguments)
    metadata = make_url(conf.get_mandatory_value("database", "sql_alchemy_conn"))
    roles = Roles(
        components=given.component,
        dag_processors=given.dag_processor,
        triggerers=given.triggerer,
        worker=given.worker,
    )
    make(metadata, roles.everyone)
    close(metadata, roles.of_airflow)
    keep_history(metadata)
    share(metadata, roles)
    if given.worker:
        limit(metadata, given.worker, given.worker_connections)
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


def close(metadata: URL, roles: Iterable[str]) -> None:
    """Let nobody into Airflow's database but these roles; PostgreSQL lets everybody in.

    Without it a task may sign in, make temporary tables and hold the locks of a migration. Until
    PostgreSQL 15 everybody also makes functions there, which run as whoever calls them by accident.
    """
    with _connected(metadata) as connection:
        quote = connection.dialect.identifier_preparer.quote_identifier
        database = quote(str(metadata.database))
        for role in roles:
            connection.execute(text(f"GRANT CONNECT ON DATABASE {database} TO {quote(role)}"))
        revoke = f"REVOKE CONNECT, TEMPORARY ON DATABASE {database} FROM PUBLIC"
        connection.execute(text(revoke))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))


def share(metadata: URL, roles: Roles) -> None:
    """Give each role its rights on the tables that are there now, and take away all others."""
    rights: dict[str, Callable[[str], str]] = dict.fromkeys(roles.components, of_component)
    rights |= dict.fromkeys(roles.dag_processors, of_dag_processor)
    rights |= dict.fromkeys(roles.triggerers, of_triggerer)
    # one transaction: a component that works meanwhile never stands without its rights
    with create_engine(metadata).begin() as connection:
        columns = connection.execute(OTHER_COLUMNS, {"pickled": PICKLED})
        tables: dict[str, str] = {row.table_name: row.others for row in columns}
        quote = connection.dialect.identifier_preparer.quote_identifier
        for role, right in rights.items():
            name = quote(role)
            for statement in (
                f"GRANT USAGE ON SCHEMA public TO {name}",
                f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {name}",
                f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {name}",
            ):
                connection.execute(text(statement))
            for table, rows in _by_table(tables, right).items():
                connection.execute(text(f"GRANT {rows} ON {quote(table)} TO {name}"))


def _by_table(tables: Mapping[str, str], right: Callable[[str], str]) -> Mapping[str, str]:
    """Return the rights on each table, `OTHERS` filled in with its other columns."""
    given = {table: right(table) for table in tables}
    return {table: rows.replace(OTHERS, tables[table]) for table, rows in given.items() if rows}


# What a task's try was told is what its task is told: who writes the row has no say in it.
HISTORY = f"""
CREATE OR REPLACE FUNCTION keep_{PICKLED}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.{PICKLED} := (
    SELECT {PICKLED} FROM task_instance t
    WHERE (t.dag_id, t.task_id, t.run_id, t.map_index)
      = (NEW.dag_id, NEW.task_id, NEW.run_id, NEW.map_index)
  );
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER keep_{PICKLED} BEFORE INSERT ON task_instance_history
FOR EACH ROW EXECUTE FUNCTION keep_{PICKLED}();
"""


def keep_history(metadata: URL) -> None:
    """Let PostgreSQL itself fill in the pickled column of a task's tries.

    Airflow writes a row with all of its columns, so no right on the others alone would do.
    """
    with create_engine(metadata).begin() as connection:
        connection.execute(text(HISTORY))


def limit(server: URL, role: str, connections: int) -> None:
    """Limit how many connections a role may hold at a time; -1 is no limit.

    A server whose administrator may not change the role keeps working without the limit: the
    refusal is printed.
    """
    with _connected(server) as connection:
        quote = connection.dialect.identifier_preparer.quote_identifier
        statement = f"ALTER ROLE {quote(role)} CONNECTION LIMIT {connections:d}"
        try:
            connection.execute(text(statement))
        except ProgrammingError as refused:
            print(f"{role}: no limit of connections: {refused.orig}", file=sys.stderr)


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
