"""The values through the real chart and Helm's own library: what reaches the cluster."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conventions.components import COMPONENTS, MIGRATIONS, Component
from conventions.patience import DRAIN_MINUTES
from environments.model import Environment
from helm_values.airflow.probes import ASK_SCHEDULER, ask_heartbeat
from helm_values.airflow.release import airflow_values
from helm_values.charts import AIRFLOW
from helm_values.cluster.spread import NODE, ZONE
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from observability.metrics import EXPORTER_MAPPINGS
from tests.helm_values.rendering import named, validate
from tools.rendered_chart import (
    Objects,
    containers,
    loaded,
    of_kind,
    refused_images,
    rights,
    twice,
    workload_pods,
)

Render = Callable[[Values], Objects]
OF_THE_CHART = [component for component in COMPONENTS if component != MIGRATIONS]
LONG_RUNNING = ["api-server", "scheduler", "dag-processor", "triggerer"]


@pytest.fixture(scope="module")
def rendered(values: Values, render: Render) -> Objects:
    """The objects of each environment in turn."""
    return render(values)


@pytest.fixture(scope="module")
def dev_objects(values_of_dev: Values, render: Render) -> Objects:
    """The objects of `dev.toml`."""
    return render(values_of_dev)


@pytest.fixture(scope="module")
def both_objects(both: Environment, infra: Infrastructure, render: Render) -> Objects:
    """The objects with a pod for each task, and Celery beside it."""
    return render(airflow_values(both, infra))


@pytest.fixture(scope="module")
def celery_objects(values_of_celery: Values, render: Render) -> Objects:
    """The objects with Celery."""
    return render(values_of_celery)


def task_pod(objects: Objects) -> dict[str, Any]:
    """Return the pod that a task of the KubernetesExecutor runs in."""
    template = named(objects, "ConfigMap", "airflow-config")["data"]["pod_template_file.yaml"]
    found: dict[str, Any] = loaded(template)
    return found


def pods(objects: Objects) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the pod of every workload, and the one of tasks where there is one."""
    yield from workload_pods(objects)
    if "pod_template_file.yaml" in named(objects, "ConfigMap", "airflow-config")["data"]:
        yield "task", task_pod(objects)


def test_every_object_is_valid_for_the_cluster_s_version(
    rendered: Objects, environment: Environment
) -> None:
    validate(rendered, environment.kubernetes.version)


def test_the_pod_of_tasks_is_valid_for_the_cluster_s_version(
    dev_objects: Objects, environment: Environment
) -> None:
    validate([task_pod(dev_objects)], environment.kubernetes.version)


def test_the_exporter_names_metrics_as_the_alerts_do(rendered: Objects) -> None:
    written = named(rendered, "ConfigMap", "airflow-statsd")["data"]["mappings.yml"]

    assert loaded(written)["mappings"] == EXPORTER_MAPPINGS


def test_the_chart_makes_no_secret(rendered: Objects) -> None:
    assert [found["metadata"]["name"] for found in rendered if found["kind"] == "Secret"] == []


def test_every_pod_keeps_to_the_restricted_pod_security_standard(rendered: Objects) -> None:
    assert {name: rights(pod) for name, pod in pods(rendered) if rights(pod)} == {}


def test_azure_policy_lets_all_its_images_start(rendered: Objects) -> None:
    assert refused_images(rendered, AIRFLOW) == []


def test_nothing_is_made_twice(rendered: Objects) -> None:
    assert twice(rendered) == []


def test_the_chart_lets_the_api_server_alone_read_pods(rendered: Objects) -> None:
    roles = [found for found in of_kind(rendered, "Role") if "pod" in found["metadata"]["name"]]
    subjects = [
        subject["name"]
        for found in of_kind(rendered, "RoleBinding")
        for subject in found["subjects"]
        if found["roleRef"]["name"] in {role["metadata"]["name"] for role in roles}
    ]

    assert {verb for role in roles for rule in role["rules"] for verb in rule["verbs"]} == {
        "get",
        "list",
        "watch",
    }
    assert subjects == ["airflow-api-server"]


@pytest.mark.parametrize("component", ["api-server", "scheduler"])
def test_a_component_has_three_minutes_to_start(dev_objects: Objects, component: str) -> None:
    spec = named(dev_objects, "Deployment", f"airflow-{component}")["spec"]["template"]["spec"]
    probe = spec["containers"][0]["startupProbe"]

    assert probe["failureThreshold"] * probe["periodSeconds"] >= 180


def test_no_question_to_the_scheduler_starts_another_airflow(dev_objects: Objects) -> None:
    spec = named(dev_objects, "Deployment", "airflow-scheduler")["spec"]["template"]["spec"]
    probes = [spec["containers"][0][name] for name in ("startupProbe", "livenessProbe")]

    assert [probe["exec"]["command"] for probe in probes] == [ASK_SCHEDULER, ASK_SCHEDULER]


@pytest.mark.parametrize(
    ("component", "job"), [("dag-processor", "DagProcessorJob"), ("triggerer", "TriggererJob")]
)
def test_a_component_is_asked_by_its_heartbeat(
    dev_objects: Objects, component: str, job: str
) -> None:
    spec = named(dev_objects, "Deployment", f"airflow-{component}")["spec"]["template"]["spec"]
    probe = spec["containers"][0]["livenessProbe"]

    assert probe["exec"]["command"] == ask_heartbeat(job)


@pytest.mark.parametrize("component", ["dag-processor", "triggerer"])
def test_a_busy_component_has_most_of_a_minute_to_answer(
    dev_objects: Objects, component: str
) -> None:
    spec = named(dev_objects, "Deployment", f"airflow-{component}")["spec"]["template"]["spec"]
    probe = spec["containers"][0]["livenessProbe"]

    assert 40 <= probe["timeoutSeconds"] < probe["periodSeconds"]


def test_no_disruption_budget_forbids_to_drain_a_node(rendered: Objects) -> None:
    budgets = [found["spec"] for found in of_kind(rendered, "PodDisruptionBudget")]

    assert budgets
    assert all(budget.get("maxUnavailable") == 1 for budget in budgets)
    assert all(budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow" for budget in budgets)


def test_a_busy_worker_has_most_of_a_minute_to_answer(celery_objects: Objects) -> None:
    spec = named(celery_objects, "Deployment", "airflow-worker-celery")["spec"]["template"]["spec"]
    probe = spec["containers"][0]["livenessProbe"]

    assert 40 <= probe["timeoutSeconds"] < probe["periodSeconds"]
    assert "ping" in probe["exec"]["command"][-1]


def test_a_worker_finishes_its_tasks_before_a_drain_ends(celery_objects: Objects) -> None:
    spec = named(celery_objects, "Deployment", "airflow-worker-celery")["spec"]["template"]["spec"]

    assert spec["terminationGracePeriodSeconds"] == 1500 < DRAIN_MINUTES * 60


def test_celery_s_workers_spread_over_zones_and_nodes(celery_objects: Objects) -> None:
    spec = named(celery_objects, "Deployment", "airflow-worker-celery")["spec"]["template"]["spec"]

    assert [rule["topologyKey"] for rule in spec["topologySpreadConstraints"]] == [ZONE, NODE]


def test_every_pod_but_those_of_tasks_has_a_read_only_root(rendered: Objects) -> None:
    writable = {
        name
        for name, pod in pods(rendered)
        for container in containers(pod)
        if not container["securityContext"].get("readOnlyRootFilesystem")
    }

    assert writable == {"task", "Deployment airflow-worker-celery"} & set(dict(pods(rendered)))


def test_every_container_has_requests_and_limits(rendered: Objects) -> None:
    without = [
        f"{name}: {container['name']}"
        for name, pod in pods(rendered)
        for container in containers(pod)
        if not {"requests", "limits"} <= set(container.get("resources") or {})
    ]

    assert without == []


def test_every_pod_has_a_priority_that_the_release_makes(rendered: Objects) -> None:
    made = {found["metadata"]["name"] for found in rendered if found["kind"] == "PriorityClass"}
    used = {pod["spec"].get("priorityClassName") for _, pod in pods(rendered)}

    assert used == made


@pytest.mark.parametrize("component", LONG_RUNNING)
def test_each_component_has_a_disruption_budget(dev_objects: Objects, component: str) -> None:
    named(dev_objects, "PodDisruptionBudget", f"airflow-{component}-pdb")


@pytest.mark.parametrize("component", LONG_RUNNING)
def test_each_component_spreads_over_zones_and_nodes(dev_objects: Objects, component: str) -> None:
    spec = named(dev_objects, "Deployment", f"airflow-{component}")["spec"]["template"]["spec"]

    assert [rule["topologyKey"] for rule in spec["topologySpreadConstraints"]] == [
        ZONE,
        NODE,
    ]


@pytest.mark.parametrize("component", OF_THE_CHART, ids=lambda component: component.name)
def test_each_service_account_is_the_one_that_entra_trusts(
    dev_objects: Objects, infra: Infrastructure, component: Component
) -> None:
    namespace, account = component.service_account
    annotations = named(dev_objects, "ServiceAccount", account)["metadata"]["annotations"]

    assert namespace == AIRFLOW.namespace
    assert annotations == {
        "azure.workload.identity/client-id": infra.identities[component].client_id
    }


def test_every_airflow_pod_may_use_its_identity(rendered: Objects) -> None:
    for name, pod in pods(rendered):
        assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true", name


def test_every_airflow_pod_runs_the_environment_s_image_by_its_digest_if_it_has_one(
    rendered: Objects, environment: Environment, infra: Infrastructure
) -> None:
    image = f"{infra.registry_login_server}/airflow:{environment.airflow.image_tag}"
    if environment.airflow.image_digest:  # prod's
        image += f"@{environment.airflow.image_digest}"
    others = {
        container["image"]
        for name, pod in pods(rendered)
        if not any(part in name for part in ("statsd", "redis"))
        for container in containers(pod)
    } - {image}

    assert others == set()


def test_a_component_waits_as_long_for_its_role_as_for_the_migrations(
    dev_objects: Objects,
) -> None:
    waiting = [
        container
        for _, pod in pods(dev_objects)
        for container in containers(pod)
        if container["name"] == "wait-for-airflow-migrations"
    ]

    assert len(waiting) == len(LONG_RUNNING)
    for container in waiting:
        variables = {v["name"]: v.get("value") for v in container["env"]}
        tries, pause = (
            int(variables[f"CONNECTION_CHECK_{name}"]) for name in ("MAX_COUNT", "SLEEP_TIME")
        )
        assert f"--migration-wait-timeout={tries * pause}" in container["args"]


def test_the_entry_point_looks_for_a_database_only_where_there_is_one(rendered: Objects) -> None:
    address, tries = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "CONNECTION_CHECK_MAX_COUNT"

    looks_in_vain = {
        f"{name}/{container['name']}"
        for name, pod in pods(rendered)
        for container in containers(pod)
        if "/airflow:" in container["image"] and not container.get("command")
        for variables in [{v["name"]: v.get("value") for v in container.get("env", ())}]
        if address not in variables and variables.get(tries) != "0"
    }

    assert looks_in_vain == set()


def test_no_user_with_a_password_is_made(rendered: Objects) -> None:
    assert not any("create-user" in found["metadata"]["name"] for found in rendered)


def test_a_task_s_pod_runs_as_the_workers_account_on_the_workers_nodes(
    dev_objects: Objects,
) -> None:
    spec = task_pod(dev_objects)["spec"]
    affinity = spec["affinity"]["nodeAffinity"]
    terms = affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]

    assert spec["serviceAccountName"] == "airflow-worker"
    assert terms[0]["matchExpressions"][0]["values"] == ["workers"]
    assert spec["tolerations"][0]["value"] == "spot"


def test_a_task_s_pod_reads_no_secret(dev_objects: Objects) -> None:
    for container in containers(task_pod(dev_objects)):
        assert not any("valueFrom" in variable for variable in container["env"])


def test_no_pod_hides_the_image_s_local_settings(rendered: Objects) -> None:
    for name, pod in pods(rendered):
        paths = [mount["mountPath"] for c in containers(pod) for mount in c["volumeMounts"]]
        assert not any("airflow_local_settings" in path for path in paths), name


def test_no_container_mounts_two_volumes_at_one_path(rendered: Objects) -> None:
    for name, pod in pods(rendered):
        for container in containers(pod):
            paths = [mount["mountPath"] for mount in container["volumeMounts"]]
            assert len(paths) == len(set(paths)), name


def test_the_first_container_of_a_pod_waits_for_no_secret(dev_objects: Objects) -> None:
    # so that the driver has mounted the volume, and made the Secrets, before one is read
    for component in LONG_RUNNING:
        spec = named(dev_objects, "Deployment", f"airflow-{component}")["spec"]["template"]["spec"]
        assert not any("valueFrom" in variable for variable in spec["initContainers"][0]["env"])


def test_the_address_for_users_is_the_ingress_s_host(
    dev_objects: Objects, values_of_dev: Values
) -> None:
    (rule,) = named(dev_objects, "Ingress", "airflow-ingress")["spec"]["rules"]

    assert values_of_dev["config"]["api"]["base_url"] == f"https://{rule['host']}"


def test_celery_s_broker_comes_without_a_secret_of_the_chart(celery_objects: Objects) -> None:
    spec = named(celery_objects, "Deployment", "airflow-worker-celery")["spec"]["template"]["spec"]
    (worker,) = [c for c in spec["containers"] if c["name"] == "worker"]
    variables = {variable["name"]: variable for variable in worker["env"]}

    assert variables["AIRFLOW__CELERY__BROKER_URL"]["value"].startswith(
        "redis://:$(AIRFLOW_REDIS_PASSWORD)@airflow-redis:6379"
    )


def test_celery_s_broker_address_is_a_service_that_is_there(celery_objects: Objects) -> None:
    named(celery_objects, "Service", "airflow-redis")


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    return set(selector["matchLabels"].items()) <= set(labels.items())


@pytest.mark.parametrize("kind", ["Deployment", "PodDisruptionBudget", "NetworkPolicy"])
def test_what_is_for_celery_s_workers_takes_no_pod_of_a_task_for_one(
    both_objects: Objects, kind: str
) -> None:
    name = {
        "Deployment": "airflow-worker-celery",
        "PodDisruptionBudget": "airflow-worker-pdb-celery",
        "NetworkPolicy": "airflow-worker-policy-celery",
    }[kind]
    worker = named(both_objects, "Deployment", "airflow-worker-celery")["spec"]["template"]
    spec = named(both_objects, kind, name)["spec"]
    selector = spec.get("podSelector") or spec["selector"]

    assert selects(selector, worker["metadata"]["labels"])
    assert not selects(selector, task_pod(both_objects)["metadata"]["labels"])


def test_both_kinds_are_one_account_that_is_made_once(both_objects: Objects) -> None:
    worker = named(both_objects, "Deployment", "airflow-worker-celery")["spec"]["template"]["spec"]
    made = named(both_objects, "ServiceAccount", "airflow-worker")

    assert worker["serviceAccountName"] == "airflow-worker"
    assert task_pod(both_objects)["spec"]["serviceAccountName"] == "airflow-worker"
    assert made["metadata"]["annotations"]["azure.workload.identity/client-id"]


def test_a_task_s_pod_knows_nothing_of_the_broker_beside_it(both_objects: Objects) -> None:
    (container,) = task_pod(both_objects)["spec"]["containers"]
    names = {variable["name"] for variable in container["env"]}

    assert not {name for name in names if "REDIS" in name or "CELERY" in name}


@pytest.mark.parametrize("container", ["scheduler", "api-server", "task"])
def test_every_part_of_airflow_reads_both_executors(both_objects: Objects, container: str) -> None:
    config = named(both_objects, "ConfigMap", "airflow-config")["data"]["airflow.cfg"]
    written = re.search(r"^executor = (.*)$", config, re.MULTILINE)
    variables = [
        variable["value"]
        for name, pod in pods(both_objects)
        if container in name
        for each in pod["spec"]["containers"]
        for variable in each.get("env", [])
        if variable["name"] == "AIRFLOW__CORE__EXECUTOR"
    ]

    assert written is not None
    assert {written[1], *variables} == {"KubernetesExecutor,CeleryExecutor"}


def test_the_chart_s_own_scaling_is_off_because_it_needs_a_password(
    celery_objects: Objects,
) -> None:
    assert not any(found["kind"] == "ScaledObject" for found in celery_objects)


def test_the_autoscaler_of_api_servers_has_their_numbers(
    environments: Any, infra: Infrastructure, render: Render
) -> None:
    objects = render(airflow_values(environments["prod"], infra))
    spec = named(objects, "HorizontalPodAutoscaler", "airflow-api-server")["spec"]

    assert (spec["minReplicas"], spec["maxReplicas"]) == (3, 8)


def test_the_scratch_volume_reaches_the_pods_of_tasks(
    environments: Any, infra: Infrastructure, render: Render
) -> None:
    objects = render(airflow_values(environments["git and scratch"], infra))
    spec = task_pod(objects)["spec"]

    assert "/mnt/data" in [m["mountPath"] for m in spec["containers"][0]["volumeMounts"]]
    assert "airflow-data" in [
        volume["persistentVolumeClaim"]["claimName"]
        for volume in spec["volumes"]
        if "persistentVolumeClaim" in volume
    ]
