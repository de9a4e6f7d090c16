"""The Grafana dashboard of an Airflow platform, as the JSON that Grafana imports.

`python -m observability.dashboard` prints it; `az grafana dashboard create` takes it.
"""

import json
from dataclasses import dataclass
from itertools import count
from typing import Any

from observability.alerts import MEAN_WAIT_SECONDS

COLUMNS = 24  # Grafana's grid
HEIGHT = 8
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass(frozen=True)
class Panel:
    """A graph: its queries by legend, in Grafana's unit names."""

    title: str
    unit: str
    queries: dict[str, str]
    description: str


def _rate(metric: str) -> str:
    return f"sum(rate(airflow_{metric}[$__rate_interval]))"


def _mean(timer: str, by: str) -> str:
    of = f"airflow_{timer}"
    return (
        f"sum by ({by}) (rate({of}_sum[$__rate_interval])) "
        f"/ sum by ({by}) (rate({of}_count[$__rate_interval]))"
    )


ROWS: dict[str, list[Panel]] = {
    "Is it alive": [
        Panel(
            "Heartbeats",
            "ops",
            {
                "scheduler": _rate("scheduler_heartbeat"),
                "DAG processor": _rate("dag_processor_heartbeat"),
                "triggerer": _rate("triggerer_heartbeat"),
            },
            "A line at zero is a component that hangs or is gone.",
        ),
        Panel(
            "DAG files that cannot be parsed",
            "short",
            {"import errors": "max(airflow_dag_processing_import_errors)"},
            "Each is named at the top of the Dags page.",
        ),
        Panel(
            "DAGs from Blob storage",
            "ops",
            {
                "syncs": _rate("dag_bundle_syncs"),
                "failures": _rate("dag_bundle_sync_failures"),
            },
            "While syncs fail, Airflow goes on with the DAGs it has.",
        ),
    ],
    "Tasks": [
        Panel(
            "Ended task instances",
            "ops",
            {"success": _rate("ti_successes"), "failed": _rate("ti_failures")},
            "Each try counts.",
        ),
        Panel(
            "Tasks by state",
            "short",
            {
                "queued": "sum(airflow_pool_queued_slots)",
                "running": "sum(airflow_pool_running_slots)",
                "deferred": "sum(airflow_pool_deferred_slots)",
            },
            "Queued without running: look at pending worker pods.",
        ),
        Panel(
            "Wait in the queue",
            "s",
            {"mean": MEAN_WAIT_SECONDS},
            "From queued to started: mostly the time that a pod needs to start.",
        ),
        Panel(
            "Duration by DAG",
            "s",
            {"{{dag_id}}": _mean("task_duration", "dag_id")},
            "Mean of the tasks that ended.",
        ),
    ],
    "DAG runs and pools": [
        Panel(
            "Duration of successful runs",
            "s",
            {"{{dag_id}}": _mean("dagrun_duration_success", "dag_id")},
            "Mean of the runs that ended.",
        ),
        Panel(
            "Delay of scheduled runs",
            "s",
            {"{{dag_id}}": _mean("dagrun_schedule_delay", "dag_id")},
            "From the time a run was due to its start.",
        ),
        Panel(
            "Free slots by pool",
            "short",
            {"{{pool_name}}": "max by (pool_name) (airflow_pool_open_slots)"},
            "A pool at zero makes its tasks wait.",
        ),
    ],
    "Scheduler": [
        Panel(
            "Loop",
            "s",
            {"mean": _mean("scheduler_scheduler_loop_duration", "job")},
            "Grows with the number of active runs and with the database's answers.",
        ),
        Panel(
            "Tasks that starve",
            "short",
            {"starving": "max(airflow_scheduler_tasks_starving)"},
            "Ready to run, and no slot in their pool.",
        ),
        Panel(
            "Time to parse all DAGs",
            "s",
            {"total": "max(airflow_dag_processing_total_parse_time)"},
            "Slow top-level code shows here first.",
        ),
    ],
}


def dashboard() -> dict[str, Any]:
    """Return the dashboard; its data source is chosen in Grafana, so it fits each environment."""
    panels: list[dict[str, Any]] = []
    ids, top = count(1), 0
    for title, row in ROWS.items():
        at = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
        panels.append({"id": next(ids), "type": "row", "title": title, "gridPos": at, "panels": []})
        width = COLUMNS // len(row)
        for column, panel in enumerate(row):
            at = {"x": column * width, "y": top + 1, "w": width, "h": HEIGHT}
            panels.append({"id": next(ids), "gridPos": at, **_graph(panel)})
        top += 1 + HEIGHT
    return {
        "uid": "airflow",
        "title": "Airflow",
        "tags": ["airflow"],
        "schemaVersion": 39,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "templating": {
            "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
        },
        "panels": panels,
    }


def _graph(panel: Panel) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + n),
                "expr": query,
                "legendFormat": legend,
                "datasource": SOURCE,
            }
            for n, (legend, query) in enumerate(panel.queries.items())
        ],
    }


if __name__ == "__main__":
    print(json.dumps(dashboard(), indent=2))
