"""Snippets that a migration has got wrong once: what becomes of each, judged by Airflow 3."""

import ast
import sys
from pathlib import Path

import pytest
from dag_migration.airflow import Airflow
from dag_migration.migration import Migrated, migrate
from dag_migration.model import Level, Status
from dag_migration.source import sources

from packages.dag_migration.tests.snippets import SNIPPETS

Files = dict[str, Migrated]


@pytest.fixture(scope="module")
def done(running: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Files:
    """Every snippet, migrated together."""
    folder = tmp_path_factory.mktemp("snippets")
    for path, text in SNIPPETS.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return {item.report.path: item for item in migrate(list(sources(folder)), running)}


def text(done: Files, path: str) -> str:
    """Return the migrated text of a file, in Python's own spelling."""
    data = done[path].data
    assert data is not None
    return ast.unparse(ast.parse(data))


def codes(done: Files, path: str, level: Level = Level.PERSON) -> list[str]:
    """Return the codes of the findings of a level."""
    return [f.code for f in done[path].report.findings if f.level is level]


@pytest.mark.parametrize(
    "path",
    [
        "arguments_in_a_dict.py",
        "by_place.py",
        "by_place_of_a_decorator.py",
        "comments.py",
        "conf_functions.py",
        "cron_in_a_name.py",
        "cron_in_berlin.py",
        "cron_of_a_stage.py",
        "cron_of_a_stage_in_a_name.py",
        "dates_by_module.py",
        "filters.py",
        "hourly_delta.py",
        "interval_in_a_name.py",
        "module_by_another_name.py",
        "modules.py",
        "no_schedule.py",
        "once.py",
        "own_keywords.py",
        "quotes.py",
        "runs.py",
        "twice.py",
    ],
)
def test_a_snippet_is_fixed_and_airflow_reads_its_dag(done: Files, path: str) -> None:
    report = done[path].report

    assert (report.status, len(report.imported.dags)) == (Status.FIXED, 1), report.findings


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("arguments_in_a_dict.py", "with DAG('b', **args, catchup=True) as dag:"),
        ("by_place.py", "DAG('c', description='my words', schedule='@hourly',"),
        ("by_place_of_a_decorator.py", "@dag('c2', description='my words', schedule='@hourly',"),
        ("module_by_another_name.py", "start_date=pendulum.today('UTC').add(days=-2)"),
        ("conf_functions.py", "return conf.has_option(section, key)"),
        ("cron_in_a_name.py", "schedule=CronDataIntervalTimetable(EVERY, timezone='UTC'), catchup"),
        (
            "cron_of_a_stage.py",
            "schedule=CronDataIntervalTimetable('0 3 * * *', timezone='UTC') if os.getenv(",
        ),
        (
            "cron_of_a_stage_in_a_name.py",
            "schedule=CronDataIntervalTimetable(EVERY, timezone='UTC') "
            "if EVERY is not None else None, catchup=False",
        ),
        ("cron_in_berlin.py", "CronDataIntervalTimetable('@daily', timezone='Europe/Berlin')"),
        ("dates_by_module.py", "import pendulum\n"),
        ("hourly_delta.py", "schedule=DeltaDataIntervalTimetable(timedelta(hours=1)), catchup"),
        ("interval_in_a_name.py", "schedule=EVERY, catchup=True"),
        ("methods.py", "return Connection.get('c')"),
        ("no_schedule.py", "schedule=timedelta(days=1), catchup=True"),
        ("own_keywords.py", "str(kwargs['execution_date'])"),
        ("own_keywords.py", "def g(execution_date):"),
        ("quotes.py", "kwargs['logical_date'].subtract(days=1).strftime('%Y-%m-%d')"),
        ("runs.py", "return (dag_run.logical_date, run.logical_date)"),
        ("runs.py", "bash_command='{{ execution_date }}'"),
        ("twice.py", "DAG('h', max_active_tasks=4, start_date="),
    ],
)
def test_the_fix_keeps_what_the_code_means(done: Files, path: str, expected: str) -> None:
    assert expected in text(done, path)


def test_an_option_that_has_no_value_is_not_called_gone(done: Files) -> None:
    said = [f.message for f in done["base_url.py"].report.findings if f.code == "MIG055"]

    assert said == ["Airflow 3.3.2 has no value for the configuration option [api/base_url]"]


@pytest.mark.parametrize("path", ["once.py", "written_for_3.py"])
def test_catchup_is_not_written_where_airflow_2_had_none(done: Files, path: str) -> None:
    assert "catchup" not in text(done, path)


@pytest.mark.parametrize("comment", ["# keep the order of the days", "# stays"])
def test_comments_stay(done: Files, comment: str) -> None:
    assert comment in (done["comments.py"].data or b"").decode()


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("assets.py", "MIG034"),  # xcom_push(execution_date=...)
        ("assets.py", "MIG043"),  # a run of an asset has no date
        ("by_place_too_many.py", "MIG050"),  # beside what is said of its runs
        ("chained.py", "MIG050"),  # its import says what is wrong
        ("database.py", "MIG031"),
        ("methods.py", "MIG017"),
        ("opaque.py", "MIG040"),
    ],
)
def test_what_needs_a_person_is_named(done: Files, path: str, code: str) -> None:
    assert code in codes(done, path)


def test_each_class_of_the_database_is_named(done: Files) -> None:
    assert codes(done, "database.py") == ["MIG031"] * 4


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("helper_of_dags.py", "MIG013"),
        ("lies_elsewhere.py", "MIG016"),
        ("lies_elsewhere_for_a_task.py", "MIG016"),
        ("namespace.py", "MIG013"),
        ("waits_for_helper.py", "MIG015"),
    ],
)
def test_what_has_its_cause_elsewhere_waits(done: Files, path: str, code: str) -> None:
    assert done[path].report.status is Status.WAITS
    assert codes(done, path, Level.WAITS) == [code]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="this Python reads the file itself")
def test_syntax_of_a_newer_python_is_judged_by_the_images_python(done: Files) -> None:
    report = done["newer_quotes.py"].report

    assert (codes(done, "newer_quotes.py"), len(report.imported.dags)) == (["MIG007"], 1)


def test_a_script_reads_the_date_of_a_run_by_its_new_name(done: Files) -> None:
    assert done["scripts/day.sh"].data == b"load $AIRFLOW_CTX_LOGICAL_DATE\n"


def test_data_is_no_dag(done: Files) -> None:
    assert done["data.csv"].report.status is Status.OTHER


def test_the_schedule_of_a_dag_is_told(done: Files) -> None:
    schedules = {p: [d.schedule for d in done[p].report.imported.dags] for p in done}

    assert schedules["cron_in_a_name.py"] == ["0 3 * * *"]
    assert schedules["cron_of_a_stage.py"] == ["0 3 * * *"]
    assert schedules["once.py"] == ["once"]
    assert schedules["hourly_delta.py"] == ["1:00:00"]


def test_the_dags_of_a_file_have_the_same_order_in_each_run(done: Files) -> None:
    names = [dag.dag_id for dag in done["many.py"].report.imported.dags]

    assert names == [f"many_{number:02}" for number in range(12)]


def test_a_fault_of_the_migration_is_a_finding_of_one_file(
    running: Airflow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.py").write_text(SNIPPETS["once.py"])
    (tmp_path / "two.py").write_text(SNIPPETS["no_schedule.py"])
    monkeypatch.setattr("dag_migration.fixing.fixed", _fails_on_once)

    one, two = migrate(list(sources(tmp_path)), running)

    assert [f.code for f in one.report.todos] == ["MIG009"]
    assert two.report.status is Status.FIXED


def _fails_on_once(text: str) -> tuple[str, list[object]]:
    if "once" in text:
        raise KeyError("a word")
    return text, []
