"""The seed rehearsed as an environment is: deployed, planned again, applied again, destroyed."""

import os
from pathlib import Path

import pytest

from environments.model import Environment
from synthesis.sources import record
from tests.fixtures import read_json
from tests.seed.company import seed, seeded_values
from tests.synthesizing import synthesize_to
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse


@pytest.fixture(scope="module")
def consenting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A company whose administrator consents for all users of dev, and protects no data yet."""
    folder = tmp_path_factory.mktemp("consenting")
    given = seed()
    dev = given.environments["dev"].model_copy(update={"consent": True})
    own = given.model_copy(
        update={"protect_data": False, "environments": {**given.environments, "dev": dev}}
    )
    synthesize_to(folder / "cdktf.out", Environment.model_validate(seeded_values()), seed=own)
    record(folder / "cdktf.out", {})
    return folder


@pytest.fixture(scope="module")
def report(terraform: Path, consenting: Path) -> RehearsalReport:
    return rehearse(Request(project=consenting, variables=os.environ, environment="seed"))


def test_it_is_deployed_and_stable_and_nothing_is_left_of_it(report: RehearsalReport) -> None:
    done = [step.command for step in report.steps]

    assert report.problems == []
    assert done.count("apply") >= 1
    assert "destroy" in done


def test_dev_is_deployed_on_what_it_makes(terraform: Path, consenting: Path) -> None:
    found = rehearse(Request(project=consenting, variables=os.environ, environment="dev"))

    assert found.problems == []


def test_consent_is_given_to_the_application_of_the_environment(consenting: Path) -> None:
    stacks = consenting / "cdktf.out" / "stacks"
    own = read_json(stacks / "seed" / "cdk.tf.json")
    identity = read_json(stacks / "identity-dev" / "cdk.tf.json")

    (consent,) = own["resource"]["azuread_service_principal_delegated_permission_grant"].values()
    (application,) = identity["resource"]["azuread_application"].values()
    looked_for = own["data"]["azuread_service_principal"]["dev_application"]
    assert consent["claim_values"] == ["openid", "profile", "email"]
    assert looked_for["display_name"] == application["display_name"]
