"""The ways that a penetration test found at commit f355252 are found, and are not there now."""

import pytest

from tests.parts.skips import not_given
from tools.attack_paths import graph as g
from tools.attack_paths.facts import Facts
from tools.attack_paths.questions import shortest

JWT, FLOW_LOG = "secret airflow-jwt-secret", "key of storage_account.flow_log_storage_account"
FOUND = {
    "1 a team's pull request uploads DAGs": (g.TEAM_PULL_REQUEST, g.DAG_FILES),
    "1 and with them becomes Admin": (g.TEAM_PULL_REQUEST, g.ADMIN),
    "2 one pool runs it and the deployer": (g.TEAM_PULL_REQUEST, g.DEPLOYER),
    "2 which owns the tenant": (g.TEAM_PULL_REQUEST, g.TENANT),
    "3 a task becomes Admin": (g.pod("worker"), g.ADMIN),
    "3 a task becomes the migrations": (g.pod("worker"), g.DATABASE_ADMIN),
    "3 a trigger becomes the migrations": (g.pod("triggerer"), g.DATABASE_ADMIN),
    "4 parsing is enough to become Admin": (g.pod("dag-processor"), g.ADMIN),
    "4 parsing reads the whole vault": (g.pod("dag-processor"), JWT),
    "5 a merge signs in as the deployer": (g.MERGE, g.DEPLOYER),
    "5 a branch that somebody starts does": (g.PULL_REQUEST, g.DEPLOYER),
    "7 a token asks the execution API": (g.TOKEN, g.CONNECTIONS),
    "11 a pull request's planner opens the flow logs": (g.PULL_REQUEST, FLOW_LOG),
    "11 the planner does": (g.PLANNER, FLOW_LOG),
}


@pytest.mark.parametrize(("start", "goal"), FOUND.values(), ids=FOUND)
def test_it_was_reached_before(before: Facts, start: str, goal: str) -> None:
    assert shortest("prod", g.build(before), start, goal) is not None


@pytest.mark.parametrize(("start", "goal"), FOUND.values(), ids=FOUND)
def test_it_is_not_reached_now(now: Facts, start: str, goal: str) -> None:
    if now.left_out:
        not_given(now.left_out[0])
    assert shortest("prod", g.build(now), start, goal) is None


def steps(facts: Facts, start: str, goal: str) -> list[str]:
    """Return the names of the steps of the shortest path."""
    path = shortest("prod", g.build(facts), start, goal)
    assert path is not None
    return [step.name for step in path.steps]


def test_a_pull_request_signs_in_with_the_connection_that_uploads(before: Facts) -> None:
    found = steps(before, g.TEAM_PULL_REQUEST, g.DAG_FILES)

    assert found[0] == f"{g.TEAM_PULL_REQUEST} -> connection airflow-dags"


def test_a_trigger_starts_a_pod_as_the_migrations(before: Facts) -> None:
    found = steps(before, g.pod("triggerer"), g.DATABASE_ADMIN)

    assert found == [
        "code in the triggerer -> account airflow/airflow-triggerer",
        "account airflow/airflow-triggerer -> account airflow/airflow-migrate-database-job",
        "account airflow/airflow-migrate-database-job -> migrations_identity",
        "migrations_identity -> database administrator",
    ]


def test_what_would_have_ended_the_way_of_a_pull_request_is_its_pool(before: Facts) -> None:
    path = shortest("prod", g.build(before), g.TEAM_PULL_REQUEST, g.DEPLOYER)

    assert path is not None
    assert path.weakest.name == f"{g.TEAM_PULL_REQUEST} -> agents airflow-agents"
