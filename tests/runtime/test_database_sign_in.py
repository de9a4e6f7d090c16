"""Airflow signs in to a real PostgreSQL with the Entra token of the moment."""

from airflow_home import AirflowHome
from authority import CLIENT, TENANT, Authority
from postgres import Postgres

QUERY = """
from sqlalchemy import text
from airflow import settings
def ask(engine=settings.engine):
    with engine.connect() as connection:
        return connection.execute(text("select pg_backend_pid()")).scalar()
"""


def test_a_fresh_database_is_migrated_with_a_token(
    database: AirflowHome, postgres_server: Postgres, entra: Authority
) -> None:
    done = database.run("airflow", "db", "migrate")

    assert done.returncode == 0, done.stderr
    assert postgres_server.sql("SELECT count(*) FROM alembic_version") == "1"
    assert entra.token not in done.stdout + done.stderr
