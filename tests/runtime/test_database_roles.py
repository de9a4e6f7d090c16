"""The roles that a migration leaves behind, on a real PostgreSQL."""

import subprocess
from pathlib import Path

import pytest

from tests.runtime.airflow_home import AirflowHome
from tests.runtime.authority import Authority
from tests.runtime.conftest import signed_in
from tests.runtime.postgres import Postgres

SCHEDULER = "id-airflow-dev-scheduler"
WORKER = "id-airflow-dev-worker"
COMMAND = ("--component", SCHEDULER, "--worker", WORKER, "--warehouse", "warehouse")

# Azure's function; what it does there beside making the role, nothing here could check
AZURE = """
CREATE OR REPLACE FUNCTION pgaadauth_create_principal(name text, admin boolean, mfa boolean)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN EXECUTE format('CREATE ROLE %I LOGIN', name); RETURN name; END $$
"""


def sql(server: Postgres, statement: str, *, user: str, database: str = "airflow") -> str:
    """Run a statement as a role; return what it prints, or the server's refusal."""
    place = f"host={server.folder} port={server.port} user={user} dbname={database}"
    done = subprocess.run(
        ["psql", "-XAtq", "-d", place, "-c", statement],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()


def give_roles(home: AirflowHome) -> subprocess.CompletedProcess[str]:
    return home.run("python", "-m", "airflow_azure.roles", *COMMAND)


@pytest.fixture(scope="module")
def migrated(
    airflow: Path,
    tmp_path_factory: pytest.TempPathFactory,
    postgres_server: Postgres,
    token_endpoint: Authority,
) -> AirflowHome:
    """What the migration job does, by an identity that owns the database and no more."""
    postgres_server.accept_only(token_endpoint.token)
    home = signed_in(airflow, tmp_path_factory.mktemp("roles"), postgres_server, token_endpoint)
    sql(postgres_server, AZURE, user="postgres", database="postgres")
    sql(postgres_server, "CREATE DATABASE warehouse OWNER airflow", user="postgres")
    assert home.run("airflow", "db", "migrate").returncode == 0
    done = give_roles(home)
    assert done.returncode == 0, done.stderr
    return home


def test_a_component_reads_the_tables(migrated: AirflowHome, postgres_server: Postgres) -> None:
    assert sql(postgres_server, "SELECT count(*) FROM dag", user=SCHEDULER) == "0"


def test_a_component_writes_rows(migrated: AirflowHome, postgres_server: Postgres) -> None:
    columns = "key, val, is_encrypted"
    insert = f"INSERT INTO variable({columns}) VALUES ('a', 'b', false) RETURNING key"

    assert sql(postgres_server, insert, user=SCHEDULER) == "a"


def test_a_component_changes_no_table(migrated: AirflowHome, postgres_server: Postgres) -> None:
    assert "must be owner" in sql(postgres_server, "DROP TABLE xcom", user=SCHEDULER)


def test_a_component_reads_the_tables_of_later_migrations(
    migrated: AirflowHome, postgres_server: Postgres
) -> None:
    sql(postgres_server, "CREATE TABLE IF NOT EXISTS later(x int)", user="airflow")

    assert sql(postgres_server, "SELECT count(*) FROM later", user=SCHEDULER) == "0"


def test_tasks_do_not_see_airflow_s_tables(
    migrated: AirflowHome, postgres_server: Postgres
) -> None:
    assert "permission denied" in sql(postgres_server, "TABLE connection", user=WORKER)


def test_tasks_make_schemas_in_the_warehouse(
    migrated: AirflowHome, postgres_server: Postgres
) -> None:
    schema = "CREATE SCHEMA IF NOT EXISTS staging"

    assert sql(postgres_server, schema, user=WORKER, database="warehouse") == ""


def test_giving_roles_again_changes_nothing(
    migrated: AirflowHome, postgres_server: Postgres, token_endpoint: Authority
) -> None:
    postgres_server.accept_only(token_endpoint.token)

    assert give_roles(migrated).returncode == 0
