"""The Job of the migrations and the nightly cleanup, beside the chart."""

import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conventions.components import MIGRATIONS
from conventions.service_accounts import AIRFLOW_NAMESPACE
from environments.model import Environment
from helm_values.airflow.migrations import migration_objects, migration_prerequisites
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from tools.rendered_chart import (
    Objects,
    containers,
    objects_in,
    of_kind,
    rights,
    workload_pods,
)

CHART = Path(__file__).resolve().parents[2] / "helm_values" / "objects_chart"
CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


@pytest.fixture(scope="module")
def objects(dev: Environment, infra: Infrastructure) -> Objects:
    return migration_objects(dev, infra)


@pytest.fixture(scope="module")
def rendered(objects: Objects) -> Callable[..., Objects]:
    """Renders objects by the chart that installs them."""
    helm = pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")

    def render(found: Objects) -> Objects:
        with helm.Chart.load(CHART) as chart:
            texts = chart.render({"objects": found}, name="migrations", namespace="default")
        return [one for text in texts.values() for one in objects_in(text)]

    return render


def pods(objects: Objects) -> Iterator[dict[str, Any]]:
    for _, pod in workload_pods(objects):
        yield pod


def test_no_pod_of_theirs_is_in_the_namespace_where_airflow_starts_pods(objects: Objects) -> None:
    assert AIRFLOW_NAMESPACE not in {found["metadata"]["namespace"] for found in objects}


def test_they_run_as_the_account_that_entra_trusts(
    dev: Environment, infra: Infrastructure, objects: Objects
) -> None:
    (account,) = of_kind(migration_prerequisites(dev, infra), "ServiceAccount")

    trusted = MIGRATIONS.service_account
    assert account["metadata"]["namespace"] == trusted.namespace
    assert account["metadata"]["name"] == trusted.name
    assert {pod["spec"]["serviceAccountName"] for pod in pods(objects)} == {trusted.name}
    client_id = infra.identities[MIGRATIONS].client_id
    assert account["metadata"]["annotations"] == {"azure.workload.identity/client-id": client_id}


def test_they_may_use_their_identity(objects: Objects) -> None:
    for pod in pods(objects):
        assert pod["metadata"]["labels"]["azure.workload.identity/use"] == "true"


def test_their_pods_keep_to_the_restricted_standard(objects: Objects) -> None:
    assert [rights(pod) for pod in pods(objects)] == [[], []]


def test_they_go_past_the_pooler_without_a_password(
    environments: dict[str, Environment], infra: Infrastructure
) -> None:
    for pod in pods(migration_objects(environments["prod"], infra)):
        (container,) = containers(pod)
        (url,) = [urlsplit(v["value"]) for v in container["env"] if v["name"] == CONN]

        assert (url.username, url.password) == (infra.identities[MIGRATIONS].name, None)
        assert url.port == 5432


def test_they_read_no_secret_and_no_config_map(objects: Objects) -> None:
    for pod in pods(objects):
        assert all(set(volume) == {"name", "emptyDir"} for volume in pod["spec"]["volumes"])
        (container,) = containers(pod)
        assert not [v for v in container["env"] if "valueFrom" in v]


def test_the_migration_gives_every_other_identity_its_role(
    infra: Infrastructure, objects: Objects
) -> None:
    (job,) = of_kind(objects, "Job")
    command = job["spec"]["template"]["spec"]["containers"][0]["args"][-1]
    others = {c: identity.name for c, identity in infra.identities.items() if c != MIGRATIONS}

    assert [c for c, name in others.items() if name not in command.split()] == []


def test_another_image_is_another_job(
    rendered: Callable[..., Objects],
    build: Callable[..., Environment],
    dev: Environment,
    infra: Infrastructure,
) -> None:
    newer = build("dev", airflow=dev.airflow.model_dump() | {"image_tag": "3.3.2-newer"})

    names = [job_name(rendered(migration_objects(env, infra))) for env in (dev, dev, newer)]

    assert names[0] == names[1] != names[2]


def job_name(objects: Objects) -> Values:
    (job,) = of_kind(objects, "Job")
    found: Values = job["metadata"]["name"]
    return found


def test_the_job_sets_the_pools_and_leaves_others_alone(
    environments: dict[str, Environment], infra: Infrastructure, airflow: Path, tmp_path: Path
) -> None:
    (job,) = of_kind(migration_objects(environments["settings"], infra), "Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    step = container["args"][2].split(" && exec ")[0].removeprefix("airflow db migrate && ")
    (pools,) = [found["value"] for found in container["env"] if found["name"] == "POOLS"]
    env = {"AIRFLOW_HOME": str(tmp_path), "PATH": f"{airflow}:/usr/bin:/bin", "POOLS": pools}

    def run(command: str) -> None:
        subprocess.run(["bash", "-ec", command], env=env, cwd=tmp_path, check=True)

    with closing(sqlite3.connect(tmp_path / "airflow.db")) as database:
        run("airflow db migrate")
        values = "('by_hand', 7, 'kept', 0)"
        columns = "(pool, slots, description, include_deferred)"
        database.execute(f"insert into slot_pool {columns} values {values}")
        database.commit()

        run(f"{step}; {step}")

        found = dict(database.execute("select pool, slots from slot_pool").fetchall())
    assert found == {"default_pool": 128, "by_hand": 7, "shop_api": 3}


def test_without_pools_the_job_has_no_step_for_them(objects: Objects) -> None:
    (job,) = of_kind(objects, "Job")

    assert "pools" not in str(job)


def test_old_rows_are_deleted_every_night_by_the_days_of_the_environment(
    build: Callable[..., Environment], dev: Environment, infra: Infrastructure
) -> None:
    longer = build("dev", airflow=dev.airflow.model_dump() | {"database_retention_days": 400})

    (cron,) = of_kind(migration_objects(longer, infra), "CronJob")

    (container,) = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert cron["spec"]["schedule"] == "0 0 * * *"
    assert container["args"][-1] == "exec python -m airflow_azure.cleanup --days 400"


def test_the_migration_keeps_the_options_that_code_of_dag_files_may_not_write(
    build: Callable[..., Environment], dev: Environment, infra: Infrastructure
) -> None:
    config = {
        "logging": {"log_filename_template": "{{ ti.dag_id }}.log"},
        "elasticsearch": {"log_id_template": "{dag_id}"},
    }
    env = build("dev", airflow=dev.airflow.model_dump() | {"config": config})

    (job,) = of_kind(migration_objects(env, infra), "Job")

    (container,) = containers(job["spec"]["template"])
    variables = {entry["name"]: entry["value"] for entry in container["env"]}
    assert variables["AIRFLOW__LOGGING__LOG_FILENAME_TEMPLATE"] == "{{ ti.dag_id }}.log"
    assert variables["AIRFLOW__ELASTICSEARCH__LOG_ID_TEMPLATE"] == "{dag_id}"
