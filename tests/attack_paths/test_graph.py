"""What one fact more makes of the graph: each of these would be a hole, and must be seen."""

import pytest

from tools.attack_paths import graph as g
from tools.attack_paths.facts import ClusterSecret, Facts, Grant, Right, Rows
from tools.attack_paths.questions import shortest

VAULT = "key_vault.key_vault"
TASKS = "airflow/airflow-worker"


def reaches(facts: Facts, start: str, goal: str) -> bool:
    return shortest("prod", g.build(facts), start, goal) is not None


def right(verb: str, resource: str, namespace: str = "airflow") -> Right:
    return Right(account=TASKS, namespace=namespace, verb=verb, resource=resource)


HOLES = {
    "a role on the whole vault": (
        {"grants": (Grant(who="worker_identity", role="Key Vault Secrets User", on=VAULT),)},
        g.pod("worker"),
        g.ADMIN,
    ),
    "a role on one secret more": (
        {
            "grants": (
                Grant(
                    who="triggerer_identity",
                    role="Key Vault Secrets User",
                    on=VAULT,
                    part=g.JWT_SECRET,
                ),
            )
        },
        g.pod("triggerer"),
        g.ADMIN,
    ),
    "commands in the scheduler's pod": (
        {"rights": (right("create", "pods/exec"),)},
        g.pod("worker"),
        g.ADMIN,
    ),
    "Secrets that a task may read": (
        {"rights": (right("list", "secrets"),)},
        g.pod("worker"),
        g.ADMIN,
    ),
    "the whole cluster": ({"rights": (right("*", "*", "*"),)}, g.pod("worker"), g.CLUSTER_ADMIN),
    "a table that decides who is Admin": (
        {"rows": (Rows(who="dag_processor_identity", table="ab_user_role", rights="INSERT"),)},
        g.pod("dag-processor"),
        g.ADMIN,
    ),
    "a column that the scheduler unpickles": (
        {"rows": (Rows(who="triggerer_identity", table="task_instance", rights="UPDATE"),)},
        g.pod("triggerer"),
        g.ADMIN,
    ),
    "a template that the API server renders": (
        {"rows": (Rows(who="dag_processor_identity", table="log_template", rights="INSERT"),)},
        g.pod("dag-processor"),
        g.ADMIN,
    ),
    "the execution API at the ingress": ({"execution_api_outside": True}, g.TOKEN, g.CONNECTIONS),
    "a pull request's identity that uploads": (
        {
            "grants": (
                Grant(
                    who="registry.pull_object_ids",
                    role="Storage Blob Data Contributor",
                    on="storage_container.data_lake_dags_container",
                    part="sales",
                ),
            )
        },
        g.TEAM_PULL_REQUEST,
        g.DAG_FILES,
    ),
    "a cluster with an administrator of its own": (
        {"local_accounts": True},
        g.PULL_REQUEST,
        g.CLUSTER_ADMIN,
    ),
}


@pytest.mark.parametrize(("more", "start", "goal"), HOLES.values(), ids=HOLES)
def test_a_hole_is_found(now: Facts, more: dict[str, object], start: str, goal: str) -> None:
    with_it = {
        key: (*getattr(now, key), *value) if isinstance(value, tuple) else value
        for key, value in more.items()
    }

    assert not reaches(now, start, goal)
    assert reaches(now.model_copy(update=with_it), start, goal)


def test_without_admission_a_dag_file_chooses_the_account_of_its_pod(now: Facts) -> None:
    without = now.model_copy(update={"admissions": ()})

    assert reaches(without, g.DAG_AUTHOR, g.ADMIN)


def test_without_the_bound_on_secrets_a_dag_file_mounts_the_key(now: Facts) -> None:
    loose = tuple(bound.model_copy(update={"secrets": True}) for bound in now.admissions)
    made = (ClusterSecret(namespace="airflow", name="s", secret=g.JWT_SECRET),)
    facts = now.model_copy(update={"admissions": loose, "cluster_secrets": made})

    assert reaches(facts, g.DAG_AUTHOR, g.ADMIN)


def test_without_the_bound_on_labels_a_task_answers_in_the_api_server_s_place(now: Facts) -> None:
    loose = tuple(bound.model_copy(update={"labels": True}) for bound in now.admissions)

    assert reaches(now.model_copy(update={"admissions": loose}), g.DAG_AUTHOR, g.ADMIN)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_every_connection_of_the_pipelines_leads_to_somebody(
    everything: dict[str, Facts], environment: str
) -> None:
    facts = everything[environment]
    named = {name for job in facts.jobs for name in job.connections}
    of_others = {name for name in named if f"-{environment}" not in name}
    known = {connection.name for connection in facts.connections}

    assert named - known <= of_others - {"airflow-build", "airflow-sign", "airflow-images"}


def test_every_pod_and_its_account_are_known(now: Facts) -> None:
    assert {pod.name: pod.account for pod in now.pods} == {
        "api-server": "airflow/airflow-api-server",
        "scheduler": "airflow/airflow-scheduler",
        "dag-processor": "airflow/airflow-dag-processor",
        "triggerer": "airflow/airflow-triggerer",
        "worker": "airflow/airflow-worker",
        "migrations": "airflow-migrations/airflow-migrations",
        "ingress controller": "ingress-nginx/nginx-ingress",
        "pod of a task": "airflow-tasks/default",
    }


def test_admission_is_read_as_it_is_written(now: Facts) -> None:
    bounds = {bound.namespace: bound for bound in now.admissions}

    bound = bounds["airflow"]
    assert (bound.runs_as, bound.secrets, bound.labels) == ("airflow-worker", False, False)
    assert "airflow/airflow-scheduler" in bounds["airflow"].accounts
    assert bounds["airflow-tasks"].runs_as == "default"
