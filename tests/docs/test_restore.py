"""The runbook that restores Airflow's database, run on a real PostgreSQL with a real Airflow."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.docs.pages import blocks
from tests.parts.postgres import Postgres

RUNBOOK = ROOT / "docs" / "how-to" / "operate" / "restore-the-database.md"
SERVERS = {
    "$restored.postgres.database.azure.com": "127.0.0.1",
    "$server.postgres.database.azure.com": "127.0.0.1",
}


def steps(folder: Path) -> list[str]:
    """Return what the runbook runs in its pod to bring back all of Airflow's database."""
    (block,) = (text for text in blocks(RUNBOOK, "bash") if "--data-only" in text)
    commands = []
    for line in block.splitlines():
        for name, address in SERVERS.items():
            line = line.replace(name, address)
        line = line.split(" restore -- ")[1].replace("/tmp", str(folder)).replace("\\$", "$")
        commands.append(line)
    return commands


@pytest.fixture(scope="module")
def databases(postgres: Postgres, migrated: str) -> Postgres:
    """A server with a database that is spoilt, and one that was restored beside it."""
    for database, variable in (("spoilt", "bad"), ("restored", "good")):
        postgres.create(database, like=migrated)
        row = f"('{variable}', '1', false)"
        postgres.query(database, f"insert into variable (key, val, is_encrypted) values {row}")
    return postgres


def test_the_rows_are_those_of_the_restored_server(databases: Postgres, tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PGPORT": str(databases.port),
        "PGUSER": databases.user,
    }
    dump, truncate, restore = steps(tmp_path)

    # one server plays both, so the databases bear the difference
    dump = dump.replace(' airflow"', ' restored"')
    truncate = truncate.replace("--dbname airflow", "--dbname spoilt")
    restore = restore.replace("--dbname airflow", "--dbname spoilt")
    for command in (dump, truncate, restore):
        done = subprocess.run(
            shlex.split(command), env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr

    assert databases.query("spoilt", "select key from variable") == [["good"]]
