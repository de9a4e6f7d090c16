"""The drill: a copy of the database is made, read, and gone again."""

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from conventions.service_accounts import MIGRATIONS_NAMESPACE
from tests.parts.postgres import Postgres
from tests.pipelines.recorded import Recorded
from tools.operations.restore_drill import CHECK, _checking

SERVER = "psql-airflow-dev-aaaaaa"
HOST = f"{SERVER}.postgres.database.azure.com"
ADMIN = {"objectId": "1", "principalName": "id-migrations", "principalType": "ServicePrincipal"}
DRILL = f"{SERVER}-drill"


def job(host: str = HOST) -> dict[str, Any]:
    """Return what kubectl makes of the cleanup."""
    variable = {"name": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "value": f"postgresql://me@{host}/a"}
    container = {"name": "database-cleanup", "args": ["bash", "-c", "clean"], "env": [variable]}
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


@pytest.fixture
def azure(recorded: Recorded) -> Recorded:
    """An Azure and a cluster in which all is well."""
    earliest = datetime.now(UTC) - timedelta(days=7)
    server = {
        "name": SERVER,
        "fullyQualifiedDomainName": HOST,
        "backup": {"earliestRestoreDate": earliest.isoformat()},
        "network": {"delegatedSubnetResourceId": "/subnet", "privateDnsZoneArmResourceId": "/zone"},
    }
    recorded.answers = {
        "flexible-server show": (json.dumps(server), 0),
        f"list --resource-group rg-airflow-dev-data --server-name {DRILL}": ("[]", 0),
        "microsoft-entra-admin list": (json.dumps([ADMIN]), 0),
        "flexible-server list": (json.dumps([{"name": SERVER}, {"name": DRILL}]), 0),
        "create job": (json.dumps(job()), 0),
        "get job": (json.dumps({"status": {"succeeded": 1}}), 0),
        "logs": ("runs: 12\nnewest run: 2026-11-26 04:00:00+00:00", 0),
    }
    return recorded


def drill(azure: Recorded, home: Path, *options: str) -> CompletedProcess[str]:
    return azure.tool("tools.operations.restore_drill", "--environment", "dev", *options, home=home)


def commands(azure: Recorded) -> list[str]:
    return [" ".join(call) for call in azure.calls]


def test_a_copy_is_restored_read_and_deleted(azure: Recorded, home: Path) -> None:
    done = drill(azure, home)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "newest run: 2026-11-26" in done.stdout
    assert done.stdout.splitlines()[-1] == "drill of dev: good"
    wanted = ("flexible-server restore", "kubectl", "flexible-server delete")
    order = [next(i for i, said in enumerate(commands(azure)) if part in said) for part in wanted]
    assert order == sorted(order)


def test_the_copy_stands_in_the_network_of_the_source(azure: Recorded, home: Path) -> None:
    drill(azure, home)

    (restore,) = (said for said in commands(azure) if "flexible-server restore" in said)
    assert f"--name {DRILL} --source-server {SERVER}" in restore
    assert "--subnet /subnet --private-dns-zone /zone" in restore


def test_only_the_copy_is_deleted(azure: Recorded, home: Path) -> None:
    drill(azure, home)

    deleted = [said for said in commands(azure) if "flexible-server delete" in said]
    assert [f"--name {DRILL} --yes" in said for said in deleted] == [True]


def test_whoever_administers_the_source_administers_the_copy(azure: Recorded, home: Path) -> None:
    drill(azure, home)

    (made,) = (said for said in commands(azure) if "microsoft-entra-admin create" in said)
    assert f"--server-name {DRILL} --display-name id-migrations --object-id 1" in made


def test_the_pod_stands_where_the_migrations_do(azure: Recorded, home: Path) -> None:
    drill(azure, home)

    asked = [said for said in commands(azure) if said.startswith("kubectl")]
    assert all(f"--namespace {MIGRATIONS_NAMESPACE}" in said for said in asked)


def test_the_pod_asks_the_copy_and_not_the_source() -> None:
    changed = _checking(job(), HOST, f"{DRILL}.postgres.database.azure.com")

    (container,) = changed["spec"]["template"]["spec"]["containers"]
    assert DRILL in container["env"][0]["value"]
    assert HOST not in json.dumps(changed)
    assert container["args"] == ["bash", "-c", CHECK]


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ("flexible-server restore", "flexible-server restore failed"),
        ("get-credentials", "az aks get-credentials"),
        ("apply", "failed"),
    ],
)
def test_the_copy_is_deleted_whatever_fails(
    azure: Recorded, home: Path, part: str, says: str
) -> None:
    azure.answers = {part: ("no", 1), **azure.answers}

    done = drill(azure, home)

    assert done.returncode == 1
    assert says in done.stderr
    assert any("flexible-server delete" in said for said in commands(azure))


def test_a_copy_that_is_not_as_it_should_be_is_told_and_deleted(
    azure: Recorded, home: Path
) -> None:
    azure.answers["get job"] = (json.dumps({"status": {"failed": 1}}), 0)
    azure.answers["logs"] = ("There are still unapplied migrations", 0)

    done = drill(azure, home)

    assert done.returncode == 1
    assert "unapplied migrations" in done.stderr
    assert any("flexible-server delete" in said for said in commands(azure))


def test_a_copy_that_stays_is_told_with_the_command(azure: Recorded, home: Path) -> None:
    azure.answers = {"flexible-server delete": ("no", 1), **azure.answers}

    done = drill(azure, home)

    assert done.returncode == 1
    command = f"flexible-server delete --resource-group rg-airflow-dev-data --name {DRILL}"
    assert command in done.stderr


@pytest.mark.parametrize("at", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z"])
def test_a_time_without_a_backup_is_refused(azure: Recorded, home: Path, at: str) -> None:
    done = drill(azure, home, "--at", at)

    assert done.returncode == 2
    assert f"--at: {at}: there is no backup of {SERVER}" in done.stderr
    assert not any("restore " in said for said in commands(azure))


def check(url: str, airflow: Path, folder: Path) -> CompletedProcess[str]:
    """Run the command of the pod."""
    return subprocess.run(
        ["bash", "-c", CHECK],
        env={
            "PATH": f"{airflow}:/usr/bin:/bin",
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_check_passes_on_a_real_database(
    postgres: Postgres, migrated: str, airflow: Path, tmp_path: Path
) -> None:
    copy = postgres.create("drill", like=migrated)

    done = check(postgres.url(copy), airflow, tmp_path)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["runs: 0", "newest run: None"]


def test_the_check_fails_on_an_empty_database(
    postgres: Postgres, airflow: Path, tmp_path: Path
) -> None:
    assert check(postgres.url(postgres.create("empty")), airflow, tmp_path).returncode != 0
