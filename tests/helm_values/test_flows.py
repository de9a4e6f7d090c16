"""Every connection that is needed passes, and none of those that must not."""

from collections.abc import Callable
from typing import Any

import pytest

from environments.model import Environment
from helm_values.airflow.release import airflow_values
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from helm_values.prerequisites import prerequisites
from tools.network_flows import Peer, Pod, Policies, passes
from tools.rendered_chart import Objects, of_kind, workload_pods

PUBLIC, NODE_IDENTITY, NEIGHBOUR = "20.190.128.1", "169.254.169.254", "10.9.9.9"
DNS = Pod("kube-system", {"k8s-app": "kube-dns"})
METRICS = Pod("kube-system", {"rsName": "ama-metrics"})
NGINX = Pod("ingress-nginx", {"app.kubernetes.io/name": "nginx-ingress"})
STRANGER = Pod("default", {"app": "stranger"})
TASK = Pod("airflow", {"tier": "airflow", "component": "worker", "release": "airflow"})
WORKER = Pod("airflow", {**TASK.labels, "worker-set": "celery"})
POD_OF_TASK = Pod("airflow-tasks", {"kubernetes_pod_operator": "True"})
COMPONENTS = ("api-server", "scheduler", "dag-processor", "triggerer")


@pytest.fixture(scope="module")
def places(both: Environment, both_objects: Objects) -> dict[str, Peer]:
    """Everything that talks, or is talked to, by name."""
    network = both.network
    pods = {
        pod["metadata"]["labels"]["component"]: Pod("airflow", pod["metadata"]["labels"])
        for _, pod in workload_pods(both_objects)
    }
    return {
        **pods,
        "dns": DNS,
        "metrics": METRICS,
        "nginx": NGINX,
        "stranger": STRANGER,
        "task": TASK,
        "worker": WORKER,
        "pod of a task": POD_OF_TASK,
        "migrations": Pod("airflow-migrations", {"component": "migrations"}),
        "database": str(network.postgres[4]),
        "private endpoint": str(network.private_endpoints[4]),
        "kubernetes": str(network.aks_api_server[4]),
        "public": PUBLIC,
        "neighbour": NEIGHBOUR,
        "node's identity": NODE_IDENTITY,
    }


@pytest.fixture(scope="module")
def both_objects(
    both: Environment, infra: Infrastructure, render: Callable[[Values], Objects]
) -> Objects:
    """The objects of the chart with both executors, which has the most of them."""
    return render(airflow_values(both, infra))


@pytest.fixture(scope="module")
def policies(both: Environment, infra: Infrastructure, both_objects: Objects) -> Policies:
    """The chart's policies and those beside it."""
    return of_kind([*both_objects, *prerequisites(both, infra)], "NetworkPolicy")


NEEDED = [
    ("public", "nginx", 443),
    ("neighbour", "nginx", 443),
    ("public", "nginx", 80),
    ("nginx", "dns", 53),
    ("nginx", "kubernetes", 443),
    ("nginx", "api-server", 8080),
    ("metrics", "nginx", 9113),
    ("metrics", "statsd", 9102),
    *(
        (source, target, port)
        for source in ("task", "worker")
        for target, port in [
            ("api-server", 8080),
            ("dns", 53),
            ("private endpoint", 443),
            ("kubernetes", 443),
            ("public", 443),
            ("neighbour", 1433),
            ("database", 5432),
        ]
    ),
    ("worker", "redis", 6379),
    ("scheduler", "redis", 6379),
    ("pod of a task", "dns", 53),
    ("migrations", "dns", 53),
    ("migrations", "database", 5432),
    ("migrations", "public", 443),
    ("pod of a task", "public", 443),
    ("api-server", "worker", 8793),
    ("api-server", "triggerer", 8794),
    *((component, "kubernetes", 443) for component in ("api-server", "scheduler", "triggerer")),
    *(
        (source, target, port)
        for source in COMPONENTS
        for target, port in [
            ("dns", 53),
            ("database", 5432),
            ("database", 6432),
            ("private endpoint", 443),
            ("public", 443),
        ]
    ),
]
REFUSED = [
    ("stranger", "api-server", 8080),
    ("stranger", "nginx", 9113),
    ("stranger", "redis", 6379),
    ("nginx", "scheduler", 8793),
    ("nginx", "public", 443),
    ("nginx", "database", 5432),
    ("nginx", "node's identity", 80),
    ("dag-processor", "kubernetes", 443),
    ("dag-processor", "redis", 6379),
    ("migrations", "kubernetes", 443),
    ("migrations", "private endpoint", 443),
    ("migrations", "api-server", 8080),
    ("pod of a task", "api-server", 8080),
    ("task", "triggerer", 8794),
    ("api-server", "task", 8793),
    ("task", "worker", 8793),
    ("worker", "triggerer", 8794),
    *(
        (source, "node's identity", 80)
        for source in (*COMPONENTS, "task", "worker", "pod of a task")
    ),
    *((source, "neighbour", 443) for source in COMPONENTS),
]


@pytest.mark.parametrize(("source", "target", "port"), NEEDED)
def test_a_connection_that_is_needed_passes(
    policies: Policies, places: dict[str, Peer], source: str, target: str, port: int
) -> None:
    assert passes(policies, places[source], places[target], port)


@pytest.mark.parametrize(("source", "target", "port"), REFUSED)
def test_a_connection_that_nobody_needs_is_refused(
    policies: Policies, places: dict[str, Peer], source: str, target: str, port: int
) -> None:
    assert not passes(policies, places[source], places[target], port)


@pytest.mark.parametrize("component", [*COMPONENTS, "worker"])
def test_metrics_reach_the_exporter(
    policies: Policies, places: dict[str, Any], component: str
) -> None:
    assert passes(policies, places[component], places["statsd"], 9125, "UDP")


@pytest.mark.parametrize(
    ("source", "address", "port", "passing"),
    [
        ("dag-processor", NEIGHBOUR, 8443, True),
        ("triggerer", NEIGHBOUR, 8443, True),
        ("dag-processor", NEIGHBOUR, 22, False),
        ("dag-processor", "10.9.9.10", 8443, False),
        ("api-server", NEIGHBOUR, 8443, False),
        ("scheduler", NEIGHBOUR, 8443, False),
    ],
)
def test_who_reads_dags_reaches_the_git_server_on_its_private_address(
    build: Callable[..., Environment],
    infra: Infrastructure,
    source: str,
    address: str,
    port: int,
    passing: bool,
) -> None:
    git = {"repository": "https://git.example.com:8443/dags", "private_address": NEIGHBOUR}
    env = build("dev", airflow={"dags": "git", "git": git})
    policies = of_kind(prerequisites(env, infra), "NetworkPolicy")

    pod = Pod("airflow", {"tier": "airflow", "component": source})

    assert passes(policies, pod, address, port) is passing


@pytest.mark.parametrize(
    ("address", "port", "passing"),
    [(NEIGHBOUR, 3128, True), (NEIGHBOUR, 443, False), ("10.9.9.10", 3128, False)],
)
def test_components_reach_the_company_s_proxy_and_no_other_private_address(
    build: Callable[..., Environment],
    infra: Infrastructure,
    address: str,
    port: int,
    passing: bool,
) -> None:
    proxy = {"url": "http://proxy.corp.example.com:3128", "address": NEIGHBOUR}
    policies = of_kind(
        prerequisites(build("dev", network={"proxy": proxy}), infra), "NetworkPolicy"
    )

    pod = Pod("airflow", {"tier": "airflow", "component": "api-server"})

    assert passes(policies, pod, address, port) is passing


@pytest.mark.parametrize(
    ("source", "target", "passing"),
    [
        (TASK, Pod("spark", {}), True),
        (POD_OF_TASK, Pod("spark", {}), True),
        (Pod("airflow", {"tier": "airflow", "component": "triggerer"}), Pod("spark", {}), True),
        (Pod("airflow", {"tier": "airflow", "component": "scheduler"}), Pod("spark", {}), False),
        (TASK, Pod("trino", {}), False),
        (POD_OF_TASK, STRANGER, False),
    ],
)
def test_tasks_reach_pods_of_the_namespaces_that_the_file_names(
    build: Callable[..., Environment],
    infra: Infrastructure,
    source: Pod,
    target: Pod,
    passing: bool,
) -> None:
    env = build("dev", airflow={"task_namespaces": ["spark"]})
    policies = [
        found
        for found in of_kind(prerequisites(env, infra), "NetworkPolicy")
        if found["metadata"]["namespace"] in ("airflow", "airflow-tasks")
    ]

    assert passes(policies, source, target, 7077) is passing


@pytest.mark.parametrize(("port", "passing"), [(22, True), (2222, False)])
def test_who_reads_dags_reaches_a_public_git_server_by_ssh(
    build: Callable[..., Environment], infra: Infrastructure, port: int, passing: bool
) -> None:
    env = build(
        "dev",
        airflow={
            "dags": "git",
            "git": {"repository": "ssh://git@git.example.com/team/dags.git"},
            "env_from_key_vault": {"AIRFLOW_CONN_GIT_DEFAULT": "git-connection"},
        },
    )
    policies = of_kind(prerequisites(env, infra), "NetworkPolicy")

    pod = Pod("airflow", {"tier": "airflow", "component": "dag-processor"})

    assert passes(policies, pod, "140.82.121.4", port) is passing
