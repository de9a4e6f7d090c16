"""What is found in DAG files is written together: a real DAG processor and PostgreSQL."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome

FILES = 8
DAG = """
from datetime import UTC, datetime

from airflow.sdk import dag, task


@dag(dag_id="{name}", schedule="@daily", start_date=datetime(2026, 1, 1, tzinfo=UTC))
def small():
    @task(doc_md={doc!r})
    def work():
        pass

    work()


small()
"""
REFUSED = "a NUL\0"  # JSON in PostgreSQL holds all other characters
# A real manager without the loop: a file is found, and what it holds is not yet written
FOUND = """
from pathlib import Path

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager, DagFileStat
from airflow.dag_processing.processor import DagFileParsingResult
from airflow.models.dag import DagModel
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization, LazyDeserializedDAG
from airflow.utils.session import create_session
from airflow_azure import parse_results

parse_results.write_together()
DagBundlesManager().sync_bundles_to_db()
with DAG(given["dag_id"], schedule=None, doc_md=given["doc"]) as dag:
    pass
data = DagSerialization.to_dict(dag)
data["dag"] |= {"fileloc": __import__("airflow").__file__, "relative_fileloc": "deleted.py"}
found = LazyDeserializedDAG(data=data)
manager = DagFileProcessorManager(max_runs=-1)
file = DagFileInfo(Path("deleted.py"), "dags-folder")
manager._file_stats[file] = DagFileStat(num_dags=1)
with create_session() as session:
    manager.persist_parsing_result(
        bundle_name="dags-folder",
        bundle_version=None,
        version_data=None,
        parsing_result=DagFileParsingResult(fileloc="deleted.py", serialized_dags=[found]),
        run_duration=1.0,
        relative_fileloc="deleted.py",
        session=session,
    )
"""
# its file is deleted before that
DELETED = """
manager.deactivate_deleted_dags("dags-folder", set())
manager.purge_inactive_dag_warnings()
with create_session() as session:
    answer(session.get(DagModel, "deleted").is_stale)
"""
REFUSED_ALONE = """
manager.purge_inactive_dag_warnings()
answer(manager._file_stats[file].import_errors)
"""
WITHOUT_DATABASE = """
from sqlalchemy.exc import OperationalError

parse_results.create_session = lambda: (_ for _ in ()).throw(OperationalError("", {}, Exception()))
try:
    manager.purge_inactive_dag_warnings()
    answer("it goes on")
except OperationalError:
    answer("it ends")
"""


@pytest.fixture(scope="module")
def home(
    airflow: Path, postgres: Postgres, migrated: str, tmp_path_factory: pytest.TempPathFactory
) -> AirflowHome:
    """The image's environment with its plugins, and a folder of DAG files."""
    made = AirflowHome(airflow, tmp_path_factory.mktemp("airflow"))
    made.with_dags(postgres, "parse_results", like=migrated)
    made.set("dag_processor", parsing_processes=4)
    return made


@pytest.fixture(scope="module")
def written(home: AirflowHome, postgres: Postgres) -> tuple[int, int]:
    """Transactions and DAGs of `dag_*.py` after a processor's first run."""
    dags = home.folder / "dags"
    for name in (*(f"dag_{number}" for number in range(FILES)), "refused"):
        (dags / f"{name}.py").write_text(DAG.format(name=name, doc=""))
    for name in ("twice_a", "twice_b"):
        (dags / f"{name}.py").write_text(DAG.format(name="twice", doc=""))
    for name in ("broken", "repaired"):
        (dags / f"{name}.py").write_text("import airflow, no_such_module  # DAG")
    parse(home)
    counts = "select count(distinct xmin::text), count(*) from dag where dag_id like 'dag_%'"
    ((transactions, count),) = postgres.query("parse_results", counts)
    return int(transactions), int(count)


@pytest.fixture(scope="module")
def ask(
    home: AirflowHome, postgres: Postgres, written: tuple[int, int]
) -> Callable[[str], list[list[str]]]:
    """Ask the database after a second run, before which two of the files change."""
    for name, doc in (("repaired", ""), ("refused", REFUSED)):
        (home.folder / "dags" / f"{name}.py").write_text(DAG.format(name=name, doc=doc))
    parse(home)
    return lambda statement: postgres.query("parse_results", statement)


def parse(home: AirflowHome) -> None:
    done = home.run("airflow", "dag-processor", "--num-runs", "1")
    assert not done.returncode, done.stderr[-3000:]


def test_files_are_written_in_fewer_transactions_than_there_are_files(
    written: tuple[int, int],
) -> None:
    transactions, dags = written

    assert transactions < dags == FILES


def test_a_dag_that_the_database_refuses_keeps_no_other_out(ask: Any) -> None:
    kept = ask("select distinct dag_id from serialized_dag order by 1")

    others = [f"dag_{number}" for number in range(FILES)]
    assert [name for (name,) in kept] == [*others, "refused", "repaired", "twice"]


def test_no_other_file_gets_the_error_of_one_that_is_refused(ask: Any) -> None:
    assert ask("select filename from import_error") == [["broken.py"]]


def test_each_dag_has_the_seconds_of_its_own_file(ask: Any) -> None:
    lasted = "select count(distinct last_parse_duration) from dag where dag_id like 'dag_%'"

    assert ask(lasted) == [[str(FILES)]]


def test_what_was_found_before_its_file_was_deleted_does_not_bring_it_back(
    home: AirflowHome,
) -> None:
    assert home.probe(FOUND + DELETED, dag_id="deleted", doc="") is True


def test_a_file_that_is_refused_counts_as_failed_and_comes_again(home: AirflowHome) -> None:
    assert home.probe(FOUND + REFUSED_ALONE, dag_id="alone", doc=REFUSED) == 1


def test_a_processor_ends_where_the_database_is_gone_so_that_all_is_parsed_again(
    home: AirflowHome,
) -> None:
    assert home.probe(FOUND + WITHOUT_DATABASE, dag_id="gone", doc="") == "it ends"
