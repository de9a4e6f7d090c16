"""The nightly cleanup of Airflow's database, on a real PostgreSQL."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome, Conversation

# a run of a DAG and its one task: what it is, how many days ago it began, and its state
RUNS = """
INSERT INTO dag_bundle (name) VALUES ('sales');
INSERT INTO dag (dag_id, bundle_name, has_task_concurrency_limits, is_paused, is_stale,
    max_active_tasks, max_consecutive_failed_dag_runs, partition_mapper_info, timetable_type)
  SELECT name, 'sales', false, false, false, 16, 0, '{}', 'cron'
  FROM unnest(array['daily', 'endless']) AS name;
CREATE TABLE wanted (dag_id text, run_id text, days int, state text);
INSERT INTO wanted VALUES
  ('daily', 'oldest', 200, 'success'), ('daily', 'old', 100, 'failed'),
  ('daily', 'young', 10, 'success'), ('daily', 'now', 0, 'running'),
  ('endless', 'still-runs', 150, 'running'), ('endless', 'before-it', 160, 'success');
INSERT INTO dag_run (dag_id, run_id, run_type, run_after, start_date, state)
  SELECT dag_id, run_id, 'scheduled', now() - days * interval '1 day',
    now() - days * interval '1 day', state FROM wanted;
INSERT INTO task_instance (id, dag_id, run_id, task_id, pool, pool_slots, try_number, start_date,
    state)
  SELECT gen_random_uuid(), dag_id, run_id, 'work', 'default_pool', 1, 1,
    now() - days * interval '1 day', state FROM wanted;
INSERT INTO log (event, dttm) VALUES ('old', now() - interval '100 days'), ('young', now());
INSERT INTO session (session_id, expiry) VALUES
  ('ended', now() AT TIME ZONE 'UTC' - interval '1 minute'),
  ('open', now() AT TIME ZONE 'UTC' + interval '1 minute');
INSERT INTO trigger (classpath, kwargs, created_date)
  VALUES ('waits', '{}', now() - interval '100 days');
DROP TABLE wanted;
"""


class Done(NamedTuple):
    """How a run of the cleanup ended, and what it printed."""

    status: int
    said: str


@dataclass
class Database:
    """Airflow's database with runs of several ages."""

    server: Postgres
    name: str
    airflow: Conversation
    home: AirflowHome

    def found(self, query: str) -> list[str]:
        """Return the first column of a query's rows."""
        return [row[0] for row in self.server.query(self.name, query)]

    def clean(self, *arguments: str) -> Done:
        """Run the cleanup in a fork, which signs in to the database for itself."""
        words = ["cleanup", *(arguments or ("--days", "90"))]
        with self.airflow.fresh() as child:
            return Done(*child.eval(f"ran(main, *{words})"))


@pytest.fixture(scope="module")
def make(
    airflow: Path, postgres: Postgres, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Database]]:
    """Makes a migrated database with rows in it; the one before keeps its rows by another name."""
    made: list[Database] = []
    home = AirflowHome(airflow, tmp_path_factory.mktemp("airflow"))
    home.set("database", sql_alchemy_conn=postgres.url("cleanup"))
    with home.conversation("from airflow_azure.cleanup import main") as conversation:

        def new() -> Database:
            for last in made[-1:]:
                last.name = f"cleanup_{len(made)}"
                postgres.sql(f"ALTER DATABASE cleanup RENAME TO {last.name}")
            made.append(
                Database(postgres, postgres.create("cleanup", like=migrated), conversation, home)
            )
            postgres.query("cleanup", RUNS)
            return made[-1]

        yield new


@pytest.fixture(scope="module")
def night(make: Callable[[], Database]) -> tuple[Database, str]:
    """A database after a night, and what the job said."""
    database = make()
    done = database.clean()
    assert done.status == 0, done.said[-3000:]
    return database, done.said


@pytest.fixture
def cleaned(night: tuple[Database, str]) -> Database:
    """The database after a night."""
    return night[0]


@pytest.fixture
def database(make: Callable[[], Database]) -> Database:
    """The database before."""
    return make()


def test_old_runs_go_and_young_ones_and_what_still_runs_stay(cleaned: Database) -> None:
    runs = cleaned.found("SELECT run_id FROM dag_run")

    assert sorted(runs) == ["before-it", "now", "still-runs", "young"]


def test_tasks_go_with_their_runs_and_no_other_ones(cleaned: Database) -> None:
    tasks = cleaned.found("SELECT run_id FROM task_instance")

    assert sorted(tasks) == ["before-it", "now", "still-runs", "young"]


def test_old_events_go(cleaned: Database) -> None:
    events = cleaned.found("SELECT event FROM log")

    assert "young" in events
    assert "old" not in events


def test_sessions_that_have_ended_go_and_open_ones_stay(cleaned: Database) -> None:
    assert cleaned.found("SELECT session_id FROM session") == ["open"]


def test_a_trigger_that_a_task_may_wait_for_stays(cleaned: Database) -> None:
    assert cleaned.found("SELECT classpath FROM trigger") == ["waits"]


def test_nothing_is_left_beside_the_tables(cleaned: Database) -> None:
    left = "SELECT tablename FROM pg_tables WHERE tablename LIKE '\\_airflow\\_deleted%'"

    assert cleaned.found(left) == []


def test_a_dag_whose_old_run_has_not_ended_is_named(night: tuple[Database, str]) -> None:
    assert "endless: left out, a run from before " in night[1]


def test_after_a_break_between_two_steps_the_next_run_does_the_rest(database: Database) -> None:
    # Airflow copies a batch, commits, and deletes: killed between the two it leaves the copy
    aside = "_airflow_deleted__log__20260101000000"
    database.server.query(
        database.name,
        f"CREATE TABLE {aside}__b1 AS SELECT * FROM log; CREATE TABLE {aside} AS SELECT 1 AS kept",
    )

    done = database.clean()

    assert done.status == 0, done.said[-3000:]
    assert "old" not in database.found("SELECT event FROM log")
    left = "SELECT tablename FROM pg_tables WHERE tablename LIKE '\\_airflow\\_deleted%'"
    assert database.found(left) == [aside]  # somebody's own archive, who wanted one


def test_a_table_that_cannot_be_cleaned_is_a_failed_job(database: Database) -> None:
    database.server.query(database.name, "ALTER TABLE log RENAME COLUMN dttm TO written_at")

    done = database.home.run("python", "-m", "airflow_azure.cleanup", "--days", "90")  # as the Job

    assert done.returncode == 1
    assert "['log']" in done.stdout + done.stderr


def test_a_few_days_are_refused(cleaned: Database) -> None:
    done = cleaned.clean("--days", "3")

    assert done.status == 2
    assert "--days 3: allowed are 7 or more" in done.said
