"""What a company sets in Airflow itself: options, variables and connections."""

import json
from collections.abc import Iterator

from conventions.components import DAG_PROCESSOR
from conventions.patience import QUEUED_SECONDS
from environments.airflow import Airflow
from environments.airflow_config import Value
from helm_values.merge import Values


def setting_values(airflow: Airflow, *, behind_proxy: bool) -> Values:
    """Return options as Airflow reads them from its airflow.cfg, and the variables of all pods.

    The model refuses what the platform sets, so no other topic gives one of them.
    """
    config: dict[str, dict[str, str]] = {}
    for section, option, value in (
        *tuned(airflow, behind_proxy=behind_proxy),
        *_given(airflow),
    ):
        config.setdefault(section, {})[option] = _written(value)
    variables = [{"name": name, "value": literal(text)} for name, text in _variables(airflow)]
    return {"config": config} | ({"env": variables} if variables else {})


def tuned(airflow: Airflow, *, behind_proxy: bool = False) -> Iterator[tuple[str, str, Value]]:
    """Yield section, option and value where Airflow's own default does not fit."""
    # Airflow starts one pod in each loop of the scheduler, and says itself to raise it
    yield "kubernetes_executor", "worker_pods_creation_batch_size", 16
    # All of them at once, not one after another. The client for that (aiohttp) takes no range of
    # addresses in NO_PROXY, and would look for the cluster's own API behind the proxy
    yield "kubernetes_executor", "async_pod_creation", not behind_proxy
    # Tasks reach the API server in the cluster, without TLS; and the image's authorities have the
    # public ones, too, for a server elsewhere
    yield "api", "client_use_public_certs", False
    yield "scheduler", "task_queued_timeout", QUEUED_SECONDS
    # As many as may run are queued in one loop, not in the next ones
    yield "scheduler", "max_tis_per_query", min(64, airflow.parallelism)
    # A run sleeps twice before its first task is queued, and once before each next one
    yield "scheduler", "scheduler_idle_sleep_time", 0.25
    # Two for each core that the DAG processor may use: with one, a quarter of the cores has nothing
    # to do while the processor writes what was found
    cores = airflow.resources.of(DAG_PROCESSOR).cpu_limit
    yield "dag_processor", "parsing_processes", max(2, int(2 * (cores or 1)))
    # Bundles look for changes every 10 s, and Airflow asks them as often as this
    yield "dag_processor", "bundle_refresh_check_interval", 2
    # A table with a line for each file goes to the log; metrics tell the same of each parse
    yield "dag_processor", "print_stats_interval", 600
    # How long scheduler and API server may go on with a DAG that was changed in the database:
    # their DBDagBag reads the option, despite its name
    yield "core", "min_serialized_dag_update_interval", 5
    if airflow.dags == "blob":
        # A new version makes each of its files due at once, so nothing waits for this
        yield "dag_processor", "min_file_process_interval", 3600


def _given(airflow: Airflow) -> Iterator[tuple[str, str, Value]]:
    for section, options in airflow.config.items():
        for option, value in options.items():
            yield section, option, value


def _variables(airflow: Airflow) -> list[tuple[str, str]]:
    connections = {
        name: json.dumps(connection.as_airflow_reads_it)
        for name, connection in airflow.connections.items()
    }
    return [
        *airflow.env.items(),
        *((f"AIRFLOW_CONN_{name.upper()}", text) for name, text in connections.items()),
        *((f"AIRFLOW_VAR_{name.upper()}", text) for name, text in airflow.variables.items()),
    ]


def literal(text: str) -> str:
    """Escape a variable's value for Kubernetes: it fills in `$(NAME)`, and takes `$$` for one."""
    return text.replace("$", "$$")


def _written(value: Value) -> str:
    """Escape a value for airflow.cfg, and for Helm, which reads it as a template.

    In airflow.cfg a percent sign begins the name of another option; two stand for one.
    """
    return str(value).replace("%", "%%").replace("{{", '{{ "{{" }}')
