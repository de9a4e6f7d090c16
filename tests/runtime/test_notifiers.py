"""A task that fails tells somebody: the code of the page for authors, and the mail that comes."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import ROOT
from tests.docs.pages import blocks
from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome, Conversation
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


# One Airflow runs all: it makes its API, for which a run of a DAG takes seconds, only once.
RUN = "from airflow.__main__ import main"


@pytest.fixture(scope="module")
def laptop(
    airflow: Path,
    postgres: Postgres,
    migrated: str,
    tmp_path_factory: pytest.TempPathFactory,
    servers: MailServers,
) -> Iterator[Conversation]:
    """Airflow with the DAGs of the page, which are not tried again."""
    made = AirflowHome(airflow, tmp_path_factory.mktemp("laptop"), dict(servers.environment))
    (made.folder / "dags").mkdir()
    for number, code in enumerate(blocks(PAGE, "python")):
        once = code.replace('"retries": 2', '"retries": 0')
        (made.folder / "dags" / f"tells_{number}.py").write_text(once)
    extra = {"disable_ssl": True}
    login = {"login": "airflow", "password": "hunter2", "extra": extra}
    mail = {"conn_type": "smtp", "host": "localhost", "port": servers.smtp_port, **login}
    made.environment["AIRFLOW_CONN_SALES_DATA_MAIL"] = json.dumps(mail)
    database = postgres.create("notifiers", like=migrated)
    made.set("database", sql_alchemy_conn=postgres.url(database))
    made.set("core", dags_folder=made.folder / "dags")
    with made.conversation(RUN) as conversation:
        yield conversation


def fail(laptop: Conversation, dag_id: str) -> str:
    """Run a DAG of the page to its failure; return what Airflow says."""
    words = ["airflow", "dags", "test", dag_id, "2026-03-01"]
    said: str = laptop.eval(f"ran(main, *{words})")[1]
    return said


def test_a_failure_is_told_through_graph_as_the_task_s_identity(
    laptop: Conversation, servers: MailServers
) -> None:
    said = fail(laptop, "tells")

    assert len(servers.by_graph) == 1, said
    [(mailbox, message)] = servers.by_graph
    assert mailbox == "airflow@example.com"
    assert message["subject"] == "tells: fails failed"
    assert message["body"]["content"].startswith("Run manual__")
    told = [each["emailAddress"]["address"] for each in message["toRecipients"]]
    assert told == ["sales-data@example.com", "0a1b2c3d.example.com@emea.teams.ms"]


def test_a_failure_is_told_through_an_smtp_server(
    laptop: Conversation, servers: MailServers
) -> None:
    said = fail(laptop, "tells_by_smtp")

    assert len(servers.by_smtp) == 1, said
    assert servers.by_smtp[0].rcpt_tos == ["sales-data@example.com"]
    assert servers.subject_by_smtp() == "tells_by_smtp: fails failed"


def test_a_mailbox_that_the_identity_may_not_use_is_named_in_the_log(
    laptop: Conversation, servers: MailServers
) -> None:
    servers.mailboxes.clear()

    log = fail(laptop, "tells")

    assert "did not send the mail from airflow@example.com: 403 ErrorAccessDenied" in log
    assert "to see the mail" in log
