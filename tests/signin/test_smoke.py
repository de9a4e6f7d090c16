"""The look at a deployment from outside, at a real Airflow behind a real nginx."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from conventions.redirect import redirect_uri
from environments.model import Environment
from tests.environment_files import DEV, tables
from tests.signin.conftest import Site as Airflow
from tests.signin.identity_provider import IdentityProvider
from tools.smoke import Site, problems

JOBS = {
    "SchedulerJob": "scheduler",
    "TriggererJob": "triggerer",
    "DagProcessorJob": "dag_processor",
}


@pytest.fixture
def seen(site: Airflow, entra: IdentityProvider) -> Site:
    """Airflow, whose components have just said that they live."""
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    site.execute("DELETE FROM job")
    for job in JOBS:
        site.execute(
            "INSERT INTO job (job_type, state, start_date, latest_heartbeat) "
            f"VALUES ('{job}', 'running', '{now}', '{now}')"
        )
    return Site(
        url=site.url,
        authority=entra.authority,
        redirect_uri=redirect_uri(site.url.removeprefix("https://")),
        address="127.0.0.1",
        trust=site.authority,
    )


def test_nothing_is_said_of_a_platform_that_works(seen: Site) -> None:
    assert problems(seen) == []


@pytest.mark.parametrize("job", JOBS)
def test_a_component_that_is_not_there_is_named(seen: Site, site: Airflow, job: str) -> None:
    site.execute(f"DELETE FROM job WHERE job_type = '{job}'")

    (said,) = problems(seen)

    assert said.startswith(f"{JOBS[job]} is ")


def test_a_certificate_that_nobody_trusts_is_told(seen: Site) -> None:
    (said,) = problems(replace(seen, trust=None))

    assert "certificate verify failed" in said


def test_a_sign_in_that_leads_elsewhere_is_told(seen: Site) -> None:
    (said,) = problems(replace(seen, authority="https://login.microsoftonline.com/"))

    assert said.endswith("not to Entra ID")


def test_a_way_back_that_entra_would_refuse_is_told(seen: Site) -> None:
    (said,) = problems(replace(seen, redirect_uri="https://airflow.example.com/back"))

    assert "not https://airflow.example.com/back" in said


def test_nobody_there_is_told(seen: Site) -> None:
    (said,) = problems(replace(seen, url="https://airflow.test:1"))

    assert "Connection refused" in said


def test_the_site_follows_from_the_environment_file() -> None:
    env = Environment.model_validate(tables(DEV))

    site = Site.of(env)

    assert site.url == "https://airflow.dev.example.com"
    assert site.redirect_uri == "https://airflow.dev.example.com/auth/oauth-authorized/azure"
    assert site.authority.endswith(f"/{env.tenant_id}/")
