"""A password that Key Vault rotates in a mounted file, instead of an Entra token."""

import os

import pytest

from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome

ASK = """
from airflow import settings
def ask():
    with settings.engine.connect() as connection:
        return connection.exec_driver_sql("select current_user").scalar()
"""


@pytest.fixture
def with_file(database: AirflowHome) -> AirflowHome:
    """The same Airflow, told to read a file."""
    database.set("azure_postgres", entra_token_scope="", password_file=database.folder / "password")
    return database


def test_a_rotated_file_is_used_without_a_restart(
    with_file: AirflowHome, postgres: Postgres
) -> None:
    mount = with_file.folder / "password"
    mount.write_text("first\n")
    postgres.accept_only("first")

    with with_file.conversation(ASK) as airflow:
        before = airflow.eval("ask()")
        # the CSI driver swaps the file, it never writes into it
        (with_file.folder / "next").write_text("second\n")
        os.replace(with_file.folder / "next", mount)
        postgres.accept_only("second")
        postgres.cut_connections()
        after = airflow.eval("ask()")

    assert (before, after) == ("airflow", "airflow")


def test_a_missing_file_is_told_with_its_path_and_the_volume_to_check(
    with_file: AirflowHome,
) -> None:
    done = with_file.run("airflow", "db", "check", "--retry", "0")

    assert done.returncode == 1
    assert f"cannot read the password file {with_file.folder / 'password'}: No such" in done.stderr
    assert "SecretProviderClass" in done.stderr


def test_a_file_and_a_token_scope_together_are_refused(with_file: AirflowHome) -> None:
    with_file.set("azure_postgres", entra_token_scope="https://example.com/.default")

    done = with_file.run("airflow", "db", "check")

    assert done.returncode == 1
    assert "entra_token_scope and password_file are both set; keep one of them" in done.stderr
