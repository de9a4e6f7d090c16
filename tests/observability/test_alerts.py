"""Each Prometheus alert fires on series as its source writes them, and stops when it is over."""

from dataclasses import dataclass

import pytest

from observability.alerts import PrometheusAlert, celery_alerts, prometheus_alerts
from observability.cluster import CLUSTER_ALERTS
from tests.observability.conftest import Promtool

ALERTS = {alert.name: alert for alert in (*prometheus_alerts(), *celery_alerts(), *CLUSTER_ALERTS)}


@dataclass(frozen=True)
class Night:
    """Something that goes wrong and is fixed.

    Args:
        series: what is scraped, a value a minute.
        fires: minute at which somebody must have been told.
        over: minute at which it is fixed, and the alert must be quiet.
    """

    series: dict[str, str]
    fires: int
    over: int
    labels: dict[str, str]


def heartbeat(component: str) -> Night:
    # 20 minutes alive, 20 minutes silent (the exporter shows the last value on), alive again
    series = {f"airflow_{component}_heartbeat": "0+12x20 240x20 240+12x40"}
    return Night(series, fires=35, over=55, labels={})


KUBE = 'namespace="airflow"'
DEPLOYMENT = 'deployment="airflow-api-server"'
NIGHTS = {
    "SchedulerHeartbeatMissing": heartbeat("scheduler"),
    "DagProcessorHeartbeatMissing": heartbeat("dag_processor"),
    "TriggererHeartbeatMissing": heartbeat("triggerer"),
    "AirflowUnavailable": Night(
        {f"kube_deployment_status_replicas_available{{{KUBE},{DEPLOYMENT}}}": "2x10 0x10 2x40"},
        fires=17,
        over=25,
        labels={"namespace": "airflow", "deployment": "airflow-api-server"},
    ),
    "CeleryUnavailable": Night(  # Redis is gone, and its workers wait for it
        {
            f'kube_statefulset_status_replicas_ready{{{KUBE},statefulset="airflow-redis"}}': (
                "1x10 0x15 1x40"
            ),
            f'kube_deployment_status_replicas_available{{{KUBE},deployment="airflow-worker-celery"}}'
            "": "2x70",
        },
        fires=23,
        over=40,
        labels={"namespace": "airflow", "statefulset": "airflow-redis"},
    ),
    "DagImportErrors": Night(
        {"airflow_dag_processing_import_errors": "0x5 1x20 0x40"}, fires=20, over=30, labels={}
    ),
    "DagsNotUpdating": Night(
        {
            'airflow_dag_bundle_sync_failures{bundle_name="dags"}': "0x5 0+1x30 30x60",
            'airflow_dag_bundle_syncs{bundle_name="dags"}': "0+1x5 5x30 5+1x60",
        },
        fires=30,
        over=60,
        labels={"bundle_name": "dags"},
    ),
    "TaskQueueDelayHigh": Night(
        {
            'airflow_pool_queued_slots{pool="default_pool"}': "0x5 100x40 0x60",
            "airflow_ti_start": "0+1x110",
        },
        fires=35,
        over=80,
        labels={},
    ),
    "QueuedTasksNotStarting": Night(
        {
            'airflow_pool_queued_slots{pool="default_pool"}': "0x20 5x60 0x60",
            "airflow_ti_start": "0+1x20 20x60 20+1x60",
        },
        fires=60,
        over=100,
        labels={},
    ),
    "TaskHeartbeatLost": Night(
        {"airflow_task_instances_without_heartbeats_killed": "0x10 1x100"},
        fires=15,
        over=50,
        labels={},
    ),
    "CertificateExpiring": Night(
        {
            'certmanager_certificate_expiration_timestamp_seconds{exported_namespace="airflow",'
            'name="airflow-tls"}': "86400x100 7776000x60"
        },
        fires=90,
        over=120,
        labels={"exported_namespace": "airflow", "name": "airflow-tls"},
    ),
    "NodeNotReady": Night(
        {'kube_node_status_condition{condition="Ready",status="true",node="n"}': ("1x5 0x30 1x30")},
        fires=25,
        over=45,
        labels={"condition": "Ready", "status": "true", "node": "n"},
    ),
    "PodCrashLooping": Night(
        {
            f'kube_pod_container_status_waiting_reason{{{KUBE},pod="p",'
            'reason="CrashLoopBackOff"}': "0x5 1x30 0x30"
        },
        fires=25,
        over=45,
        labels={"namespace": "airflow", "pod": "p", "reason": "CrashLoopBackOff"},
    ),
    "ContainerOutOfMemory": Night(
        {
            f'kube_pod_container_status_last_terminated_reason{{{KUBE},pod="p",container="c",'
            'reason="OOMKilled"}': "_x10 1x60",
            f'kube_pod_container_status_restarts_total{{{KUBE},pod="p",container="c"}}': (
                "0x10 1x60"
            ),
        },
        fires=15,
        over=40,
        labels={"namespace": "airflow", "pod": "p", "container": "c"},
    ),
    "PodNotScheduled": Night(
        {f'kube_pod_status_phase{{{KUBE},pod="p",phase="Pending"}}': "0x5 1x50 0x30"},
        fires=40,
        over=60,
        labels={"namespace": "airflow", "pod": "p"},
    ),
    "NodeDiskFilling": Night(
        {
            'node_filesystem_avail_bytes{fstype="ext4",instance="n"}': "50x5 5x30 50x30",
            'node_filesystem_size_bytes{fstype="ext4",instance="n"}': "100x70",
        },
        fires=25,
        over=45,
        labels={"fstype": "ext4", "instance": "n"},
    ),
}


def test_every_alert_has_its_night() -> None:
    assert set(NIGHTS) == set(ALERTS)


@pytest.mark.parametrize("name", NIGHTS)
def test_an_alert_fires_and_stops(promtool: Promtool, name: str) -> None:
    night, alert = NIGHTS[name], ALERTS[name]
    told = {"exp_labels": night.labels}

    promtool(
        [rule(alert)],
        night.series,
        alert_rule_test=[
            {"eval_time": "1m", "alertname": name, "exp_alerts": []},
            {"eval_time": f"{night.fires}m", "alertname": name, "exp_alerts": [told]},
            {"eval_time": f"{night.over}m", "alertname": name, "exp_alerts": []},
        ],
    )


def rule(alert: PrometheusAlert) -> dict[str, str]:
    return {"alert": alert.name, "expr": alert.expression, "for": f"{alert.for_minutes}m"}


# What looks like trouble and is none, for an hour
GOOD_TIMES = {
    "DagsNotUpdating": {
        'airflow_dag_bundle_sync_failures{bundle_name="dags"}': "0+1x60",
        'airflow_dag_bundle_syncs{bundle_name="dags"}': "0+1x60",
    },
    "TaskQueueDelayHigh": {"airflow_pool_queued_slots": "9x60", "airflow_ti_start": "0+1x60"},
    "QueuedTasksNotStarting": {"airflow_pool_queued_slots": "4x60", "airflow_ti_start": "0+1x60"},
    "TaskHeartbeatLost": {"airflow_task_instances_without_heartbeats_killed": "1x60"},
    "ContainerOutOfMemory": {  # it was, long ago
        'kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}': "1x60",
        "kube_pod_container_status_restarts_total": "1x60",
    },
    "CeleryUnavailable": {
        'kube_deployment_status_replicas_available{deployment="airflow-worker-celery"}': "1x60",
        'kube_statefulset_status_replicas_ready{statefulset="airflow-redis"}': "1x60",
    },
    "AirflowUnavailable": {  # one of two is enough
        'kube_deployment_status_replicas_available{deployment="airflow-api-server"}': "1x60",
        'kube_deployment_status_replicas_available{deployment="another"}': "0x60",
    },
}


@pytest.mark.parametrize("name", GOOD_TIMES)
def test_an_alert_is_quiet_in_good_times(promtool: Promtool, name: str) -> None:
    promtool(
        [rule(ALERTS[name])],
        GOOD_TIMES[name],
        alert_rule_test=[{"eval_time": "59m", "alertname": name, "exp_alerts": []}],
    )


@pytest.mark.parametrize("name", [name for name in ALERTS if name.endswith("HeartbeatMissing")])
def test_a_component_that_never_reported_is_silent_too(promtool: Promtool, name: str) -> None:
    promtool(
        [rule(ALERTS[name])],
        {},
        alert_rule_test=[
            {"eval_time": "30m", "alertname": name, "exp_alerts": [{"exp_labels": {}}]}
        ],
    )
