"""A task that fails tells somebody: the code of the page for authors, and the mail that comes."""

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests import ROOT
from tests.docs.pages import blocks
from tests.runtime.airflow_home import AirflowHome
from tests.runtime.authority import Authority
from tests.runtime.mail_servers import MailServers, mail_servers

PAGE = ROOT / "docs" / "how-to" / "authors" / "tell-somebody.md"


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, token_endpoint: Authority
) -> Iterator[MailServers]:
    """Graph and an SMTP server."""
    with mail_servers(tmp_path_factory.mktemp("mail"), token_endpoint) as made:
        yield made


@pytest.fixture(scope="module")
def home(
    airflow: Path, tmp_path_factory: pytest.TempPathFactory, servers: MailServers
) -> AirflowHome:
    """A laptop with the DAGs of the page, which are not tried again."""
    made = AirflowHome(airflow, tmp_path_factory.mktemp("laptop"), dict(servers.environment))
    (made.folder / "dags").mkdir()
    for number, code in enumerate(blocks(PAGE, "python")):
        once = code.replace('"retries": 2', '"retries": 0')
        (made.folder / "dags" / f"tells_{number}.py").write_text(once)
    extra = {"disable_ssl": True}
    login = {"login": "airflow", "password": "hunter2", "extra": extra}
    mail = {"conn_type": "smtp", "host": "localhost", "port": servers.smtp_port, **login}
    made.environment["AIRFLOW_CONN_SALES_DATA_MAIL"] = json.dumps(mail)
    return made


def fail(home: AirflowHome, dag_id: str) -> CompletedProcess[str]:
    """Run a DAG of the page to its failure."""
    return home.run("python", "-m", "check_dags.run", "dags", dag_id, "2026-03-01")


def test_a_failure_is_told_through_graph_as_the_task_s_identity(
    home: AirflowHome, servers: MailServers
) -> None:
    done = fail(home, "tells")

    assert len(servers.by_graph) == 1, done.stdout + done.stderr
    [(mailbox, message)] = servers.by_graph
    assert mailbox == "airflow@example.com"
    assert message["subject"] == "tells: fails failed"
    assert message["body"]["content"].startswith("Run manual__")
    told = [each["emailAddress"]["address"] for each in message["toRecipients"]]
    assert told == ["sales-data@example.com", "0a1b2c3d.example.com@emea.teams.ms"]


def test_a_failure_is_told_through_an_smtp_server(home: AirflowHome, servers: MailServers) -> None:
    done = fail(home, "tells_by_smtp")

    assert len(servers.by_smtp) == 1, done.stdout + done.stderr
    assert servers.by_smtp[0].rcpt_tos == ["sales-data@example.com"]
    assert servers.subject_by_smtp() == "tells_by_smtp: fails failed"


def test_a_mailbox_that_the_identity_may_not_use_is_named_in_the_log(
    home: AirflowHome, servers: MailServers
) -> None:
    servers.mailboxes.clear()

    done = fail(home, "tells")

    log = done.stdout + done.stderr
    assert "did not send the mail from airflow@example.com: 403 ErrorAccessDenied" in log
    assert "to see the mail" in log
