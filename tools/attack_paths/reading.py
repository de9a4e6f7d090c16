"""Reads all facts of an environment."""

from pathlib import Path

from synthesis.resources import Landscape
from tools.attack_paths import azure, cluster, database, delivery
from tools.attack_paths.facts import Facts

ROOT = Path(__file__).resolve().parents[2]


def read(here: Landscape, pipelines: Path = ROOT / "pipelines", product: Path = ROOT) -> Facts:
    """Return what is known of one environment.

    Args:
        here: its synthesized stacks.
        pipelines: the folder of the platform's pipelines; a company may have its own.
        product: the checkout that has the template of the teams' repositories.

    Raises:
        PipelineError: a pipeline says something that is not understood.
    """
    chart, left_out = cluster.objects_of_chart(here)
    objects = [*cluster.objects_beside(here), *chart]
    jobs = tuple(delivery.jobs(pipelines, product))
    named = frozenset(name for job in jobs for name in job.connections)
    own_application = bool(here.resources("azuread_application"))
    nginx, airflow = (cluster.values_of(here, name) for name in ("nginx-ingress", "airflow"))
    grants = (
        *azure.grants(here),
        *delivery.hand_given(own_application=own_application),
    )
    identities = frozenset(grant.who for grant in grants)
    return Facts(
        environment=here.environment,
        grants=grants,
        federations=tuple(azure.federations(here)),
        secrets=tuple(azure.secrets(here)),
        storage_keys=tuple(azure.storage_keys(here)),
        rights=tuple(cluster.rights(objects)),
        admissions=tuple(cluster.admissions(objects)),
        pods=tuple(cluster.pods(here, objects)),
        cluster_secrets=tuple(cluster.cluster_secrets(objects)),
        rows=tuple(database.rows([*objects, airflow])),
        jobs=jobs,
        connections=tuple(delivery.connections(named, here.environment, identities)),
        unverified=tuple(cluster.unverified(objects)),
        executor=airflow.get("executor", "KubernetesExecutor"),
        execution_api_outside="^/execution" not in str(nginx),
        local_accounts=azure.local_accounts(here),
        left_out=tuple(left_out),
    )
