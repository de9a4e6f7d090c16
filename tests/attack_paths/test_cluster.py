"""What is read of objects in the cluster that the examples do not have."""

from typing import Any

import pytest

from environments.load import load
from helm_values.airflow.executor import worker_scaling
from tests.environment_files import PROD
from tests.helm_values.infrastructure import INFRASTRUCTURE
from tools.attack_paths import cluster
from tools.attack_paths.facts import Unverified


def scaling(sslmode: str | None = None) -> list[dict[str, Any]]:
    """Return the objects that scale Celery's workers, as they stand in cdktf.out."""
    (env,) = load([PROD])
    airflow = env.airflow.model_copy(update={"executors": ("CeleryExecutor",)})
    objects = worker_scaling(env.model_copy(update={"airflow": airflow}), INFRASTRUCTURE)
    # what the stack `airflow` writes in place of the client id
    own = "${data.terraform_remote_state.identity_state.outputs.%s}"
    objects[0]["spec"]["podIdentity"]["identityId"] = own % "scheduler_identity_client_id"
    if sslmode:
        objects[1]["spec"]["triggers"][0]["metadata"]["sslmode"] = sslmode
    return objects


def test_keda_hands_its_token_to_whoever_answers() -> None:
    assert list(cluster.unverified(scaling())) == [
        Unverified(what="KEDA", who="scheduler_identity")
    ]


@pytest.mark.parametrize(("sslmode", "found"), [("verify-full", 0), ("verify-ca", 1)])
def test_only_a_verified_name_is_enough(sslmode: str, found: int) -> None:
    assert len(list(cluster.unverified(scaling(sslmode)))) == found
