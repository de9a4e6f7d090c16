"""The roles that a migration leaves behind, on a real PostgreSQL."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from helm_values.airflow.sign_in import AUTH_MANAGER
from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome, Conversation
from tests.runtime.authority import Authority
from tests.runtime.conftest import signed_in

SCHEDULER = "id-airflow-dev-scheduler"
WORKER = "id-airflow-dev-worker"
PROCESSOR = "id-airflow-dev-dag-processor"
TRIGGERER = "id-airflow-dev-triggerer"
COMMAND = (
    *("--component", SCHEDULER, "--dag-processor", PROCESSOR, "--triggerer", TRIGGERER),
    *("--worker", WORKER, "--worker-connections", "7", "--warehouse", "schemas"),
)

# Azure's function; what it does there beside making the role, nothing here could check
AZURE = """
CREATE OR REPLACE FUNCTION pgaadauth_create_principal(name text, admin boolean, mfa boolean)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN EXECUTE format('CREATE ROLE %I LOGIN', name); RETURN name; END $$
"""


def sql(server: Postgres, statement: str, *, user: str, database: str = "airflow") -> str:
    """Run a statement as a role; return what it prints, or the server's refusal."""
    place = f"host={server.folder} port={server.port} user={user} dbname={database}"
    done = subprocess.run(
        ["psql", "-XAtq", "-d", place, "-c", statement],
        capture_output=True,
        text=True,
        check=False,
    )
    return (done.stdout + done.stderr).strip()


def give_roles(home: AirflowHome) -> subprocess.CompletedProcess[str]:
    return home.run("python", "-m", "airflow_azure.roles", *COMMAND)


@pytest.fixture(scope="module")
def migrated(
    airflow: Path,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres,
    migration: Path,
    token_endpoint: Authority,
) -> AirflowHome:
    """What the migration job leaves, by an identity that owns the database and no more."""
    postgres.accept_only(token_endpoint.token)
    home = signed_in(airflow, tmp_path_factory.mktemp("roles"), postgres, token_endpoint)
    sql(postgres, AZURE, user="postgres", database="postgres")
    sql(postgres, "CREATE DATABASE schemas OWNER airflow", user="postgres")
    # as PostgreSQL 14 has it
    sql(postgres, "GRANT CREATE ON SCHEMA public TO PUBLIC", user="postgres")
    # as Azure's administrators may
    sql(postgres, "ALTER ROLE airflow CREATEROLE", user="postgres")
    postgres.load("airflow", migration, role="airflow")
    done = give_roles(home)
    assert done.returncode == 0, done.stderr
    return home


def test_a_component_reads_the_tables(migrated: AirflowHome, postgres: Postgres) -> None:
    assert sql(postgres, "SELECT count(*) FROM dag", user=SCHEDULER) == "0"


def test_a_component_writes_rows(migrated: AirflowHome, postgres: Postgres) -> None:
    columns = "key, val, is_encrypted"
    insert = f"INSERT INTO variable({columns}) VALUES ('a', 'b', false) RETURNING key"

    assert sql(postgres, insert, user=SCHEDULER) == "a"


def test_a_component_changes_no_table(migrated: AirflowHome, postgres: Postgres) -> None:
    assert "must be owner" in sql(postgres, "DROP TABLE xcom", user=SCHEDULER)


def test_nobody_reads_the_tables_of_later_migrations_before_they_are_given(
    migrated: AirflowHome, postgres: Postgres
) -> None:
    sql(postgres, "CREATE TABLE IF NOT EXISTS later(x int)", user="airflow")

    found = sql(postgres, "SELECT count(*) FROM later", user=SCHEDULER)

    assert "permission denied" in found


FORBIDDEN = {
    "make itself an Admin": "INSERT INTO ab_user_role(user_id, role_id) VALUES (1, 1)",
    "change a permission": "UPDATE ab_permission SET name = 'x'",
    "take a permission away": "DELETE FROM ab_permission_view",
    "give a role a permission": (
        "INSERT INTO ab_permission_view_role(permission_view_id, role_id) VALUES (1, 1)"
    ),
    "make a permission": "INSERT INTO ab_permission(id, name) VALUES (999, 'x')",
    "read roles": "TABLE ab_role",
    "read users": "TABLE ab_user",
    "read sessions": "TABLE session",
    "make a session": "INSERT INTO session(session_id) VALUES ('x')",
    "confuse the next migration": "UPDATE alembic_version SET version_num = '0000'",
    "read the audit log": "SELECT owner FROM log",
    "erase the audit log": "DELETE FROM log",
    "change the audit log": "UPDATE log SET owner = 'x'",
    "open an ended session again": "DELETE FROM revoked_token",
    "write what the scheduler unpickles": "UPDATE task_instance SET executor_config = ''",
    "make something that others call": "CREATE TABLE mine(x int)",
    "make a task": "INSERT INTO task_instance(id) VALUES (gen_random_uuid())",
    "change a try": "UPDATE task_instance_history SET executor_config = ''",
    "write a template that the API server renders": "UPDATE log_template SET filename = 'x'",
    "add a template that the API server renders": "INSERT INTO log_template(id) VALUES (9)",
}


@pytest.mark.parametrize("role", [PROCESSOR, TRIGGERER])
@pytest.mark.parametrize("what", FORBIDDEN)
def test_code_of_dag_files_may_not(
    migrated: AirflowHome, postgres: Postgres, role: str, what: str
) -> None:
    assert "permission denied" in sql(postgres, FORBIDDEN[what], user=role)


def test_the_log_takes_new_rows_of_the_dag_processor(
    migrated: AirflowHome, postgres: Postgres
) -> None:
    insert = "INSERT INTO log(dttm, event) VALUES (now(), 'parsed') RETURNING id > 0"

    assert sql(postgres, insert, user=PROCESSOR) == "t"


NEW_DAG = """
from airflow.sdk import DAG, task

with DAG("a_new_dag", schedule=None, access_control={"Viewer": {"can_edit"}}):
    @task(retries=1)
    def one(): ...
    one()
"""


def test_a_new_dag_is_parsed_with_the_rights_of_the_dag_processor(
    parsed: subprocess.CompletedProcess[str], postgres: Postgres
) -> None:
    errors = sql(postgres, "SELECT stacktrace FROM import_error", user=SCHEDULER)
    found = sql(postgres, "SELECT dag_id FROM dag", user=SCHEDULER)
    assert (found, errors) == ("a_new_dag", ""), parsed.stderr[-3000:]


# What the tests ask Airflow for, as its owner or with the triggerer's rights
ASKED = """
import datetime
from airflow.models import import_all_models
from airflow.models.base import Base
from airflow.models.dagbag import DBDagBag
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.trigger import Trigger
from airflow.triggers import base
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState, TaskInstanceState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import PickleType, select

def waiting(run_id):
    # a run with one task that waits for a trigger, and may be tried twice
    with create_session() as session:
        dag = DBDagBag().get_latest_version_of_dag("a_new_dag", session=session)
        now = datetime.datetime.now(datetime.UTC)
        run = dag.create_dagrun(
            run_id=run_id, run_after=now, run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.TEST, state=DagRunState.RUNNING, session=session,
        )
        trigger = Trigger(classpath="a.trigger", kwargs={})
        session.add(trigger)
        session.flush()
        (ti,) = run.task_instances
        ti.executor_config = {"asked": "for"}
        ti.state, ti.trigger_id = TaskInstanceState.DEFERRED, trigger.id
        ti.try_number, ti.max_tries, ti.start_date = 1, 1, now
        session.flush()
        return trigger.id

def task_of(run_id, session):
    (ti,) = session.scalars(select(TaskInstance).where(TaskInstance.run_id == run_id))
    return ti

def submit(run_id, trigger, name):
    # what the triggerer does with an event
    event = getattr(base, name)
    with create_session() as session:
        made = event({}) if name == "TriggerEvent" else event()
        Trigger.submit_event(trigger, made, session=session)
    with create_session() as session:
        Trigger.clean_unused(session=session)
        return task_of(run_id, session).state

class Payload(dict):
    def __init__(self, folder):
        self.folder = folder
    def __copy__(self):  # Airflow pickles a copy
        return self
    def __reduce__(self):
        return os.mkdir, (self.folder,)

def attack(run_id, folder):
    with create_session() as session:
        row = TaskInstanceHistory(task_of(run_id, session), state="failed")
        row.executor_config = Payload(folder)
        session.add(row)

def tries(run_id):
    with create_session() as session:
        rows = select(TaskInstanceHistory).where(TaskInstanceHistory.run_id == run_id)
        return [row.executor_config for row in session.scalars(rows)]

def pickled():
    import_all_models()
    return sorted(
        f"{table.name}.{column.name}" for table in Base.metadata.tables.values()
        for column in table.columns if isinstance(column.type, PickleType)
    )
"""


def as_role(server: Postgres, token_endpoint: Authority, role: str) -> dict[str, str]:
    """Return what lets a process of Airflow sign in as a role."""
    server.sql(f"ALTER ROLE \"{role}\" PASSWORD '{token_endpoint.token}'")
    url = server.airflow_url().replace("airflow@", f"{role}@")
    return {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url, "AIRFLOW__CORE__AUTH_MANAGER": AUTH_MANAGER}


@pytest.fixture(scope="module")
def parsed(
    migrated: AirflowHome, postgres: Postgres, token_endpoint: Authority
) -> subprocess.CompletedProcess[str]:
    """A DAG that the DAG processor's role has written."""
    dags = migrated.folder / "dags"
    dags.mkdir()
    (dags / "new.py").write_text(NEW_DAG)
    signed_in_as = as_role(postgres, token_endpoint, PROCESSOR)
    return migrated.run("airflow", "dag-processor", "--num-runs", "1", **signed_in_as)


@pytest.fixture(scope="module")
def owner(migrated: AirflowHome) -> Iterator[Conversation]:
    """Airflow with the rights of the database's owner."""
    with migrated.conversation(ASKED) as conversation:
        yield conversation


@pytest.fixture(scope="module")
def triggerer(
    parsed: object, migrated: AirflowHome, postgres: Postgres, token_endpoint: Authority
) -> Iterator[Conversation]:
    """Airflow with the rights of the triggerer."""
    own = as_role(postgres, token_endpoint, TRIGGERER)
    home = replace(migrated, environment={**migrated.environment, **own})
    with home.conversation(ASKED) as conversation:
        yield conversation


@pytest.mark.parametrize(
    ("event", "state"),
    [
        ("TriggerEvent", "scheduled"),
        ("TaskSuccessEvent", "success"),
        ("TaskFailedEvent", "up_for_retry"),  # which writes the try down first
    ],
)
def test_a_trigger_goes_on_with_its_task(
    owner: Conversation, triggerer: Conversation, event: str, state: str
) -> None:
    trigger = owner.eval(f"waiting({event!r})")

    assert triggerer.eval(f"submit({event!r}, {trigger}, {event!r})") == state


def test_the_triggerer_locks_the_rows_of_tasks(migrated: AirflowHome, postgres: Postgres) -> None:
    lock = "SELECT count(*) >= 0 FROM (SELECT id FROM task_instance FOR UPDATE SKIP LOCKED) t"

    assert sql(postgres, lock, user=TRIGGERER) == "t"


def test_no_trigger_s_code_is_run_by_whoever_reads_the_tries_of_a_task(
    owner: Conversation, triggerer: Conversation, tmp_path: Path
) -> None:
    attacked = tmp_path / "attacked"
    owner.eval("waiting('tried')")
    triggerer.eval(f"attack('tried', {str(attacked)!r})")

    found = owner.eval("tries('tried')")

    assert (found, attacked.exists()) == ([{"asked": "for"}], False)


def test_airflow_pickles_no_column_but_those_that_are_kept(owner: Conversation) -> None:
    assert owner.eval("pickled()") == [
        "task_instance.executor_config",
        "task_instance_history.executor_config",
    ]


def test_nobody_else_enters_airflow_s_database(migrated: AirflowHome, postgres: Postgres) -> None:
    assert "permission denied for database" in sql(postgres, "SELECT 1", user=WORKER)


def test_tasks_hold_no_more_connections_than_they_are_given(
    migrated: AirflowHome, postgres: Postgres
) -> None:
    query = f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{WORKER}'"

    assert sql(postgres, query, user=SCHEDULER) == "7"


def test_tasks_make_schemas_in_the_warehouse(migrated: AirflowHome, postgres: Postgres) -> None:
    schema = "CREATE SCHEMA IF NOT EXISTS staging"

    assert sql(postgres, schema, user=WORKER, database="schemas") == ""


def test_giving_roles_again_gives_the_tables_of_a_later_migration(
    migrated: AirflowHome, postgres: Postgres, token_endpoint: Authority
) -> None:
    postgres.accept_only(token_endpoint.token)
    sql(postgres, "CREATE TABLE IF NOT EXISTS much_later(x int)", user="airflow")

    assert give_roles(migrated).returncode == 0

    assert sql(postgres, "SELECT count(*) FROM much_later", user=SCHEDULER) == "0"
