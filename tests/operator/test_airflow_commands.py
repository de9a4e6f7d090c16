"""What the pages run in Airflow and in PostgreSQL, run in a real Airflow on a real PostgreSQL."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs.pages import blocks, code, name
from tests.operator.shell import Call
from tests.operator.tables import PAGES
from tests.parts.postgres import Postgres

Of = Callable[[str], list[Call]]
Said = dict[tuple[str, ...], tuple[int, str]]
# a command of Airflow 2, on a page about leaving it
OF_AIRFLOW_2 = ("dags", "backfill")
# what cannot be done here: no such version, or a file of another Airflow
ELSEWHERE = {("db", "downgrade"), ("connections", "get"), ("dags", "pause")}
RUN = """
import contextlib, io, json, sys, traceback
from airflow.cli.cli_parser import get_parser
answers = []
for words, only_parsed in json.load(sys.stdin):
    said, status = io.StringIO(), 0
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            chosen = get_parser().parse_args(words)
            if not only_parsed:
                chosen.func(chosen)
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 1 if end.code else 0
            said.write(str(end.code))
        except Exception:
            status = 1
            traceback.print_exc()
    answers.append([status, said.getvalue()])
print("ANSWERS " + json.dumps(answers))
"""
JOB_TYPES = ("SchedulerJob", "DagProcessorJob", "TriggererJob")
WRONG = (("jobs", "check", "--job-tpye", "SchedulerJob"), ("dags", "list-import-error"))


@pytest.fixture(scope="module")
def database(postgres: Postgres, migrated: str) -> str:
    """A migrated database in which two of each component send their heartbeat, for an hour."""
    database = postgres.create("operator", like=migrated)
    for job_type in JOB_TYPES * 2:
        columns = "job_type, state, hostname, latest_heartbeat, start_date"
        row = f"'{job_type}', 'running', 'pod', now() + interval '1 hour', now()"
        postgres.query(database, f"insert into job ({columns}) values ({row})")
    # a function of Azure's, by the signature that its documentation gives
    arguments = "name text, admin boolean, mfa boolean"
    postgres.query(
        database,
        f"create function pgaadauth_create_principal({arguments}) returns text return name",
    )
    return database


@dataclass(frozen=True)
class Answers:
    """Exit status and words of Airflow for each command line, parsed alone or run."""

    parsed: Said
    ran: Said


def named(of: Of) -> list[Call]:
    """Return what pages name of Airflow's commands."""
    return [call for call in of("airflow") if call.words[1:3] != OF_AIRFLOW_2]


def whole(of: Of) -> list[Call]:
    """Return those of them that can be run as they stand."""
    return [call for call in named(of) if call.whole and call.words[1:3] not in ELSEWHERE]


@pytest.fixture(scope="module")
def airflow_line(
    of: Of,
    airflow: Path,
    postgres: Postgres,
    database: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Answers:
    """What Airflow's command line says, all of it in one process: Airflow takes long to import."""
    home = tmp_path_factory.mktemp("home")
    for part in ("connections", "variables", "pools"):
        (home / f"{part}.json").write_text("{}")
    (home / "old-system").mkdir()
    parsed = [call.words[1:] for call in named(of)]
    run = [*WRONG, *(call.words[1:] for call in whole(of))]
    done = subprocess.run(
        [airflow / "python", "-c", RUN],
        input=json.dumps([(words, True) for words in parsed] + [(words, False) for words in run]),
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url(database),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": "l8yTJTTJ8xsnWpYNQD6lOEqdKVnu0HdV4Ldd0lAGJ3A=",
        },
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ANSWERS " in done.stdout, done.stderr
    said = [tuple(one) for one in json.loads(done.stdout.rpartition("ANSWERS ")[2])]
    return Answers(
        dict(zip(parsed, said, strict=False)), dict(zip(run, said[len(parsed) :], strict=True))
    )


def test_airflow_runs_the_commands_of_the_pages(of: Of, airflow_line: Answers) -> None:
    told = {str(call): airflow_line.ran[call.words[1:]] for call in whole(of)}

    assert len(told) > len(JOB_TYPES)
    assert {call: said for call, (status, said) in told.items() if status} == {}


def test_airflow_s_parser_takes_the_commands_that_pages_name(of: Of, airflow_line: Answers) -> None:
    told = [(call, *airflow_line.parsed[call.words[1:]]) for call in named(of)]

    # a command within a sentence may leave out what it is about
    refused = {
        str(call): said
        for call, status, said in told
        if status and (call.whole or "arguments are required" not in said)
    }
    assert refused == {}


@pytest.mark.parametrize("words", WRONG)
def test_airflow_refuses_a_wrong_command(words: tuple[str, ...], airflow_line: Answers) -> None:
    status, said = airflow_line.ran[words]

    assert status == 2, said


def test_the_check_of_a_component_counts_those_that_are_alive(
    of: Of, airflow_line: Answers
) -> None:
    checks = {call.words[1:] for call in of("airflow") if "--job-type" in call.words}

    said = [airflow_line.ran[words][1] for words in checks]

    assert len(checks) == len(JOB_TYPES)
    assert [answer for answer in said if "Found 2 alive jobs" not in answer] == []


def statements(page: Path) -> list[str]:
    """Return the SQL of a page: its blocks, what `psql` gets, and statements within its text."""
    found = [one for text in blocks(page, "sql") for one in text.split(";\n")]
    found += [text for text in code(page) if re.match(r"(select|show|alter|update) \S+", text)]
    return [one.strip().rstrip(";") for one in found if one.strip()]


SQL = {(name(page), sql) for page in PAGES for sql in statements(page)}


@pytest.mark.parametrize(("page", "sql"), sorted(SQL))
def test_postgresql_takes_the_statements_of_a_page(
    page: str, sql: str, postgres: Postgres, database: str
) -> None:
    # planned, so that tables, columns and functions are looked for; nothing is ended or dropped
    checked = sql if sql.startswith("show ") else f"explain {sql}"

    assert postgres.query(database, checked)


def test_postgresql_takes_the_statements_that_psql_is_given(
    of: Of, postgres: Postgres, database: str
) -> None:
    given = [
        call.words[call.words.index(option) + 1]
        for call in of("psql")
        for option in ("-c", "--command")
        if option in call.words
    ]
    postgres.query(database, "create schema sales; create table sales.orders ()")
    assert len(given) > 2

    for sql in given:  # the truncation is run by the test of the restore
        if "truncate" not in sql:
            postgres.query(database, f"begin; {sql}; rollback")


@pytest.mark.parametrize("sql", ["select usrname from pg_stat_activity", "show max_conections"])
def test_postgresql_refuses_a_wrong_statement(sql: str, postgres: Postgres, database: str) -> None:
    checked = sql if sql.startswith("show ") else f"explain {sql}"

    with pytest.raises(subprocess.CalledProcessError):
        postgres.query(database, checked)
