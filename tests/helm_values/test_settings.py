"""What a setting of the environment file changes in the airflow.cfg that the chart renders."""

import json
import re
import subprocess
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
from kubernetes.utils.quantity import parse_quantity

from environments.airflow_config import options_of_the_platform
from environments.capacity import core_pods
from environments.model import Environment
from helm_values.airflow.release import airflow_values
from helm_values.airflow.secrets import secret_provider_classes
from helm_values.airflow.settings import tuned
from helm_values.merge import Values
from tests.helm_values.rendering import named
from tools.rendered_chart import Objects, containers, loaded, of_kind, workload_pods

IMAGE = Path(__file__).resolve().parents[2] / "images" / "airflow"


@pytest.mark.parametrize(
    ("table", "setting", "value", "section", "option", "written"),
    [
        ("airflow", "time_zone", "Europe/Berlin", "core", "default_timezone", "Europe/Berlin"),
        (
            "airflow",
            "dags_paused_at_creation",
            False,
            "core",
            "dags_are_paused_at_creation",
            "False",
        ),
        ("single_sign_on", "session_minutes", 45, "fab", "session_lifetime_minutes", "45"),
        ("airflow", "config", {"core": {"load_examples": True}}, "core", "load_examples", "True"),
        (  # the platform's own 16 is a default
            "airflow",
            "config",
            {"kubernetes_executor": {"worker_pods_creation_batch_size": 32}},
            "kubernetes_executor",
            "worker_pods_creation_batch_size",
            "32",
        ),
        ("airflow", "config", {"email": {"from_email": "a@b.c"}}, "email", "from_email", "a@b.c"),
        (
            "airflow",
            "config",
            {"scheduler": {"max_tis_per_query": 1000000}},
            "scheduler",
            "max_tis_per_query",
            "1000000",
        ),
        (
            "airflow",
            "config",
            {"logging": {"log_filename_template": "{{ ti.dag_id }}.log"}},
            "logging",
            "log_filename_template",
            "{{ ti.dag_id }}.log",
        ),
        (
            "airflow",
            "config",
            {"logging": {"log_format": "%(message)s"}},
            "logging",
            "log_format",
            "%%(message)s",  # as airflow.cfg writes it
        ),
        ("single_sign_on", "session_minutes", 45, "fab", "session_max_lifetime_minutes", "45"),
    ],
)
def test_a_setting_reaches_airflow_cfg(
    build: Callable[..., Any],
    infra: Any,
    render: Callable[..., Any],
    table: str,
    setting: str,
    value: object,
    section: str,
    option: str,
    written: str,
) -> None:
    env = build("dev", **{table: {setting: value}})

    found = render(airflow_values(env, infra))

    cfg = ConfigParser(interpolation=None)
    cfg.read_string(_airflow_cfg(found))
    assert cfg[section][option] == written


def test_a_git_bundle_reaches_airflow_cfg_with_its_folders_and_its_address(
    build: Callable[..., Any], infra: Any, render: Callable[..., Any]
) -> None:
    address = "https://dev.azure.com/contoso/Data%20Platform/_git/dags"
    git = {"repository": address, "sparse_dirs": ["dags", "sql"]}
    env = build("dev", airflow={"dags": "git", "git": git})

    cfg = ConfigParser()
    cfg.read_string(_airflow_cfg(render(airflow_values(env, infra))))

    kwargs = json.loads(cfg["dag_processor"]["dag_bundle_config_list"])[0]["kwargs"]
    assert (kwargs["repo_url"], kwargs["sparse_dirs"]) == (address, ["dags", "sql"])


def test_a_bundle_of_the_company_s_chart_values_follows_those_of_the_platform(
    build: Callable[..., Any], infra: Any, render: Callable[..., Any]
) -> None:
    further = {"name": "more", "classpath": "a.b.Bundle", "kwargs": {"path": "50%"}}
    env = build(
        "dev", airflow={"chart_values": {"dagProcessor": {"dagBundleConfigList": [further]}}}
    )

    cfg = ConfigParser()
    cfg.read_string(_airflow_cfg(render(airflow_values(env, infra))))

    bundles = json.loads(cfg["dag_processor"]["dag_bundle_config_list"])
    assert [bundle["name"] for bundle in bundles][-2:] == ["platform_smoke", "more"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("kubernetes_executor.worker_pods_creation_batch_size", "16"),
        ("kubernetes_executor.async_pod_creation", "True"),
        ("scheduler.task_queued_timeout", "1800"),
        ("dag_processor.bundle_refresh_check_interval", "2"),
        ("dag_processor.min_file_process_interval", "3600"),
        ("dag_processor.print_stats_interval", "600"),
        ("core.min_serialized_dag_update_interval", "5"),
        ("dag_processor.parsing_processes", "4"),
        ("scheduler.max_tis_per_query", "32"),
        ("scheduler.scheduler_idle_sleep_time", "0.25"),
    ],
)
def test_where_airflow_s_own_default_does_not_fit_the_platform_has_another(
    build: Callable[..., Any], infra: Any, option: str, value: str
) -> None:
    section, name = option.split(".")

    config = airflow_values(build("dev"), infra)["config"]

    assert config[section][name] == value


def test_behind_a_proxy_pods_are_asked_for_one_after_another(
    build: Callable[..., Any], infra: Any
) -> None:
    proxy = {"url": "http://proxy.corp.example.com:3128", "address": "10.9.0.4"}

    config = airflow_values(build("dev", network={"proxy": proxy}), infra)["config"]

    assert config["kubernetes_executor"]["async_pod_creation"] == "False"


@pytest.mark.parametrize(
    ("airflow", "option", "value"),
    [
        ({"parallelism": 500}, "scheduler.max_tis_per_query", "64"),
        (
            {"resources": {"dag_processor": {"cpu_limit": 3.5}}},
            "dag_processor.parsing_processes",
            "7",
        ),
    ],
)
def test_a_default_follows_the_size_of_the_environment(
    build: Callable[..., Any], infra: Any, airflow: dict[str, Any], option: str, value: str
) -> None:
    section, name = option.split(".")

    config = airflow_values(build("dev", airflow=airflow), infra)["config"]

    assert config[section][name] == value


def test_files_that_are_due_at_their_own_time_alone_are_parsed_as_often_as_airflow_does(
    build: Callable[..., Any], infra: Any
) -> None:
    config = airflow_values(build("dev", airflow={"dags": "image"}), infra)["config"]

    assert "min_file_process_interval" not in config["dag_processor"]


def _airflow_cfg(objects: list[dict[str, Any]]) -> str:
    (text,) = [
        each["data"]["airflow.cfg"]
        for each in objects
        if each["kind"] == "ConfigMap" and "airflow.cfg" in each["data"]
    ]
    return str(text)


def test_airflow_reads_an_option_as_the_environment_file_has_it(
    build: Callable[..., Any],
    infra: Any,
    render: Callable[..., Any],
    airflow: Path,
    tmp_path: Path,
) -> None:
    written = "{{ ti.dag_id }} %(levelname)s 100% $HOME"
    env = build("dev", airflow={"config": {"email": {"from_email": written}}})
    (tmp_path / "airflow.cfg").write_text(_airflow_cfg(render(airflow_values(env, infra))))
    program = "from airflow.configuration import conf; print(conf.get('email', 'from_email'))"

    asked = subprocess.run(
        [airflow / "python", "-c", program],
        env={"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(IMAGE)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert asked.stdout.splitlines()[-1] == written


def test_each_option_that_the_platform_sets_is_refused_in_the_file(
    environment: Environment, values: Values
) -> None:
    given = {f"{section}.{name}" for section, names in values["config"].items() for name in names}
    variables = re.findall(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+)", json.dumps(values))
    given |= {f"{section}.{name}".lower() for section, name in variables}
    given -= {f"{name}.{key}" for name, keys in environment.airflow.config.items() for key in keys}
    given -= {f"{section}.{name}" for section, name, _ in tuned(environment.airflow)}
    # of our package, and in no list of Airflow
    own = {"azure_health.heartbeat_file", "azure_postgres.entra_token_scope"}

    assert given - own <= set(options_of_the_platform())


@pytest.fixture(scope="module")
def pods(
    environments: dict[str, Environment], infra: Any, render: Callable[..., Any]
) -> dict[str, Any]:
    """Pods with the settings of a company: those of Airflow's image, by name."""
    objects: Objects = render(airflow_values(environments["settings"], infra))
    template = named(objects, "ConfigMap", "airflow-config")["data"]["pod_template_file.yaml"]
    found = dict(workload_pods(objects)) | {"task": loaded(template)}
    return {name: pod for name, pod in found.items() if "statsd" not in name}


def _variables(pod: dict[str, Any]) -> dict[str, Any]:
    (container, *_) = pod["spec"]["containers"]
    return {found["name"]: found for found in container["env"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STAGE", "test"),
        ("AIRFLOW_VAR_CURRENCY", "EUR"),
        ("AIRFLOW_CONN_SHOP_API", '{"conn_type": "http", "host": "shop.example.com"}'),
    ],
)
def test_every_pod_has_the_variable(pods: dict[str, Any], name: str, value: str) -> None:
    assert len(pods) == 5
    assert {_variables(pod).get(name, {}).get("value") for pod in pods.values()} == {value}


@pytest.mark.parametrize("text", ["$(STAGE)", "$$(STAGE)", "$$5", "5$", "${STAGE}", "US$ 5"])
def test_kubernetes_changes_nothing_in_a_variable(
    build: Callable[..., Any], infra: Any, text: str
) -> None:
    env = build("dev", airflow={"env": {"PRICE": text}})

    given = {one["name"]: one["value"] for one in airflow_values(env, infra)["env"]}

    assert _expanded(given["PRICE"]) == text


def test_kubernetes_changes_nothing_in_the_names_of_roles(
    build: Callable[..., Any], infra: Any
) -> None:
    env = build("dev", single_sign_on={"role_names": {"admin": "Data$$(HOME)"}})

    given = {one["name"]: one for one in airflow_values(env, infra)["apiServer"]["env"]}

    assert "Data$$(HOME)" in json.loads(_expanded(given["ENTRA_ROLES"]["value"]))


def _expanded(text: str) -> str:
    """Return a variable as the kubelet gives it to a container that has no other variables.

    Two dollar signs stand for one, and end a name before it begins ("Define Dependent Environment
    Variables", kubernetes.io).
    """
    return re.sub(r"\$(\$|\(\w+\))", lambda found: "$" if found[1] == "$" else "filled in", text)


def test_every_pod_reads_the_secret_that_the_file_names(pods: dict[str, Any]) -> None:
    reference = {"secretKeyRef": {"name": "airflow-env", "key": "dbt-token"}}

    assert [_variables(pod)["DBT_TOKEN"]["valueFrom"] for pod in pods.values()] == [reference] * 5


def test_no_pod_reads_the_secret_before_the_driver_has_made_it(pods: dict[str, Any]) -> None:
    first = [containers(pod)[0] for pod in pods.values() if pod["spec"].get("initContainers")]

    assert not any("DBT_TOKEN" in {v["name"] for v in container["env"]} for container in first)


def test_each_component_asks_the_vault_for_the_secret_as_itself(
    environments: dict[str, Environment], infra: Any
) -> None:
    classes = secret_provider_classes(environments["settings"], infra)

    for found in classes:
        assert "dbt-token" in found["spec"]["parameters"]["objects"]
        assert {
            "secretName": "airflow-env",
            "type": "Opaque",
            "data": [{"objectName": "dbt-token", "key": "dbt-token"}],
        } in found["spec"]["secretObjects"]


def test_airflow_reads_the_connection(
    environments: dict[str, Environment], infra: Any, airflow: Path, tmp_path: Path
) -> None:
    variables = {
        v["name"]: v["value"] for v in airflow_values(environments["settings"], infra)["env"]
    }
    program = "from airflow.sdk import Connection; print(Connection.get('shop_api').host)"

    asked = subprocess.run(
        [airflow / "python", "-c", program],
        env={"AIRFLOW_HOME": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=True,
    )

    assert asked.stdout.splitlines()[-1] == "shop.example.com"


def test_a_task_has_the_memory_and_the_disk_that_the_file_gives_it(pods: dict[str, Any]) -> None:
    (container, *_) = pods["task"]["spec"]["containers"]

    assert container["resources"] == {
        "requests": {"cpu": "500m", "memory": "3000Mi", "ephemeral-storage": "20Gi"},
        "limits": {"cpu": "2", "memory": "6Gi", "ephemeral-storage": "20Gi"},
    }


def test_a_component_has_the_cores_that_the_file_gives_it(pods: dict[str, Any]) -> None:
    (container, *_) = pods["Deployment airflow-api-server"]["spec"]["containers"]

    assert container["resources"]["requests"] == {"cpu": "250m", "memory": "1536Mi"}


def _number(quantity: str) -> float:
    return float(parse_quantity(quantity))  # type: ignore[no-untyped-call]


def test_the_sums_that_pools_are_held_to_are_those_of_the_chart(
    environment: Environment, values: Values, render: Callable[..., Any]
) -> None:
    objects: Objects = render(values)
    fewest = {
        found["spec"]["scaleTargetRef"]["name"]: found["spec"]["minReplicas"]
        for found in of_kind(objects, "HorizontalPodAutoscaler")
    }
    rendered = [0.0, 0.0]
    for kind in ("Deployment", "StatefulSet"):
        for found in of_kind(objects, kind):
            name = found["metadata"]["name"]
            count = found["spec"].get("replicas") or fewest.get(name, 1)
            if "worker" in name:
                continue
            for container in found["spec"]["template"]["spec"]["containers"]:
                asked = container["resources"]["requests"]
                rendered[0] += count * _number(asked["cpu"])
                rendered[1] += count * _number(asked["memory"]) / 2**20

    pods = core_pods(environment.airflow)

    assert sum(pod.cpu for pod in pods) == pytest.approx(rendered[0])
    assert sum(pod.memory_mib for pod in pods) == pytest.approx(rendered[1])


def test_values_of_the_company_win(pods: dict[str, Any]) -> None:
    (container, *_) = pods["Deployment airflow-triggerer"]["spec"]["containers"]

    assert container["livenessProbe"]["periodSeconds"] == 90
