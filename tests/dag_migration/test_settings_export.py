"""Exports of connections, variables and pools: what becomes plain files and what never may."""

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.dag_migration.conftest import Run, migrate
from tools.dag_migration import settings_export

SECRETS = ["hunter2", "sv=2022&sig=abc", "xoxb-17-slack", "-----BEGIN PRIVATE KEY-----", "p%40ss"]
CONNECTIONS = {
    "plain_http": {"conn_type": "http", "host": "api.example.com", "port": 443, "extra": "{}"},
    "lake": {"conn_type": "wasb", "host": "https://lake.blob.core.windows.net", "password": None},
    "db": {"conn_type": "postgres", "host": "db", "login": "etl", "password": "hunter2"},
    "sas": {"conn_type": "wasb", "extra": '{"sas_token": "sv=2022&sig=abc"}'},
    "chat": {"conn_type": "slack", "extra": {"nested": {"api_token": "xoxb-17-slack"}}},
    "no type": {"host": "x"},
    "odd.name": {"conn_type": "http", "password": "hunter2"},
}
VARIABLES = {
    "bucket": "landing",
    "limits": {"rows": 10},
    "private_pem": "-----BEGIN PRIVATE KEY-----\nabc",
    "dsn": "postgresql://u:p%40ss@db/x",
    "api_key": "hunter2",
}
POOLS = {"slow": {"slots": 2, "description": None}, "broken": {"description": "no slots"}}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three files of the old system."""
    folder = tmp_path_factory.mktemp("exports")
    files = {"connections": CONNECTIONS, "variables": VARIABLES, "pools": POOLS}
    for kind, content in files.items():
        (folder / f"{kind}.json").write_text(json.dumps(content))
    return folder


@pytest.fixture(scope="module")
def moved(airflow: Path, exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A migration of an empty folder with the three exports."""
    place = tmp_path_factory.mktemp("moved")
    (place / "source").mkdir()
    files = [f"--{kind}={exports / kind}.json" for kind in ("connections", "variables", "pools")]
    return migrate(place / "source", place / "target", f"--airflow={airflow}", *files)


@pytest.fixture(scope="module")
def airflow3(airflow: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of an Airflow 3 with a migrated database of its own."""
    home = str(tmp_path_factory.mktemp("airflow3"))
    path = f"{airflow}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": home, "AIRFLOW_HOME": home}
    environment["AIRFLOW__CORE__LOAD_EXAMPLES"] = "False"
    environment["AIRFLOW__LOGGING__LOGGING_LEVEL"] = "ERROR"
    subprocess.run(["airflow", "db", "migrate"], env=environment, check=True, capture_output=True)
    return environment


def cli(environment: dict[str, str], *arguments: str) -> str:
    """Run Airflow's command line and return what it prints."""
    done = subprocess.run(
        ["airflow", *arguments], env=environment, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_any_file_of_the_target(moved: Run, secret: str) -> None:
    files = [path for path in moved.target.rglob("*") if path.is_file()]

    assert len(files) > 5
    assert [path.name for path in files if secret in path.read_bytes().decode()] == []


def test_secrets_are_not_printed(moved: Run) -> None:
    assert not [secret for secret in SECRETS if secret in moved.output + moved.errors]


def test_plain_connections_and_variables_are_written(moved: Run) -> None:
    connections = json.loads((moved.target / "connections.json").read_text())
    variables = json.loads((moved.target / "variables.json").read_text())

    assert sorted(connections) == ["lake", "plain_http"]
    assert variables == {"bucket": "landing", "limits": {"rows": 10}}


def test_what_cannot_be_moved_needs_a_person(moved: Run) -> None:
    problems = [problem for part in moved.report["settings"] for problem in part["problems"]]

    assert [problem.split(":")[0] for problem in problems] == ["no type", "odd.name", "broken"]
    assert moved.status == 1


def test_airflow_3_imports_what_is_written(moved: Run, airflow3: dict[str, str]) -> None:
    for kind in ("connections", "variables", "pools"):
        cli(airflow3, kind, "import", str(moved.target / f"{kind}.json"))

    http = json.loads(cli(airflow3, "connections", "get", "plain_http", "--output", "json"))
    assert (http[0]["host"], str(http[0]["port"])) == ("api.example.com", "443")
    assert cli(airflow3, "variables", "get", "bucket").strip() == "landing"
    pools = json.loads(cli(airflow3, "pools", "list", "--output", "json"))
    assert "slow" in {pool["pool"] for pool in pools}


def test_the_script_moves_values_through_pipes_into_the_vault(
    moved: Run, airflow3: dict[str, str], exports: Path, tmp_path: Path
) -> None:
    cli(airflow3, "connections", "import", str(exports / "connections.json"))
    cli(airflow3, "variables", "import", str(exports / "variables.json"))
    vault = tmp_path / "vault"
    vault.mkdir()
    az = tmp_path / "az"  # Azure is out of reach: this one keeps what the real one would send
    az.write_text(
        '#!/bin/sh\nwhile [ "$#" -gt 0 ]; do case "$1" in --name) name=$2 ;; --file) file=$2 ;; esac'
        f'; shift; done\ncat "$file" > "{vault}/$name"\n'
    )
    az.chmod(0o755)
    environment = {**airflow3, "VAULT": "kv", "PATH": f"{tmp_path}{os.pathsep}{airflow3['PATH']}"}

    subprocess.run(["bash", moved.target / "secrets-to-key-vault.sh"], env=environment, check=True)

    assert (vault / "airflow-variables-api-key").read_text() == "hunter2"
    stored = (vault / "airflow-connections-db").read_text()
    assert json.loads(stored)["password"] == "hunter2"
    read = cli({**airflow3, "AIRFLOW_CONN_DB2": stored}, "connections", "get", "db2", "-o", "json")
    assert json.loads(read)[0]["password"] == "hunter2"


def test_the_script_may_be_run(moved: Run) -> None:
    assert (moved.target / "secrets-to-key-vault.sh").stat().st_mode & stat.S_IXUSR


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("c.yaml", "a:\n  conn_type: http\n", {"a": {"conn_type": "http"}}),
        ("c.env", "# old\na=http://h/\n", {"a": "http://h/"}),
        ("c.json", '{"a": {"conn_type": "http"}}', {"a": {"conn_type": "http"}}),
    ],
)
def test_every_export_format_is_read(
    tmp_path: Path, name: str, content: str, expected: dict[str, Any]
) -> None:
    (tmp_path / name).write_text(content)

    assert settings_export.load("connections", tmp_path / name) == expected


def test_a_uri_is_taken_apart() -> None:
    plain, _ = settings_export.connections({"a": "google-cloud-platform://h:80/s?x=1%2F2"})

    assert plain["a"] == {
        "conn_type": "google_cloud_platform",
        "host": "h",
        "port": 80,
        "schema": "s",
        "extra": '{"x": "1/2"}',
    }


def test_a_uri_with_a_password_goes_to_the_vault() -> None:
    plain, report = settings_export.connections({"a": "postgres://u:pw@h/db"})

    assert (plain, report.vault) == ({}, ("a",))


def test_two_names_for_one_vault_secret_are_told() -> None:
    exported = {name: {"conn_type": "x", "password": "p"} for name in ("a_b", "a-b")}

    _, report = settings_export.connections(exported)

    assert len(report.vault) == len(report.problems) == 1


def test_a_broken_export_is_told_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    export = tmp_path / "variables.json"
    export.write_text('{"password": "hunter2",}')

    run = migrate(tmp_path / "source", tmp_path / "target", f"--variables={export}")

    assert run.status == 2
    assert "airflow variables export" in run.errors
    assert "hunter2" not in run.errors
    assert not (tmp_path / "target").exists()
