"""The two executors, and what scales Celery's workers."""

from collections.abc import Callable
from typing import Any

import pytest

from conventions.components import SCHEDULER
from conventions.patience import DRAIN_MINUTES
from environments.model import Environment
from helm_values.airflow.executor import worker_scaling
from helm_values.airflow.release import airflow_values
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from tests.helm_values.rendering import named
from tools.rendered_chart import Objects, task_pod


def trigger(env: Environment, infra: Infrastructure) -> Any:
    _, scaled = worker_scaling(env, infra)
    return scaled["spec"]["triggers"][0]


def test_a_pod_a_task_is_the_executor_unless_the_environment_says_otherwise(
    values_of_dev: Values,
) -> None:
    assert values_of_dev["executor"] == "KubernetesExecutor"


def test_a_pod_a_task_needs_no_redis(values_of_dev: Values) -> None:
    assert values_of_dev["redis"] == {"enabled": False}


def test_redis_takes_its_password_from_key_vault(
    values_of_celery: Values, celery: Environment, infra: Infrastructure
) -> None:
    assert values_of_celery["redis"]["passwordSecretName"] == "airflow-redis-password"


def test_the_broker_s_address_stands_behind_the_password_that_it_holds(
    values_of_celery: Values,
) -> None:
    for env in (values_of_celery["scheduler"]["env"], values_of_celery["workers"]["celery"]["env"]):
        names = [variable["name"] for variable in env]
        assert names.index("AIRFLOW_REDIS_PASSWORD") < names.index("AIRFLOW__CELERY__BROKER_URL")


def test_celery_s_workers_do_not_wait_for_a_database_they_cannot_reach(
    values_of_celery: Values,
) -> None:
    assert values_of_celery["workers"]["celery"]["waitForMigrations"] == {"enabled": False}


def test_keda_counts_tasks_without_a_password(celery: Environment, infra: Infrastructure) -> None:
    metadata = trigger(celery, infra)["metadata"]

    assert metadata["userName"] == infra.identities[SCHEDULER].name
    assert not any("password" in key.lower() or "env" in key.lower() for key in metadata)


def test_keda_uses_the_port_on_which_it_can_sign_in(build: Any, infra: Infrastructure) -> None:
    prod = build("prod", airflow={"executors": ["CeleryExecutor"]})

    assert prod.postgres.pgbouncer
    assert trigger(prod, infra)["metadata"]["port"] == "5432"


def test_keda_s_query_divides_by_the_tasks_that_a_worker_takes(
    celery: Environment, values_of_celery: Values, infra: Infrastructure
) -> None:
    tasks = values_of_celery["config"]["celery"]["worker_concurrency"]

    assert f"/ {tasks})" in trigger(celery, infra)["metadata"]["query"]


def test_keda_starts_no_more_workers_than_the_environment_allows(
    build: Any, infra: Infrastructure
) -> None:
    env = build("dev", airflow={"executors": ["CeleryExecutor"], "celery_max_workers": 7})

    _, scaled = worker_scaling(env, infra)

    assert scaled["spec"]["maxReplicaCount"] == 7


def test_keda_takes_one_worker_at_a_time_after_ten_quiet_minutes(
    celery: Environment, infra: Infrastructure
) -> None:
    _, scaled = worker_scaling(celery, infra)

    scaling = scaled["spec"]["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
    assert scaling["stabilizationWindowSeconds"] == 600
    assert scaling["policies"] == [{"type": "Pods", "value": 1, "periodSeconds": 60}]


@pytest.mark.parametrize(
    ("executors", "counted"),
    [
        (["KubernetesExecutor", "CeleryExecutor"], "AND executor LIKE '%CeleryExecutor'"),
        (["CeleryExecutor", "KubernetesExecutor"], "AND (executor IS NULL OR"),
        (["CeleryExecutor"], "AND (executor IS NULL OR"),
    ],
)
def test_tasks_that_name_no_executor_are_those_of_the_first_one(
    build: Any, infra: Infrastructure, executors: list[str], counted: str
) -> None:
    env = build("dev", airflow={"executors": executors})

    assert counted in trigger(env, infra)["metadata"]["query"]


def test_keda_keeps_as_many_workers_as_the_environment_says(
    build: Any, infra: Infrastructure
) -> None:
    env = build("dev", airflow={"executors": ["CeleryExecutor"], "celery_min_workers": 3})

    _, scaled = worker_scaling(env, infra)

    assert scaled["spec"]["minReplicaCount"] == 3


def test_keda_scales_the_deployment_that_the_chart_makes(
    both: Environment, infra: Infrastructure, render: Any
) -> None:
    _, scaled = worker_scaling(both, infra)

    named(
        render(airflow_values(both, infra)), "Deployment", scaled["spec"]["scaleTargetRef"]["name"]
    )


def test_an_upgrade_leaves_the_number_of_workers_to_what_scales_them(
    both: Environment, infra: Infrastructure, render: Any
) -> None:
    _, scaled = worker_scaling(both, infra)

    worker = named(
        render(airflow_values(both, infra)), "Deployment", scaled["spec"]["scaleTargetRef"]["name"]
    )
    assert "replicas" not in worker["spec"]


def test_keda_takes_over_the_chart_s_autoscaler_and_finds_nothing_to_change(
    both: Environment, infra: Infrastructure, render: Any
) -> None:
    _, scaled = worker_scaling(both, infra)
    wanted = scaled["spec"]
    config = wanted["advanced"]["horizontalPodAutoscalerConfig"]

    made = named(render(airflow_values(both, infra)), "HorizontalPodAutoscaler", config["name"])

    annotations = scaled["metadata"]["annotations"]
    assert annotations == {"scaledobject.keda.sh/transfer-hpa-ownership": "true"}
    # as KEDA writes it: controllers/keda/hpa.go and pkg/scalers/postgresql_scaler.go
    assert made["spec"] == {
        "scaleTargetRef": {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "name": wanted["scaleTargetRef"]["name"],
        },
        "minReplicas": wanted["minReplicaCount"],
        "maxReplicas": wanted["maxReplicaCount"],
        "metrics": [
            {
                "type": "External",
                "external": {
                    "metric": {
                        "name": "s0-postgresql",
                        "selector": {
                            "matchLabels": {"scaledobject.keda.sh/name": scaled["metadata"]["name"]}
                        },
                    },
                    "target": {"type": "AverageValue", "averageValue": "1"},
                },
            }
        ],
        "behavior": config["behavior"],
    }


def test_a_pod_a_task_needs_no_scaling(dev: Environment, infra: Infrastructure) -> None:
    assert worker_scaling(dev, infra) == []


def test_a_pod_that_is_evicted_lets_its_task_end(
    values_of_dev: Values, render: Callable[[Values], Objects]
) -> None:
    pod = task_pod(render(values_of_dev))

    assert pod is not None
    spec = pod["spec"]
    command = spec["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
    assert command == ["sleep", str(spec["terminationGracePeriodSeconds"])]


def test_a_drain_waits_longer_than_the_pod_of_a_task(values_of_dev: Values) -> None:
    grace = values_of_dev["workers"]["kubernetes"]["terminationGracePeriodSeconds"]

    assert grace < DRAIN_MINUTES * 60


def test_a_task_outlives_an_api_server_that_starts_again(values_of_dev: Values) -> None:
    workers = values_of_dev["config"]["workers"]
    # pauses are drawn between one second and 2, 4, 8, ... to the longest ("tenacity")
    longest = float(workers["execution_api_retry_wait_max"])
    pauses = [
        (1 + min(longest, 2.0**number)) / 2
        for number in range(int(workers["execution_api_retries"]) - 1)
    ]

    assert 180 < sum(pauses) < 300  # seconds after which the scheduler fails it
