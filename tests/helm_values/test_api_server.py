"""Every object that the stacks and charts make, taken by a real Kubernetes API server."""

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from local_kubernetes import ApiServer, ProgramsMissingError, api_server, find
from local_kubernetes.programs import nearest
from local_kubernetes.server import wait_until

from conventions.components import COMPONENTS, Component
from conventions.service_accounts import MIGRATIONS_NAMESPACE, TASKS_NAMESPACE
from environments.model import Environment
from helm_values.airflow.access import access_objects
from helm_values.airflow.executor import worker_scaling
from helm_values.airflow.migrations import migration_objects
from helm_values.airflow.release import airflow_values
from helm_values.infrastructure import Infrastructure
from helm_values.ingress.certificate import certificate_request
from helm_values.ingress.controller_access import controller_access
from helm_values.merge import Values
from helm_values.prerequisites import prerequisites
from tests.parts.skips import missing
from tools.cluster.custom_kinds import CUSTOM_KINDS
from tools.rendered_chart import Objects, loaded, of_kind, workload_pods

AIRFLOW = "airflow"
SCHEDULER_ACCOUNT = "airflow/airflow-scheduler"


@pytest.fixture(scope="module")
def server(
    a_program: None, environments: dict[str, Environment], infra: Infrastructure
) -> Iterator[ApiServer]:
    """An API server of the environments' minor version, with their namespaces and custom kinds."""
    try:
        programs = find(nearest(environments["dev"].kubernetes.version))
    except ProgramsMissingError as error:
        missing(str(error))
    with api_server(programs) as started:
        for kind in CUSTOM_KINDS:
            assert started.apply(kind.definition()) is None
            started.wait_for_kind(kind.api_version, kind.kind)
        for environment in environments.values():
            for found in of_kind(prerequisites(environment, infra), "Namespace"):
                started.apply(found)
        account = {"apiVersion": "v1", "kind": "ServiceAccount"}
        # a controller makes it in a cluster
        started.apply(account | {"metadata": {"name": "default", "namespace": AIRFLOW}})
        yield started


def refusals(server: ApiServer, objects: Objects, namespace: str = AIRFLOW) -> list[str]:
    """Return what the server refuses of objects; a chart's objects are in its namespace."""
    placed = [
        found | {"metadata": {"namespace": namespace} | found["metadata"]} for found in objects
    ]
    answers = [server.apply(found, dry_run=True) for found in placed]
    return [str(answer) for answer in answers if answer]


@pytest.fixture
def objects(environment: Environment, infra: Infrastructure) -> list[Values]:
    return [
        *prerequisites(environment, infra),
        *certificate_request(environment, infra),
        *migration_objects(environment, infra),
        *worker_scaling(environment, infra),
    ]


@pytest.fixture
def chart_objects(
    environment: Environment, infra: Infrastructure, render: Callable[[Values], Objects]
) -> Objects:
    return render(airflow_values(environment, infra))


@pytest.fixture
def what_pods_need(server: ApiServer, chart_objects: Objects) -> None:
    """Accounts and priorities: without them the server refuses every pod."""
    kinds = ("ServiceAccount", "PriorityClass")
    for found in [found for kind in kinds for found in of_kind(chart_objects, kind)]:
        server.apply(found | {"metadata": {"namespace": AIRFLOW} | found["metadata"]})


def test_the_server_has_the_minor_of_the_environments(
    server: ApiServer, environments: dict[str, Environment]
) -> None:
    wanted = environments["dev"].kubernetes.version

    assert server.version.startswith(f"v{nearest(wanted)}.")


def test_it_takes_every_object_beside_the_charts(server: ApiServer, objects: Objects) -> None:
    assert refusals(server, objects) == []


def test_it_takes_every_object_of_the_airflow_chart(
    server: ApiServer, chart_objects: Objects
) -> None:
    assert refusals(server, chart_objects) == []


def test_it_takes_the_pod_of_every_workload(
    server: ApiServer, chart_objects: Objects, what_pods_need: None
) -> None:
    claims = {
        claim["metadata"]["name"]
        for found in of_kind(chart_objects, "StatefulSet")
        for claim in found["spec"].get("volumeClaimTemplates", [])
    }

    pods = [pod_of(template, name, claims) for name, template in workload_pods(chart_objects)]

    assert refusals(server, pods) == []


def test_it_takes_the_pod_of_a_task(
    server: ApiServer, chart_objects: Objects, what_pods_need: None
) -> None:
    templates = [
        loaded(found["data"]["pod_template_file.yaml"])
        for found in of_kind(chart_objects, "ConfigMap")
        if "pod_template_file.yaml" in found["data"]
    ]

    assert refusals(server, [pod_of(template, "task") for template in templates]) == []


PLANTED: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt field": (
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a"},
            "daat": {"key": "value"},
        },
        ".daat: field not declared in schema",
    ),
    "an address range that is none": (
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "a"},
            "spec": {
                "podSelector": {},
                "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}],
            },
        },
        "spec.egress[0].to[0].ipBlock.cidr",
    ),
    "an exception outside its range": (
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "a"},
            "spec": {
                "podSelector": {},
                "egress": [
                    {"to": [{"ipBlock": {"cidr": "10.0.0.0/8", "except": ["172.16.0.0/12"]}}]}
                ],
            },
        },
        "must be a strict subset of `cidr`",
    ),
    "a port that is none": (
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "a"},
            "spec": {"ports": [{"port": 70000}]},
        },
        "must be between 1 and 65535",
    ),
    "a name that is none": (
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "Bad_Name"}},
        "RFC 1123",
    ),
    "a privileged pod": (
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "a"},
            "spec": {
                "containers": [{"name": "a", "image": "a", "securityContext": {"privileged": True}}]
            },
        },
        'violates PodSecurity "restricted:latest": privileged',
    ),
    "a kind that nothing defines": (
        {"apiVersion": "keda.sh/v1", "kind": "ScaledObject", "metadata": {"name": "a"}},
        "No matches found",
    ),
    "a value of the wrong type": (
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "type": 3},
        ".type: expected string",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_it_refuses(server: ApiServer, fault: str) -> None:
    planted, message = PLANTED[fault]

    [found] = refusals(server, [planted])

    assert message in found


def pod_of(template: dict[str, Any], name: str, claims: Iterable[str] = ()) -> dict[str, Any]:
    """Return the pod that a workload starts from its template.

    `claims` are the volumes that a controller adds to the pods of a StatefulSet.
    """
    metadata = template.get("metadata", {})
    volumes = [*(template["spec"].get("volumes") or [])]
    volumes += [{"name": claim, "emptyDir": {}} for claim in claims]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name.lower().replace(" ", "-"),
            "labels": metadata.get("labels", {}),
            "annotations": metadata.get("annotations") or {},
        },
        "spec": template["spec"] | {"volumes": volumes},
    }


@pytest.fixture(scope="module")
def guarded(
    server: ApiServer, environments: dict[str, Environment], infra: Infrastructure
) -> ApiServer:
    """The server with Airflow's accounts, their Roles and the admission policies of `dev`."""
    for component in COMPONENTS:
        account = component.service_account
        metadata = {"name": account.name, "namespace": account.namespace}
        server.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    metadata = {"name": "default", "namespace": TASKS_NAMESPACE}
    server.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    others = ((TASKS_NAMESPACE, "another"), (AIRFLOW, "another"))
    for namespace, name in others:
        metadata = {"name": name, "namespace": namespace}
        server.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    for found in access_objects(environments["dev"]):
        assert server.apply(found) is None
    refused = task_pod(serviceAccountName="default")
    wait_until(
        lambda: server.would_create(refused, as_account=SCHEDULER_ACCOUNT) is not None,
        "the admission policy",
        20,
    )
    return server


def task_pod(namespace: str = AIRFLOW, **spec: Any) -> dict[str, Any]:
    """Return the least pod that the restricted standard lets run."""
    container = {
        "name": "base",
        "image": "airflow",
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
        **spec.pop("container", {}),
    }
    shared = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    account = "airflow-worker" if namespace == AIRFLOW else "default"
    labels = spec.pop("labels", {"tier": "airflow", "component": "worker"})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a-task", "namespace": namespace, "labels": labels},
        "spec": {
            "serviceAccountName": account,
            "securityContext": shared,
            "containers": [container],
            **spec,
        },
    }


# account, verb, resource, namespace: all that Airflow's accounts may do with pods, and no more
RIGHTS = {
    ("airflow-scheduler", verb, "pods", AIRFLOW)
    for verb in ("create", "get", "list", "watch", "patch", "delete")
}
RIGHTS |= {("airflow-scheduler", "get", "pods/log", AIRFLOW)}
RIGHTS |= {("airflow-scheduler", "list", "events", AIRFLOW)}
RIGHTS |= {
    ("airflow-worker", verb, "pods", TASKS_NAMESPACE)
    for verb in ("create", "get", "list", "watch", "patch", "delete")
}
RIGHTS |= {("airflow-worker", verb, "pods/exec", TASKS_NAMESPACE) for verb in ("create", "get")}
RIGHTS |= {
    ("airflow-triggerer", verb, "pods", TASKS_NAMESPACE) for verb in ("get", "list", "watch")
}
RIGHTS |= {
    (account, verb, resource, TASKS_NAMESPACE)
    for account in ("airflow-worker", "airflow-triggerer")
    for verb, resource in (("get", "pods/log"), ("list", "events"))
}
VERBS = ("create", "get", "list", "watch", "patch", "update", "delete")
RESOURCES = ("pods", "pods/exec", "pods/log", "pods/attach", "secrets", "events", "configmaps")


@pytest.mark.parametrize("component", COMPONENTS, ids=lambda component: component.name)
def test_an_account_may_do_this_and_nothing_else(guarded: ApiServer, component: Component) -> None:
    account = component.service_account

    found = {
        (account.name, verb, resource, namespace)
        for verb in VERBS
        for resource in RESOURCES
        for namespace in (AIRFLOW, TASKS_NAMESPACE, MIGRATIONS_NAMESPACE)
        if guarded.can(f"{account.namespace}/{account.name}", verb, resource, namespace=namespace)
    }

    assert found == {right for right in RIGHTS if right[0] == account.name}


def test_the_scheduler_starts_the_pod_of_a_task(
    guarded: ApiServer, render: Callable[[Values], Objects], values_of_dev: Values
) -> None:
    objects = render(values_of_dev)
    for found in of_kind(objects, "PriorityClass"):
        guarded.apply(found)
    (template,) = [
        loaded(found["data"]["pod_template_file.yaml"])
        for found in of_kind(objects, "ConfigMap")
        if "pod_template_file.yaml" in found["data"]
    ]
    pod = pod_of(template, "task")
    pod["metadata"]["namespace"] = AIRFLOW

    assert guarded.would_create(pod, as_account=SCHEDULER_ACCOUNT) is None


def test_a_task_starts_a_pod_of_its_own_apart(guarded: ApiServer) -> None:
    pod = task_pod(TASKS_NAMESPACE)

    assert guarded.would_create(pod, as_account="airflow/airflow-worker") is None


KEY = {"name": "airflow-jwt-secret", "key": "jwt-secret"}
STOLEN: dict[str, dict[str, Any]] = {
    "another account": {"serviceAccountName": "another"},
    "the account of the scheduler": {"serviceAccountName": "airflow-scheduler"},
    "a key as a variable": {
        "container": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": KEY}}]}
    },
    "all keys of a Secret as variables": {
        "container": {"envFrom": [{"secretRef": {"name": "airflow-jwt-secret"}}]}
    },
    "a key as a variable of a first container": {
        "initContainers": [
            {
                "name": "first",
                "image": "airflow",
                "env": [{"name": "A", "valueFrom": {"secretKeyRef": KEY}}],
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ]
    },
    "a Secret as a volume": {
        "volumes": [{"name": "a", "secret": {"secretName": "airflow-jwt-secret"}}]
    },
    "a Secret in a projected volume": {
        "volumes": [
            {
                "name": "a",
                "projected": {"sources": [{"secret": {"name": "airflow-jwt-secret"}}]},
            }
        ]
    },
    "the vault by its driver": {
        "volumes": [
            {
                "name": "a",
                "csi": {
                    "driver": "secrets-store.csi.k8s.io",
                    "volumeAttributes": {"secretProviderClass": "airflow-scheduler"},
                },
            }
        ]
    },
    "the labels of the API server, whose Service then sends it sign-ins": {
        "labels": {"tier": "airflow", "component": "api-server", "release": "airflow"}
    },
    "the labels of Celery's workers": {"labels": {"component": "worker", "worker-set": "celery"}},
    "no labels": {"labels": {}},
    "the priority of a component": {"priorityClassName": "system-cluster-critical"},
}


@pytest.mark.parametrize("what", STOLEN)
def test_a_pod_that_airflow_starts_may_not_have(guarded: ApiServer, what: str) -> None:
    pod = task_pod(**copy.deepcopy(STOLEN[what]))

    refused = guarded.would_create(pod, as_account=SCHEDULER_ACCOUNT)

    assert refused
    assert "ValidatingAdmissionPolicy 'airflow-pods'" in refused.message


def test_a_task_starts_no_pod_that_takes_a_component_s_place(guarded: ApiServer) -> None:
    pod = task_pod(TASKS_NAMESPACE, priorityClassName="system-cluster-critical")

    refused = guarded.would_create(pod, as_account="airflow/airflow-worker")

    assert refused
    assert "a priority below that of Airflow's components" in refused.message


def test_a_task_starts_no_pod_with_another_account(guarded: ApiServer) -> None:
    pod = task_pod(TASKS_NAMESPACE, serviceAccountName="another")

    refused = guarded.would_create(pod, as_account="airflow/airflow-worker")

    assert refused
    assert "runs as the account `default`" in refused.message


NGINX_ACCOUNT = "ingress-nginx/nginx-ingress"
BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "ClusterRoleBinding",
    "metadata": {"name": "nginx-ingress"},
    "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "nginx-ingress",
    },
    "subjects": [{"kind": "ServiceAccount", "name": "nginx-ingress", "namespace": "ingress-nginx"}],
}
"""As the controller's chart makes it."""


# in this order: what the first is given, the second has too
@pytest.mark.parametrize(("name", "found"), [("image and key_vault", []), ("dev", [AIRFLOW])])
def test_the_ingress_controller_reads_secrets_where_its_certificate_is_alone(
    server: ApiServer, environments: dict[str, Environment], name: str, found: list[str]
) -> None:
    for one in (*controller_access(environments[name]), BINDING):
        assert server.apply(one) is None

    namespaces = (AIRFLOW, TASKS_NAMESPACE, MIGRATIONS_NAMESPACE, "kube-system")
    wait_until(
        lambda: server.can(NGINX_ACCOUNT, "list", "services", namespace=AIRFLOW), "the role", 20
    )
    assert not server.can(NGINX_ACCOUNT, "update", "services", namespace=AIRFLOW)
    assert [
        namespace
        for namespace in namespaces
        if server.can(NGINX_ACCOUNT, "list", "secrets", namespace=namespace)
    ] == found
