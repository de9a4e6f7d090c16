"""Airflow's metrics on their way to Prometheus: StatsD with tags, and the exporter's mappings.

StatsD, not OpenTelemetry: the chart ships the exporter and managed Prometheus scrapes it, so no
collector has to be run; and a KubernetesExecutor pod, too short-lived to be scraped, can push.
"""

from typing import Any

# [metrics] of Airflow's configuration. With tags and without legacy names, a DAG's name is a label
# and never a part of a metric's name.
AIRFLOW_CONFIG: dict[str, str] = {
    "statsd_on": "True",
    "statsd_prefix": "airflow",
    "statsd_influxdb_enabled": "True",
    "legacy_names_on": "False",
}

# `statsd.overrideMappings` of the chart: its own mappings are written for the legacy names.
EXPORTER_MAPPINGS: list[dict[str, Any]] = [
    {  # one series for each task there ever was; the pools' gauges tell the same in sum
        "match": r"airflow\.ti\.(scheduled|queued|running|deferred)",
        "match_type": "regex",
        "name": "dropped",
        "action": "drop",
    },
    {
        "match": r"airflow\.dag_processing\.last_num_of_db_queries\..+",
        "match_type": "regex",
        "name": "dropped",
        "action": "drop",
    },
    {
        "match": r"airflow\.dagrun\..+\.first_task_scheduling_delay",
        "match_type": "regex",
        "name": "dropped",
        "action": "drop",
    },
    {
        "match": r"airflow\.([A-Za-z_]+)_(start|end|heartbeat_failure)",
        "match_type": "regex",
        "name": "airflow_job_$2",
        "labels": {"job_name": "$1"},
    },
]
