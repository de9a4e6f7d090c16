"""Keys that change nothing: a synth says so."""

from typing import Any

import pytest

from environments.model import Environment
from environments.notes import notes
from tests.environment_files import DEV, tables

PODS = 'airflow.executors = ["KubernetesExecutor"]'


def said(**changes: dict[str, Any]) -> list[str]:
    """Return the notes of dev with some tables changed."""
    values = tables(DEV)
    for table, keys in changes.items():
        values[table] = {**values[table], **keys}
    return list(notes(Environment.model_validate(values)))


@pytest.mark.parametrize(
    ("changes", "key", "why"),
    [
        ({"airflow": {"celery_max_workers": 20}}, "airflow.celery_max_workers", PODS),
        (
            {"airflow": {"resources": {"celery_worker": {"cpu": 2.0}}}},
            "airflow.resources.celery_worker",
            PODS,
        ),
        (
            {"airflow": {"executors": ["CeleryExecutor"], "resources": {"worker": {"cpu": 1.0}}}},
            "airflow.resources.worker",
            'airflow.executors = ["CeleryExecutor"]',
        ),
        (
            {"airflow": {"dags": "image"}, "teams": {"sales": {"keep_versions_days": 7}}},
            "teams.sales.keep_versions_days",
            'airflow.dags = "image"',
        ),
        (
            {
                "airflow": {"dags": "image"},
                "teams": {
                    "sales": {
                        "pipeline_issuer": "https://token.actions.githubusercontent.com",
                        "pipeline_subject": "repo:contoso/dags:ref:refs/heads/main",
                    }
                },
            },
            "teams.sales.pipeline_issuer",
            'airflow.dags = "image"',
        ),
        (
            {"postgres": {"standby_zone": "3"}},
            "postgres.standby_zone",
            'postgres.high_availability = "Disabled"',
        ),
        (
            {"ingress": {"key_vault_certificate": "tls"}},
            "ingress.key_vault_certificate",
            'ingress.certificate = "letsencrypt"',
        ),
        (
            {"ingress": {"certificate": "key_vault", "key_vault_certificate": "tls"}},
            "ingress.contact",
            'ingress.certificate = "key_vault"',
        ),
        (
            {
                "network": {
                    "egress": "firewall",
                    "firewall_private_ip": "10.0.1.4",
                    "nat_addresses": 4,
                }
            },
            "network.nat_addresses",
            'network.egress = "firewall"',
        ),
        (
            {"monitoring": {"alert_phone": "+49 30 5550100"}},
            "monitoring.alert_phone",
            "monitoring.defender = false",
        ),
    ],
)
def test_a_key_without_effect_is_named_with_the_one_that_takes_it(
    changes: dict[str, Any], key: str, why: str
) -> None:
    assert f"dev: {key} has no effect with {why}" in said(**changes)


def test_a_file_whose_keys_all_work_is_told_nothing() -> None:
    assert said() == []
