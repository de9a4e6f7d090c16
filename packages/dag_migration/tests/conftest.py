"""One migration of a folder with everything that old DAG folders hold; many tests read it."""

import hashlib
import json
import os
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dag_migration.airflow import Airflow

ROOT = Path(__file__).resolve().parents[3]

PYTHON_FILES = {
    "ready.py": """
        from datetime import datetime
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.empty import EmptyOperator

        with DAG("ready", schedule=None, start_date=datetime(2024, 1, 1)):
            EmptyOperator(task_id="nothing")
        """,
    "old.py": """
        # keeps its comments
        from airflow import DAG
        from airflow.operators.bash import BashOperator
        from airflow.operators.dummy import DummyOperator
        from airflow.operators.subdag import SubDagOperator
        from airflow.utils.dates import days_ago
        from airflow.utils.trigger_rule import TriggerRule

        with DAG("old", schedule_interval="@daily", start_date=days_ago(2), catchup=False,
                 default_view="graph", concurrency=3) as dag:  # one DAG
            first = BashOperator(task_id="first", bash_command="echo {{ execution_date }}",
                                 pool="slow", trigger_rule="dummy")
            last = DummyOperator(task_id="last", trigger_rule=TriggerRule.NONE_FAILED_OR_SKIPPED)
            first >> last
        """,
    "team/uses_helper.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.operators.python import PythonOperator
        from team.helper import work

        with DAG("uses_helper", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
            PythonOperator(task_id="work", python_callable=work)
        """,
    "team/helper.py": """
        def work(**context):
            return context["execution_date"]
        """,
    "keys.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.models import Variable
        from airflow.operators.python import PythonOperator
        from airflow.utils.session import provide_session

        def plain(prev_ds, **kwargs):
            kwargs["ti"].xcom_pull(key="x")
            return kwargs.get("tomorrow_ds"), Variable.get("target")

        @provide_session
        def query(session=None):
            return session

        with DAG("keys", schedule=None, start_date=datetime(2024, 1, 1),
                 default_args={"sla": 1}) as dag:
            PythonOperator(task_id="plain", python_callable=plain)
            PythonOperator(task_id="query", python_callable=query)
        """,
    "no_schedule.py": """
        from datetime import datetime
        from airflow import DAG
        dag = DAG("no_schedule", start_date=datetime(2024, 1, 1))
        """,
    "provider.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.providers.snowflake.operators.snowflake import SnowflakeOperator
        with DAG("provider", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
            SnowflakeOperator(task_id="sql", sql="select 1", snowflake_conn_id="snow")
        """,
    "moved.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.providers.cncf.kubernetes.operators.kubernetes_pod import KubernetesPodOperator
        with DAG("moved", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
            KubernetesPodOperator(task_id="pod", name="pod", image="busybox")
        """,
    "package.py": """
        # airflow DAG
        import a_package_of_the_old_image
        """,
    "raises.py": """
        # airflow DAG
        raise ValueError("the table is missing")
        """,
    "hangs.py": """
        # airflow DAG
        import time
        time.sleep(600)
        """,
    "exits.py": """
        # airflow DAG
        import os
        os._exit(7)
        """,
    "setting.py": """
        # DAG
        from airflow.models import Variable
        Variable.get("only_in_production")
        """,
    "spy.py": """
        # airflow DAG
        import os
        raise ValueError(os.environ.get("SECRET_OF_THE_SHELL"))
        """,
    "twin.py": """
        from datetime import datetime
        from airflow.sdk import DAG
        with DAG("uses_helper", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
            pass
        """,
    "http.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.operators.http_operator import SimpleHttpOperator
        with DAG("http", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
            SimpleHttpOperator(task_id="call", endpoint="x")
        """,
    "postgres.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.providers.postgres.operators.postgres import PostgresOperator
        with DAG("postgres", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
            PostgresOperator(task_id="sql", sql="select 1", postgres_conn_id="warehouse")
        """,
    "by_module.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.operators import bash_operator
        with DAG("by_module", schedule=None, start_date=datetime(2024, 1, 1)) as dag:
            bash_operator.BashOperator(task_id="x", bash_command="x")
        """,
    "sql.py": """
        from datetime import datetime
        from airflow import DAG
        from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator
        with DAG("sql", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False) as dag:
            SQLExecuteQueryOperator(task_id="sql", sql="days.sql", conn_id="warehouse")
        """,
    "broken.py": """
        from airflow import DAG
        print "Python 2"
        """,
}


@dataclass(frozen=True)
class Run:
    """One call of the command, with what it left behind."""

    status: int
    output: str
    errors: str
    target: Path

    @property
    def report(self) -> Any:
        """The JSON report."""
        return json.loads((self.target / "report.json").read_text())

    def file(self, path: str) -> Any:
        """The report of one file."""
        [found] = [file for file in self.report["files"] if file["path"] == path]
        return found

    def codes(self, path: str) -> set[str]:
        """What one file asks of a person or waits for, as codes."""
        return {f["code"] for f in self.file(path)["findings"] if f["level"] != "notice"}

    def dag(self, path: str) -> str:
        """The migrated text of one file."""
        return (self.target / "dags" / path).read_bytes().decode()


def migrate(source: Path, target: Path, *options: str) -> Run:
    """Run the command as `make migrate-dags` does."""
    command = [sys.executable, "-m", "dag_migration", str(source), str(target), *options]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "SECRET_OF_THE_SHELL": "s3cret", "COLUMNS": "200"},
    )
    return Run(done.returncode, done.stdout, done.stderr, target)


def hashes(folder: Path) -> dict[str, tuple[str, int]]:
    """Return content and time of change of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_mtime_ns,
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def old_dags(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of Airflow 2 DAGs as years leave it."""
    place = tmp_path_factory.mktemp("old")
    folder = place / "dags"
    for path, text in PYTHON_FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip())
    old = textwrap.dedent(PYTHON_FILES["old.py"]).lstrip()
    (folder / "crlf.py").write_bytes(old.replace('"old"', '"crlf"').replace("\n", "\r\n").encode())
    (folder / "bom.py").write_bytes(b"\xef\xbb\xbf" + old.replace('"old"', '"bom"').encode())
    latin1 = "# coding: latin-1\n# caf\xe9\n" + old.replace(
        '"old"', '"caf\xe9"'.replace("\xe9", "e")
    )
    (folder / "latin1.py").write_bytes(latin1.encode("latin-1"))
    (folder / "no_cookie.py").write_bytes("# caf\xe9 airflow dag\n".encode("latin-1"))
    (folder / "huge.py").write_text("# airflow dag\nDATA = '" + "x" * 3 * 2**20 + "'\n")
    (folder / "query.sql").write_text("select * from t where d = '{{ yesterday_ds }}'\n")
    (folder / "days.sql").write_text("select '{{ ds }}', '{{ next_ds }}'\n")
    (folder / "data.bin").write_bytes(bytes(range(256)))
    (folder / ".airflowignore").write_text("tea[m]/help.*\\.py\n")
    with zipfile.ZipFile(folder / "packed.zip", "w") as packed:
        packed.writestr("dag.py", "")
    with zipfile.ZipFile(folder / "shapes.zip", "w") as shapes:
        shapes.writestr("roads.shp", "")
    (folder / "broken.zip").write_bytes(b"PK no archive")
    (place / "outside.py").write_text("SECRET = 'outside'\n")
    (folder / "link_out.py").symlink_to(place / "outside.py")
    (folder / "team" / "again").symlink_to(folder)
    (folder / "nowhere.py").symlink_to(folder / "gone.py")
    for item in (*(p for p in folder.rglob("*") if not p.is_symlink()), folder):
        item.chmod(item.stat().st_mode & ~0o222)  # a migration needs no right to write
    yield folder
    for item in (folder, *(p for p in folder.rglob("*") if p.is_dir())):
        item.chmod(0o755)  # so that pytest can remove it


@pytest.fixture(scope="session")
def before(old_dags: Path) -> dict[str, tuple[str, int]]:
    """The source folder as it was before any migration."""
    return hashes(old_dags)


@pytest.fixture(scope="session")
def running(airflow: Path) -> Iterator[Airflow]:
    """One started Airflow 3 for all tests that do not need the command itself."""
    with Airflow(airflow, timeout_seconds=8, jobs=2) as started:
        yield started


@pytest.fixture(scope="session")
def migrated(
    airflow: Path,
    old_dags: Path,
    before: dict[str, tuple[str, int]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """The first run over `old_dags`, with few seconds for each file: one of them hangs."""
    target = tmp_path_factory.mktemp("new") / "airflow3"
    return migrate(old_dags, target, "--timeout=8", "--jobs=2", f"--airflow={airflow}")
