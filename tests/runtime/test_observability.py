"""Dashboard and alerts against Airflow's own list of metrics, a real Prometheus and a real run."""

import json
import re
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from observability.alerts import PrometheusAlert, database_alerts, prometheus_alerts
from observability.dashboard import ROWS, dashboard
from observability.metrics import (
    AIRFLOW_CONFIG,
    EXPORTER_MAPPINGS,
)
from tests.runtime.live import LiveAirflow

# what airflow_azure.bundle adds to Airflow's own metrics
OWN_COUNTERS = ("dag_bundle.syncs", "dag_bundle.sync_failures")


def prometheus_name(statsd_name: str) -> str:
    """Return the name that the exporter gives a metric that no mapping renames."""
    return "airflow_" + re.sub(r"[^A-Za-z0-9_]", "_", statsd_name)


def metric_names(expression: str) -> set[str]:
    """Return Airflow's metrics in a PromQL expression, without a timer's suffixes."""
    found = set(re.findall(r"\bairflow_[a-z0-9_]+", expression))
    return {re.sub(r"_(sum|count|bucket)$", "", name) for name in found}


QUERIES = {
    f"{panel.title}: {legend}": query
    for row in ROWS.values()
    for panel in row
    for legend, query in panel.queries.items()
}
ALERTS = {alert.name: alert for alert in prometheus_alerts()}
EXPRESSIONS = QUERIES | {alert.name: alert.expression for alert in ALERTS.values()}


@dataclass(frozen=True)
class AirflowMetrics:
    """What this Airflow can emit, its own names and Prometheus's."""

    dotted: tuple[str, ...]
    kinds: dict[str, str]


@pytest.fixture(scope="session")
def airflow_metrics(airflow: Path) -> AirflowMetrics:
    """Airflow's own list of its metrics, and what this project adds."""
    (registry,) = airflow.parent.glob(
        "lib/python*/site-packages/airflow/_shared/observability/metrics/metrics_template.yaml"
    )
    kinds = {m["name"]: m["type"] for m in yaml.safe_load(registry.read_text())["metrics"]}
    kinds |= dict.fromkeys(OWN_COUNTERS, "counter")
    return AirflowMetrics(tuple(kinds), {prometheus_name(n): kind for n, kind in kinds.items()})


def rule_file(folder: Path, alerts: dict[str, PrometheusAlert]) -> Path:
    rules = [
        {
            "alert": alert.name,
            "expr": alert.expression,
            "for": f"{alert.for_minutes}m",
            "annotations": {"summary": alert.summary},
        }
        for alert in alerts.values()
    ]
    file = folder / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "airflow", "rules": rules}]}))
    return file


@pytest.mark.parametrize("title", EXPRESSIONS)
def test_every_metric_asked_for_is_one_that_this_airflow_emits(
    title: str, airflow_metrics: AirflowMetrics
) -> None:
    asked = metric_names(EXPRESSIONS[title])

    assert asked or re.search(r"\b(certmanager|kube)_", EXPRESSIONS[title])
    assert asked <= airflow_metrics.kinds.keys()


@pytest.mark.parametrize("title", EXPRESSIONS)
def test_counters_are_rated_and_gauges_are_not(title: str, airflow_metrics: AirflowMetrics) -> None:
    expression = EXPRESSIONS[title]
    over_time = set(re.findall(r"(?:rate|increase|absent_over_time)\((airflow_\w+)\[", expression))

    for name in metric_names(expression):
        moving = any(metric_names(rated) == {name} for rated in over_time)
        assert moving == (airflow_metrics.kinds[name] != "gauge"), name


def test_prometheus_understands_every_expression(promtool: str, tmp_path: Path) -> None:
    parsed = {
        f"q{n}": PrometheusAlert(
            name=f"q{n}",
            expression=expression.replace("$__rate_interval", "5m"),
            for_minutes=1,
            severity=4,
            summary="",
            action="",
        )
        for n, expression in enumerate(EXPRESSIONS.values())
    }

    done = subprocess.run(
        [promtool, "check", "rules", str(rule_file(tmp_path, parsed))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_worst_severity_of_a_prometheus_rule_is_1() -> None:
    with pytest.raises(ValueError, match="drops it and Azure takes 4"):
        PrometheusAlert(
            name="Worst", expression="1", for_minutes=0, severity=0, summary="", action=""
        )


def test_every_alert_says_what_is_wrong_and_what_to_do() -> None:
    alerts = [asdict(alert) for alert in ALERTS.values()]
    alerts += [asdict(alert) for alert in database_alerts(max_connections=859)]

    for alert in alerts:
        assert alert["summary"].endswith(".")
        assert alert["action"].endswith(".")
        assert 0 <= alert["severity"] <= 4


def test_the_connection_alert_leaves_a_fifth_of_the_connections() -> None:
    (connections,) = (
        alert
        for alert in database_alerts(max_connections=859)
        if alert.metric_name == "active_connections"
    )

    assert connections.threshold == 687


def test_no_two_panels_share_an_id_or_a_place() -> None:
    panels: list[dict[str, Any]] = dashboard()["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_the_module_prints_the_dashboard_as_json() -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "observability.dashboard"]

    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)

    assert json.loads(done.stdout) == dashboard()


@pytest.mark.parametrize(
    "statsd_name",
    [
        "airflow.ti.running",
        "airflow.dag_processing.last_num_of_db_queries.dags.py",
        "airflow.scheduler_job_heartbeat_failure",
        "airflow.dagrun.a_dag.first_task_scheduling_delay",
    ],
)
def test_a_name_that_carries_a_variable_is_mapped(statsd_name: str) -> None:
    patterns = [m["match"] for m in EXPORTER_MAPPINGS if m.get("match_type") == "regex"]

    assert sum(bool(re.fullmatch(pattern, statsd_name)) for pattern in patterns) == 1


def test_no_metric_of_the_dashboard_is_dropped_or_renamed(
    airflow_metrics: AirflowMetrics,
) -> None:
    patterns = [m["match"] for m in EXPORTER_MAPPINGS if m.get("match_type") == "regex"]
    # a dot where Airflow has an underscore, or the other way round, is another name to a pattern
    for name in airflow_metrics.dotted:
        if prometheus_name(name) in ASKED:
            assert not any(re.fullmatch(pattern, f"airflow.{name}") for pattern in patterns), name


# what a healthy minute with one manual run and no triggerer has no occasion for
NOT_IN_THIS_RUN = {
    "airflow_triggerer_heartbeat",
    "airflow_dag_bundle_sync_failures",
    "airflow_dagrun_schedule_delay",
    "airflow_task_instances_without_heartbeats_killed",
    "airflow_ti_failures",
}
ASKED = set().union(*map(metric_names, EXPRESSIONS.values()))


@pytest.mark.parametrize("name", sorted(ASKED - NOT_IN_THIS_RUN))
def test_a_running_airflow_sends_the_metric(name: str, live_metrics: dict[str, str]) -> None:
    assert name in {prometheus_name(sent.removeprefix("airflow.")) for sent in live_metrics}


def test_a_running_airflow_sends_no_name_with_a_variable_that_no_mapping_takes(
    live_metrics: dict[str, str], airflow_metrics: AirflowMetrics
) -> None:
    patterns = [m["match"] for m in EXPORTER_MAPPINGS if m.get("match_type") == "regex"]

    unknown = {
        name
        for name in live_metrics
        if prometheus_name(name.removeprefix("airflow.")) not in airflow_metrics.kinds
        and not any(re.fullmatch(pattern, name) for pattern in patterns)
    }

    assert unknown == set()


@pytest.fixture(scope="module")
def live_metrics(live: LiveAirflow) -> dict[str, str]:
    """What a running Airflow sent, after a DAG run, with the configuration of this project."""
    sent = {key: live.home.env[f"AIRFLOW__METRICS__{key.upper()}"] for key in AIRFLOW_CONFIG}
    assert sent == AIRFLOW_CONFIG
    live.finished("lake", live.run_dag("lake"))
    live.hear("airflow.dagrun.duration.success")
    return live.metrics.kinds
