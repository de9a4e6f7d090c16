"""Which nodes components and tasks run on."""

from typing import Any

import pytest

from helm_values.airflow.placement import node_values
from helm_values.merge import Values

POOL = {"vm_size": "Standard_D4ds_v5"}
SPOT = POOL | {"spot": True}


def placed(build: Any, pools: dict[str, Any]) -> tuple[list[str], list[str], Values]:
    kubernetes = {"node_pools": pools}
    values = node_values(build("dev", kubernetes=kubernetes))
    workers = values["workers"]["kubernetes"]
    return pool_names(values), pool_names(workers), workers


def pool_names(values: Values) -> Any:
    terms = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    (rule,) = terms["nodeSelectorTerms"][0]["matchExpressions"]
    return rule["values"]


@pytest.mark.parametrize(
    ("pools", "core", "workers"),
    [
        ({"core": POOL, "cheap": SPOT}, ["core"], ["cheap"]),
        ({"core": POOL, "own": POOL | {"labels": {"airflow/role": "worker"}}}, ["core"], ["own"]),
        ({"only": POOL}, ["only"], ["only"]),
        ({"all": POOL | {"labels": {"airflow/role": "worker"}}, "cheap": SPOT}, ["all"], ["all"]),
    ],
    ids=["spot", "labelled", "one pool for both", "a label beats spot"],
)
def test_components_and_tasks_go_to_their_pools(
    build: Any, pools: dict[str, Any], core: list[str], workers: list[str]
) -> None:
    assert placed(build, pools)[:2] == (core, workers)


def test_pods_ask_for_a_label_that_a_pool_under_rotation_bears_too(build: Any) -> None:
    values = node_values(build("dev", kubernetes={"node_pools": {"only": POOL}}))

    terms = values["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert terms["nodeSelectorTerms"][0]["matchExpressions"][0]["key"] == "airflow/pool"


def test_tasks_tolerate_the_taint_that_azure_puts_on_spot_nodes(build: Any) -> None:
    *_, workers = placed(build, {"core": POOL, "cheap": SPOT})

    assert workers["tolerations"] == [
        {
            "key": "kubernetes.azure.com/scalesetpriority",
            "operator": "Equal",
            "value": "spot",
            "effect": "NoSchedule",
        }
    ]


def test_tasks_tolerate_the_taints_of_their_pool(build: Any) -> None:
    own = POOL | {"labels": {"airflow/role": "worker"}, "taints": ["dedicated=dbt:NoExecute"]}

    *_, workers = placed(build, {"core": POOL, "own": own})

    assert workers["tolerations"] == [
        {"key": "dedicated", "operator": "Equal", "value": "dbt", "effect": "NoExecute"}
    ]


def test_components_never_tolerate_spot(values_of_dev: Values) -> None:
    assert "tolerations" not in values_of_dev


def test_where_pools_are_mixed_tasks_try_spot_first(build: Any) -> None:
    role = {"labels": {"airflow/role": "worker"}}

    *_, workers = placed(build, {"core": POOL, "steady": POOL | role, "cheap": SPOT | role})

    affinity = workers["affinity"]["nodeAffinity"]
    (first,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
    assert first["preference"]["matchExpressions"][0]["values"] == ["spot"]


def test_celery_s_workers_go_to_the_same_pools(values_of_celery: Values) -> None:
    assert pool_names(values_of_celery["workers"]["celery"]) == ["workers"]
