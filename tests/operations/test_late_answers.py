"""A deployment is run again where Azure was only late, and at no other failure."""

import subprocess
import sys
from pathlib import Path

import pytest
from loopback_azure.loopback import loopback_azure

from packages.loopback_azure.tests.conftest import TENANT, Client
from tests import ROOT
from tools.operations.late_answers import run

BUSY = "ServerIsBusy: Cannot complete operation while server 'psql' is busy"


@pytest.fixture
def command(tmp_path: Path, a_program: None) -> list[str]:
    """A command that says what `said` holds and fails, a line a run, and then succeeds."""
    source = (
        "import pathlib, sys\n"
        f"said = pathlib.Path({str(tmp_path / 'said')!r})\n"
        "lines = said.read_text().splitlines()\n"
        "said.write_text('\\n'.join(lines[1:]))\n"
        "sys.exit(lines[0] if lines else 0)\n"
    )
    return [sys.executable, "-c", source]


def says(folder: Path, *lines: str) -> None:
    (folder / "said").write_text("\n".join(lines))


@pytest.mark.parametrize("late", [BUSY, "Code: ForbiddenByRbac", "PrincipalNotFound: Principal 1"])
def test_what_is_late_is_tried_again(
    command: list[str], tmp_path: Path, late: str, capsys: pytest.CaptureFixture[str]
) -> None:
    says(tmp_path, late, late)

    assert run(command, pause=0) == 0
    assert capsys.readouterr().err.count("Azure is late") == 2


def test_another_failure_is_not(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says(tmp_path, "QuotaExceeded", BUSY)

    assert run(command, pause=0) == 1
    assert "late" not in capsys.readouterr().err


def test_patience_ends(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    says(tmp_path, *[BUSY] * 9)

    assert run(command, patience=0.1, pause=0.2) == 1
    assert "deployment-failed.md" in capsys.readouterr().err


def test_output_goes_on_as_it_comes(a_program: None) -> None:
    line = [sys.executable, "-c", "print('planned')"]
    command = [sys.executable, "-m", "tools.operations.late_answers", *line]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    assert done.stdout == "planned\n"


def test_a_server_that_was_just_made_is_busy_and_then_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], a_program: None
) -> None:
    with loopback_azure(tmp_path / "azure", TENANT, busy_servers=1.5) as azure:
        client = Client(azure)
        server = f"{client.group()}/providers/Microsoft.DBforPostgreSQL/flexibleServers/psql"
        assert client.arm("PUT", server, {"location": "westeurope"}).status == 202
        script = tmp_path / "deploy.py"
        script.write_text(
            f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
            "from pathlib import Path\n"
            "from types import SimpleNamespace\n"
            "from packages.loopback_azure.tests.conftest import Client\n"
            f"authority = Path({str(azure.authority)!r})\n"
            f"azure = SimpleNamespace(port={azure.port}, authority=authority)\n"
            f"answer = Client(azure).arm('PUT', {server + '/configurations/log_lock_waits'!r}, "
            "{'properties': {'value': 'on'}})\n"
            "sys.exit(0 if answer.status < 300 else str(answer.document))\n"
        )

        status = run([sys.executable, str(script)], pause=0.5)

    assert status == 0
    assert "the database server is not done with its last change" in capsys.readouterr().err
