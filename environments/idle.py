"""Keys that a file sets, and that its other keys leave without effect."""

from collections.abc import Iterator

from environments.facts import REGIONS
from environments.model import Environment
from environments.types import Section


def idle_keys(env: Environment) -> Iterator[tuple[str, str]]:
    """Yield each key that changes nothing, and why. Defaults do not count: nobody wrote them.

    They are no faults: a file may keep them for the day on which the other key changes back.
    """
    airflow, ingress, network = env.airflow, env.ingress, env.network
    if not airflow.runs_workers:
        why = f"airflow.executors = {list(airflow.executors)}".replace("'", '"')
        workers = ("celery_min_workers", "celery_max_workers", "celery_tasks_per_worker")
        yield from _written("airflow", airflow, workers, why)
        yield from _written("airflow.resources", airflow.resources, ("celery_worker",), why)
    if not airflow.runs_pods and not airflow.warm_tasks:
        why = f"airflow.executors = {list(airflow.executors)}".replace("'", '"')
        yield from _written("airflow.resources", airflow.resources, ("worker",), why)
    if airflow.dags != "blob":
        for name, team in env.teams.items():
            why = f'airflow.dags = "{airflow.dags}"'
            uploads = ("keep_versions_days", "pipeline_issuer", "pipeline_subject")
            yield from _written(f"teams.{name}", team, uploads, why)
    if not REGIONS[env.location].zones:
        yield from _written("postgres", env.postgres, ("zone",), f'location = "{env.location}"')
    if env.postgres.high_availability != "ZoneRedundant":
        why = f'postgres.high_availability = "{env.postgres.high_availability}"'
        yield from _written("postgres", env.postgres, ("standby_zone",), why)
    why = f'ingress.certificate = "{ingress.certificate}"'
    others = {
        "letsencrypt": ("key_vault_certificate",),
        "key_vault": ("dns_zone_id", "contact", "dns01_name_servers"),
    }
    yield from _written("ingress", ingress, others[ingress.certificate], why)
    if network.given or network.egress == "firewall":
        why = "network.given" if network.given else 'network.egress = "firewall"'
        yield from _written("network", network, ("nat_addresses",), why)
    if network.given:  # whose owner logs the flows
        yield from _written("network", network, ("flow_log_retention_days",), "network.given")
    if not env.monitoring.defender:
        why = "monitoring.defender = false"
        yield from _written("monitoring", env.monitoring, ("alert_phone",), why)


def _written(
    table: str, section: Section, keys: tuple[str, ...], why: str
) -> Iterator[tuple[str, str]]:
    for key in keys:
        if key in section.model_fields_set:
            yield f"{table}.{key}", why
