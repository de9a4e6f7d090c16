"""Exports of connections, variables and pools: what becomes plain files and what never may."""

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
from dag_migration import settings_export
from dag_migration.airflow import Airflow
from dag_migration.run import read_exports, run
from dag_migration.target import Target

from packages.dag_migration.tests.conftest import migrate

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
def moved(running: Airflow, exports: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The target of a migration of an empty folder with the three exports."""
    place = tmp_path_factory.mktemp("moved")
    (place / "source").mkdir()
    files = {kind: exports / f"{kind}.json" for kind in ("connections", "variables", "pools")}
    run(place / "source", Target(place / "target", place / "source"), read_exports(files), running)
    return place / "target"


# One process for many calls of Airflow's command line: each start costs seconds.
CALLS = """
import contextlib, io, json, sys
from airflow.cli.cli_parser import get_parser
for call in json.load(sys.stdin):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        arguments = get_parser().parse_args(call)
        arguments.func(arguments)
    json.dump(out.getvalue(), sys.stdout)
    print()
"""


def cli(airflow: Path, environment: dict[str, str], *calls: list[str]) -> list[str]:
    """Return what each call of Airflow's command line prints."""
    done = subprocess.run(
        [airflow / "python", "-W", "ignore", "-c", CALLS],
        env=environment,
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith('"')]
    return [json.loads(line) for line in lines[-len(calls) :]]


@pytest.fixture(scope="module")
def asked(
    airflow: Path, moved: Path, exports: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """What a real Airflow says after it imported the target's files, then the old exports."""
    home = str(tmp_path_factory.mktemp("airflow3"))
    environment = {"PATH": f"{airflow}{os.pathsep}{os.defpath}", "HOME": home}
    environment |= {"AIRFLOW_HOME": home, "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    environment |= {"AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR", "PYTHONWARNINGS": "ignore"}
    kinds = ("connections", "variables", "pools")
    imports = [[kind, "import", str(moved / f"{kind}.json")] for kind in kinds]
    old = [[kind, "import", str(exports / f"{kind}.json")] for kind in kinds[:2]]
    plain = [
        ["connections", "get", "plain_http", "--output", "json"],
        ["variables", "get", "bucket"],
        ["pools", "list", "--output", "json"],
    ]
    secret = [["connections", "get", name, "--output", "json"] for name in ("db", "sas", "chat")]
    secret += [["variables", "get", name] for name in ("api_key", "dsn", "private_pem")]
    calls = [["db", "migrate"], *imports, *plain, *old, *secret]
    said = cli(airflow, environment, *calls)
    return {" ".join(call[:3]): text for call, text in zip(calls, said, strict=True)}


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_in_any_file_of_the_target(moved: Path, secret: str) -> None:
    files = [path for path in moved.rglob("*") if path.is_file()]

    assert len(files) > 5
    assert [path.name for path in files if secret in path.read_bytes().decode()] == []


def test_plain_connections_and_variables_are_written(moved: Path) -> None:
    connections = json.loads((moved / "connections.json").read_text())
    variables = json.loads((moved / "variables.json").read_text())

    assert sorted(connections) == ["lake", "plain_http"]
    assert variables == {"bucket": "landing", "limits": {"rows": 10}}


def test_what_cannot_be_moved_needs_a_person(moved: Path) -> None:
    report = json.loads((moved / "report.json").read_text())
    problems = [problem for part in report["settings"] for problem in part["problems"]]

    assert [problem.split(":")[0] for problem in problems] == ["no type", "odd.name", "broken"]


def test_airflow_3_imports_the_connections(asked: dict[str, str]) -> None:
    [http] = json.loads(asked["connections get plain_http"])

    assert (http["conn_type"], http["host"], str(http["port"])) == (
        "http",
        "api.example.com",
        "443",
    )


def test_airflow_3_imports_the_variables(asked: dict[str, str]) -> None:
    assert asked["variables get bucket"].strip() == "landing"


def test_airflow_3_imports_the_pools(asked: dict[str, str]) -> None:
    assert "slow" in {pool["pool"] for pool in json.loads(asked["pools list --output"])}


def test_the_script_moves_values_through_pipes_into_the_vault(
    moved: Path, asked: dict[str, str], tmp_path: Path
) -> None:
    vault, said = tmp_path / "vault", tmp_path / "said"
    vault.mkdir()
    said.mkdir()
    for call, text in asked.items():
        if " get " in call:
            (said / call.replace(" ", "-")).write_text(text)
    old = tmp_path / "old-airflow"  # says what the real command line said
    old.write_text(f'#!/bin/sh\nexec cat "{said}/$1-$2-$3"\n')
    az = tmp_path / "az"  # Azure is out of reach: this one keeps what the real one would send
    az.write_text(
        '#!/bin/sh\nwhile [ "$#" -gt 0 ]; do\n'
        'case "$1" in --name) name=$2 ;; --file) file=$2 ;; esac; shift; done\n'
        f'cat "$file" > "{vault}/$name"\n'
    )
    for program in (old, az):
        program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "VAULT": "kv", "OLD_AIRFLOW": str(old)}

    subprocess.run(["bash", moved / "secrets-to-key-vault.sh"], env=environment, check=True)

    assert (vault / "airflow-variables-api-key").read_text() == "hunter2"
    assert (vault / "airflow-variables-private-pem").read_text() == VARIABLES["private_pem"]
    stored = json.loads((vault / "airflow-connections-db").read_text())
    expected = {"conn_type": "postgres", "host": "db", "login": "etl", "password": "hunter2"}
    assert stored == {**expected, "extra": {}}


def test_the_script_may_be_run(moved: Path) -> None:
    assert (moved / "secrets-to-key-vault.sh").stat().st_mode & stat.S_IXUSR


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

    refused = migrate(
        tmp_path / "source",
        tmp_path / "target",
        f"--old-system={tmp_path}",
        f"--airflow={tmp_path}",
    )

    assert refused.status == 2
    assert "airflow variables export" in refused.errors
    assert "hunter2" not in refused.errors
    assert not (tmp_path / "target").exists()
