"""dbt from Airflow: plain dbt, one task for all models, and one task for each model.

One task for each model is measured with a few models and projected: the row says so.
"""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tools.airflow_venv import airflow_bin
from tools.bench_tasks import pod
from tools.bench_tasks.platform import IMAGE, BenchError, Platform, platform
from tools.bench_tasks.pod import Cost
from tools.bench_tasks.tables import Table, machine

MODELS = 185
THREADS = 4
COLUMNS = ("models of dbt", "tasks", "CPU s", "times", "by the clock s", "times", "MB")
DAGS = """
from datetime import UTC, datetime
from pathlib import Path

from airflow.sdk import DAG
from airflow_azure.dbt import EntraPostgresProfileMapping
from cosmos import ProfileConfig
from cosmos.constants import InvocationMode
from cosmos.operators.local import DbtBuildLocalOperator

mapping = EntraPostgresProfileMapping("warehouse", {"schema": "public", "threads": THREADS})
for name, chosen in {"all_models": {}, "one_model": {"select": "model_001"}}.items():
    with DAG(name, schedule=None, start_date=datetime(2026, 1, 1, tzinfo=UTC)):
        DbtBuildLocalOperator(
            task_id="build",
            project_dir=Path(__file__).parent / "dbt",
            profile_config=ProfileConfig("bench", "bench", profile_mapping=mapping),
            dbt_executable_path="dbt",
            invocation_mode=InvocationMode.SUBPROCESS,
            install_deps=False,
            emit_datasets=False,
            **chosen,
        )
"""
PROFILE = """
bench:
  target: bench
  outputs:
    bench: {{type: postgres, host: {host}, port: {port}, user: postgres, password: unused,
      dbname: warehouse, schema: public, threads: {threads}}}
"""


def measure(rounds: int, *, models: int = MODELS) -> Iterator[Table]:
    """Build `rounds` times in each of the three ways; yield the table of medians."""
    with platform() as running:
        yield measured(running, rounds, models=models)


def measured(running: Platform, rounds: int, *, models: int = MODELS) -> Table:
    """Do the same on a platform that runs."""
    table = Table("dbt", COLUMNS, machine())
    _add_models(running, models)
    costs: dict[str, list[Cost]] = {"plain": [], "all_models": [], "one_model": []}
    _plain(running)  # fills the disk's cache, and makes what the others find
    _task(running, "one_model")  # an API server that starts answers its first task after seconds
    for _ in range(rounds):
        costs["plain"].append(_plain(running))
        for name in ("all_models", "one_model"):
            costs[name].append(_task(running, name))
    plain, whole, one = (_middle(found) for found in costs.values())
    each = Cost(one.cpu * models, one.wall * models, one.peak_mb)
    _add(table, f"{models} by `dbt build`, without Airflow", "0", plain, plain)
    _add(table, f"{models} by one task", "1", whole, plain)
    _add(table, "one of them by a task", "1", one, plain)
    _add(table, "counted up: a task for each, one after another", str(models), each, plain)
    return table


def _add(table: Table, name: str, tasks: str, cost: Cost, plain: Cost) -> None:
    ratios = cost.cpu / plain.cpu, cost.wall / plain.wall
    table.add(name, tasks, cost.cpu, ratios[0], cost.wall, ratios[1], cost.peak_mb)


def _middle(costs: list[Cost]) -> Cost:
    columns = zip(*((cost.cpu, cost.wall, cost.peak_mb) for cost in costs), strict=True)
    return Cost(*map(median, columns))


def _task(running: Platform, name: str) -> Cost:
    running.api("POST", f"/api/v2/dags/{name}/dagRuns", {"logical_date": None})
    return pod.run_waiting_task(running, {}, marked=False)


def _plain(running: Platform) -> Cost:
    project = running.folder / "models" / "dbt"
    shutil.rmtree(project / "target", ignore_errors=True)  # a pod has no earlier parse either
    command = ["dbt", "build", "--no-use-colors", "--profiles-dir", str(running.folder)]
    dbt = shutil.which("dbt", path=running.settings["PATH"])
    assert dbt is not None  # of the image's lock
    cost, status = pod.run([dbt, *command[1:]], running.pod_environment, project)
    if status:
        raise BenchError(f"dbt build failed:\n{(project / 'pod.log').read_text()[-2000:]}")
    return cost


def _add_models(running: Platform, models: int) -> None:
    """Add a warehouse, dbt and the DAGs that build its models."""
    host, _, port = running.database.partition(":")
    running.sql("create database warehouse")
    login = {"login": "postgres", "password": "unused", "schema": "warehouse"}
    where = {"conn_type": "postgres", "host": host, "port": int(port), **login}
    running.settings["AIRFLOW_CONN_WAREHOUSE"] = json.dumps(where)
    # dbt last, as in the image
    running.settings["PATH"] += f":{airflow_bin(IMAGE / 'dbt-requirements.lock')}"
    profile = PROFILE.format(host=host, port=port, threads=THREADS)
    (running.folder / "profiles.yml").write_text(profile)
    dags = running.folder / "models"
    _write_project(dags / "dbt", models)
    (dags / "models.py").write_text(DAGS.replace("THREADS", str(THREADS)))
    running.read(dags, 2)


def _write_project(folder: Path, models: int) -> None:
    """Write models of which each reads another, as a tree with three branches, and their tests."""
    (folder / "models").mkdir(parents=True)
    settings: dict[str, object] = {"name": "bench", "version": "1.0.0", "profile": "bench"}
    settings["models"] = {"bench": {"+materialized": "table"}}
    (folder / "dbt_project.yml").write_text(json.dumps(settings))  # which is YAML, too
    tests = ["models:"]
    for number in range(models):
        above = f"{{{{ ref('model_{(number - 1) // 3:03}') }}}}"
        text = f"select id from {above if number else '(values (1)) as t(id)'}\n"
        (folder / "models" / f"model_{number:03}.sql").write_text(text)
        tests += [f"- name: model_{number:03}", "  columns: [{name: id, data_tests: [not_null]}]"]
    (folder / "models" / "models.yml").write_text("\n".join(tests))
