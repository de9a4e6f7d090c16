"""The airflow.cfg of the old system, judged by the list of the real Airflow 3."""

from pathlib import Path

import pytest
from dag_migration.airflow import Airflow
from dag_migration.airflow_cfg import ConfigError, OldConfig
from dag_migration.model import Option
from dag_migration.run import run
from dag_migration.target import Target

CFG = """
[core]
sql_alchemy_conn = postgresql://airflow:hunter2%@db/airflow
parallelism = 77
executor = LocalExecutor
dag_concurrency = 8
invented = 1
task_runner = StandardTaskRunner

[scheduler]
catchup_by_default = False
"""
KEYS = """
"core.max_active_tasks_per_dag" = "set `[airflow] max_active_tasks`"
"*" = "set `[own] {option}`"
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An old airflow.cfg, and where the new platform sets an option."""
    folder = tmp_path_factory.mktemp("old")
    (folder / "airflow.cfg").write_text(CFG)
    (folder / "keys.toml").write_text(KEYS)
    return folder / "airflow.cfg", folder / "keys.toml"


@pytest.fixture(scope="module")
def found(running: Airflow, files: tuple[Path, Path]) -> dict[str, Option]:
    """What the migration says of each option."""
    return {option.name: option for option in OldConfig(*files).options(running)}


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("core.dag_concurrency", "moved"),
        ("core.invented", "unknown"),
        ("core.parallelism", "set"),
        ("core.sql_alchemy_conn", "moved"),
        ("core.task_runner", "removed"),
        ("scheduler.create_cron_data_intervals", "default"),
    ],
)
def test_an_option_that_is_not_the_same_is_named(
    found: dict[str, Option], name: str, state: str
) -> None:
    assert found[name].state == state


def test_an_option_that_is_the_same_is_not_named(found: dict[str, Option]) -> None:
    assert "core.executor" not in found


def test_a_moved_option_says_where_the_new_platform_sets_it(found: dict[str, Option]) -> None:
    assert found["core.dag_concurrency"].todo == "Set `[airflow] max_active_tasks`."
    assert found["core.sql_alchemy_conn"].todo == "Set `[own] sql_alchemy_conn`."


def test_without_keys_it_names_the_environment_variable(
    running: Airflow, files: tuple[Path, Path]
) -> None:
    options = {option.name: option.todo for option in OldConfig(files[0]).options(running)}

    assert options["core.sql_alchemy_conn"] == "Set AIRFLOW__DATABASE__SQL_ALCHEMY_CONN."


def test_no_value_of_an_option_is_told(found: dict[str, Option]) -> None:
    assert "hunter2" not in str(found)


def test_what_the_old_system_made_up_for_decides_on_catchup(
    running: Airflow, files: tuple[Path, Path], tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "dag.py").write_text(
        "from datetime import datetime\nfrom airflow import DAG\n"
        "dag = DAG('a', schedule='@daily', start_date=datetime(2024, 1, 1))\n"
    )

    run(source, Target(tmp_path / "target", source), {}, running, config=OldConfig(files[0]))

    assert "catchup" not in (tmp_path / "target/dags/dag.py").read_text()


def test_a_file_that_is_none_is_refused_without_its_content(tmp_path: Path) -> None:
    file = tmp_path / "airflow.cfg"
    file.write_text("password = hunter2\n")

    with pytest.raises(ConfigError, match=r"not an airflow\.cfg that can be read") as refused:
        OldConfig(file)

    assert "hunter2" not in str(refused.value)
