"""Reads all facts of an environment."""

from pathlib import Path

from synthesis.resources import EnvironmentStacks
from tools.attack_paths import azure, cluster, database, delivery, seeded
from tools.attack_paths.facts import Facts

ROOT = Path(__file__).resolve().parents[2]


def pipelines_of(company: Path) -> tuple[list[Path], list[str]]:
    """Return the pipelines of a platform's repository, and what cannot be read of them."""
    own = [company / "azure-pipelines.yml", *sorted((company / "pipelines").glob("*.yml"))]
    found = [file for file in own if file.is_file()]
    if found:
        return found, []
    missing = f"{company} has no azure-pipelines.yml; workflows of GitHub Actions are not read"
    return [], [f"who runs what in the platform's pipelines: {missing}"]


def read(
    here: EnvironmentStacks,
    kind: str,
    platform: Path = ROOT,
    product: Path = ROOT,
    *,
    seed: EnvironmentStacks | None = None,
) -> Facts:
    """Return what is known of one environment.

    Args:
        here: its synthesized stacks.
        kind: what it is like, `dev` or `prod`: a person approves what is deployed to the second.
        platform: the repository that has the pipelines; a company may have its own.
        product: the checkout that has the template of the teams' repositories.
        seed: the synthesized seed, which gives the identities of pipelines their rights; without
            it a person does, by the page for landing zones of another team.

    Raises:
        PipelineError: a pipeline says something that is not understood.
    """
    chart, left_out = cluster.objects_of_chart(here)
    objects = [*cluster.objects_beside(here), *chart]
    pipelines, unread = pipelines_of(platform)
    waits = kind in delivery.by_hand()["approval"]["kinds"]
    approved = f"airflow-{here.environment}" if waits else ""
    jobs = tuple(delivery.jobs(pipelines, product, approved))
    named = frozenset(name for job in jobs for name in job.connections)
    own_application = bool(here.resources("azuread_application"))
    nginx, airflow = (cluster.values_of(here, name) for name in ("nginx-ingress", "airflow"))
    given = (
        seeded.grants(seed, here.environment)
        if seed and seeded.serves(seed, here.environment)
        else delivery.hand_given(own_application=own_application)
    )
    grants = (*azure.grants(here), *given)
    identities = frozenset(grant.who for grant in grants)
    return Facts(
        environment=here.environment,
        kind=kind,
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
        executors=tuple(airflow["executor"].split(",")),
        execution_api_outside="^/execution" not in str(nginx),
        local_accounts=azure.local_accounts(here),
        left_out=(*left_out, *unread),
    )
