"""Facts about images, DAGs, logs, connections, the scratch volume and pods."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from conventions.components import WORKER
from environments.model import Environment
from helm_values.airflow.dags import LOCAL
from helm_values.airflow.release import airflow_values
from helm_values.airflow.scratch_volume import scratch_objects
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from helm_values.prerequisites import prerequisites
from tests import ROOT


def bundles_of(values: Values) -> Any:
    """Return the bundles that the template of the option begins with."""
    return json.loads(values["config"]["dag_processor"]["dag_bundle_config_list"].split("`")[1])


def connection(values: Values, name: str) -> Any:
    everything = [*values["env"], *values["workers"]["kubernetes"]["env"]]
    (text,) = [v["value"] for v in everything if v["name"] == f"AIRFLOW_CONN_{name.upper()}"]
    return json.loads(text)


def test_the_image_comes_from_the_registry_under_the_environment_s_tag(
    dev: Environment, values_of_dev: Values, infra: Infrastructure
) -> None:
    assert values_of_dev["defaultAirflowRepository"] == f"{infra.registry_login_server}/airflow"
    assert values_of_dev["defaultAirflowTag"] == dev.airflow.image_tag


def test_the_digest_stands_in_the_tag(
    environments: dict[str, Environment], infra: Infrastructure
) -> None:
    prod = environments["prod"].airflow

    tag = airflow_values(environments["prod"], infra)["defaultAirflowTag"]

    assert tag == f"{prod.image_tag}@{prod.image_digest}"


def test_each_team_s_folder_is_a_bundle_of_its_own(values_of_dev: Values) -> None:
    bundles = bundles_of(values_of_dev)[:-1]

    assert {bundle["name"]: bundle["kwargs"]["prefix"] for bundle in bundles} == {
        "platform": "platform",
        "sales-data": "sales-data",
    }


def test_the_bundle_takes_what_the_values_say(values_of_dev: Values, airflow: Path) -> None:
    (_, bundle, _) = bundles_of(values_of_dev)
    source = "from airflow.dag_processing.bundles.manager import DagBundlesManager as M\n"
    source += "b = M().get_bundle('sales-data'); print(b.name, b.refresh_interval)"
    settings = {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle])}

    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [airflow / "python", "-c", source],
            env={"PYTHONPATH": str(ROOT / "images/airflow"), "AIRFLOW_HOME": home, **settings},
            capture_output=True,
            text=True,
            check=True,
        )

    assert done.stdout.splitlines()[-1] == "sales-data 10"


def test_dags_from_git_follow_the_repository_s_branch_and_folder(
    environments: Any, infra: Infrastructure
) -> None:
    values = airflow_values(environments["git and scratch"], infra)
    (bundle, _) = bundles_of(values)

    assert bundle["kwargs"] == {
        "repo_url": "https://example.com/dags",
        "tracking_ref": "main",
        "subdir": "dags",
        "refresh_interval": 60,
    }


def test_a_git_bundle_checks_out_the_folders_that_the_file_names(
    build: Any, infra: Infrastructure
) -> None:
    git = {"repository": "https://example.com/dags", "sparse_dirs": ["dags", "sql"]}
    values = airflow_values(build("dev", airflow={"dags": "git", "git": git}), infra)

    (bundle, _) = bundles_of(values)

    assert bundle["kwargs"]["sparse_dirs"] == ["dags", "sql"]


def test_a_repository_that_takes_an_identity_gets_no_connection_with_a_secret(
    build: Any, infra: Infrastructure
) -> None:
    git = {"repository": "https://dev.azure.com/contoso/data/_git/dags", "identity": True}
    values = airflow_values(build("dev", airflow={"dags": "git", "git": git}), infra)

    (bundle, _) = bundles_of(values)
    assert bundle["classpath"] == "airflow_azure.git.EntraGitDagBundle"
    (connection,) = [v for v in values["env"] if v["name"] == "AIRFLOW_CONN_GIT_BY_IDENTITY"]
    assert json.loads(connection["value"]) == {"conn_type": "git"}
    assert bundle["kwargs"]["git_conn_id"] == "git_by_identity"


def test_dags_in_the_image_are_in_the_folder_that_airflow_looks_into_by_itself(
    environments: Any, infra: Infrastructure
) -> None:
    values = airflow_values(environments["image and key_vault"], infra)

    (bundle, _) = bundles_of(values)
    assert (bundle["classpath"], bundle["kwargs"]) == (LOCAL, {})


@pytest.mark.parametrize("kind", ["dev", "git and scratch", "image and key_vault"])
def test_a_deployment_can_run_a_dag_that_comes_with_the_image(
    environments: Any, infra: Infrastructure, kind: str
) -> None:
    values = airflow_values(environments[kind], infra)

    bundle = bundles_of(values)[-1]
    folder = Path(bundle["kwargs"]["path"]).relative_to("/opt/airflow/platform")
    assert (ROOT / "images/airflow" / folder / f"{bundle['name']}.py").is_file()


def test_logs_go_to_the_logs_container(values_of_dev: Values) -> None:
    config = values_of_dev["config"]

    assert config["azure_remote_logging"]["remote_wasb_log_container"] == "logs"
    assert config["logging"]["remote_base_log_folder"].startswith("wasb")


def test_logs_are_written_through_a_connection_that_exists(values_of_dev: Values) -> None:
    name = values_of_dev["config"]["logging"]["remote_log_conn_id"]

    assert connection(values_of_dev, name)["conn_type"] == "wasb"


@pytest.mark.parametrize("name", ["wasb_default", "data_lake", "warehouse", "azure_default"])
def test_no_connection_holds_a_password(values_of_dev: Values, name: str) -> None:
    assert "password" not in connection(values_of_dev, name)


def test_the_data_lake_is_never_read_anonymously(values_of_dev: Values) -> None:
    assert connection(values_of_dev, "data_lake")["extra"]["anon"] is False


def test_tasks_sign_in_to_the_warehouse_as_the_workers_identity(
    values_of_dev: Values, infra: Infrastructure
) -> None:
    found = connection(values_of_dev, "warehouse")

    assert found["login"] == infra.identities[WORKER].name
    assert found["extra"]["iam"] is True


def test_tasks_verify_the_certificate_of_the_warehouse(values_of_dev: Values) -> None:
    extra = connection(values_of_dev, "warehouse")["extra"]

    assert extra["sslmode"] == "verify-full"
    assert extra["sslrootcert"] == "/etc/ssl/certs/ca-certificates.crt"


def test_without_a_scratch_volume_nothing_is_mounted(
    dev: Environment, values_of_dev: Values, infra: Infrastructure
) -> None:
    assert "extraVolumes" not in values_of_dev["workers"]["kubernetes"]
    assert scratch_objects(dev, infra) == []


def test_the_scratch_volume_is_mounted_as_the_workers_identity(
    environments: Any, infra: Infrastructure
) -> None:
    volume, claim = scratch_objects(environments["git and scratch"], infra)
    attributes = volume["spec"]["csi"]["volumeAttributes"]

    assert attributes["clientID"] == infra.identities[WORKER].client_id
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]


def test_the_scratch_volume_suits_a_hierarchical_namespace(
    environments: Any, infra: Infrastructure
) -> None:
    volume, _ = scratch_objects(environments["git and scratch"], infra)

    assert "--use-adls=true" in volume["spec"]["mountOptions"]


def test_replicas_are_the_environment_s(environments: Any, infra: Infrastructure) -> None:
    values = airflow_values(environments["prod"], infra)

    assert values["scheduler"]["replicas"] == environments["prod"].airflow.scheduler_replicas
    assert values["apiServer"]["hpa"]["minReplicaCount"] == 3
    assert values["apiServer"]["hpa"]["maxReplicaCount"] == 8


def test_api_servers_of_a_fixed_number_have_no_autoscaler(
    build: Any, infra: Infrastructure
) -> None:
    env = build("dev", airflow={"api_server_replicas": 2, "api_server_max_replicas": 2})

    api_server = airflow_values(env, infra)["apiServer"]

    assert "hpa" not in api_server
    assert api_server["replicas"] == 2


def test_prometheus_reads_the_port_that_the_exporter_serves(
    dev: Environment, infra: Infrastructure
) -> None:
    (monitor,) = [o for o in prerequisites(dev, infra) if o["kind"] == "PodMonitor"]

    assert monitor["spec"]["podMetricsEndpoints"][0]["port"] == "statsd-scrape"
