"""A path fails unless a step of it is accepted, with a reason and an end."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from conventions.faults import FaultError
from environments.model import Environment
from tests.attack_paths.conftest import HERE, of_environment
from tests.environment_files import DEV, tables
from tests.fixtures import read_json
from tests.synthesizing import synthesize_to
from tools.attack_paths import accepted, reading, report
from tools.attack_paths import graph as g
from tools.attack_paths.__main__ import OURS, app
from tools.attack_paths.accepted import Accepted, judge
from tools.attack_paths.facts import Facts, Federation, Grant, Secret, Unverified

DAY = date(2027, 1, 1)
READS = "Key Vault Secrets User"
STEP = "a signed-in Op -> the password of every connection"


def acceptance(**given: object) -> Accepted:
    """Return an acceptance of what Op may do."""
    values: dict[str, object] = {
        "starts": [g.SIGNED_IN["Op"]],
        "steps": [STEP],
        "goals": ["*"],
        "environments": ["*"],
        "reason": "The role Op is there to change connections.",
        "until": date(2027, 6, 30),
    }
    return Accepted.model_validate(values | given)


@pytest.fixture
def small() -> Facts:
    """An environment with one path: what the role Op is there for."""
    return Facts(environment="prod")


def test_a_path_that_nobody_accepted_is_refused(small: Facts) -> None:
    (path,) = judge(small, g.build(small), [], DAY).refused

    assert (path.start, path.goal) == (g.SIGNED_IN["Op"], g.CONNECTIONS)


def test_an_accepted_step_excuses_the_path(small: Facts) -> None:
    verdict = judge(small, g.build(small), [acceptance()], DAY)

    assert (verdict.refused, len(verdict.accepted)) == ([], 1)


@pytest.mark.parametrize(
    "given",
    [
        {"until": date(2026, 12, 31)},
        {"environments": ["dev"]},
        {"starts": [g.SIGNED_IN["User"]]},
        {"goals": [g.ADMIN]},
        {"steps": ["a -> b"]},
    ],
)
def test_an_acceptance_of_something_else_excuses_nothing(
    small: Facts, given: dict[str, object]
) -> None:
    assert len(judge(small, g.build(small), [acceptance(**given)], DAY).refused) == 1


def test_a_second_way_around_an_accepted_step_is_refused(small: Facts) -> None:
    graph = g.build(small)
    graph.add_edge(g.SIGNED_IN["Op"], "somewhere", words="goes", given=True)
    graph.add_edge("somewhere", g.CONNECTIONS, words="goes on", given=True)

    (path,) = judge(small, graph, [acceptance()], DAY).refused

    assert [step.end for step in path.steps] == ["somewhere", g.CONNECTIONS]


def test_an_acceptance_that_no_path_needs_is_stale(small: Facts) -> None:
    known = [acceptance(), acceptance(steps=["a -> b"])]
    verdict = judge(small, g.build(small), known, DAY)

    assert accepted.stale(known, [verdict], DAY) == [known[1]]


def test_an_acceptance_of_an_environment_that_was_not_judged_is_left_alone(small: Facts) -> None:
    known = [acceptance(steps=["a -> b"], environments=["test"])]
    verdict = judge(small, g.build(small), known, DAY)

    assert accepted.stale(known, [verdict], DAY) == []


def test_an_environment_is_meant_by_what_it_is_like(small: Facts) -> None:
    like = small.model_copy(update={"environment": "live", "kind": "prod"})
    known = [acceptance(environments=["prod"])]

    verdict = judge(like, g.build(like), known, DAY)

    assert (verdict.refused, accepted.stale(known, [verdict], DAY)) == ([], [])


def test_the_last_day_counts(small: Facts) -> None:
    known = [acceptance()]

    assert accepted.over(known, date(2027, 6, 30)) == []
    assert accepted.over(known, date(2027, 7, 1)) == known


def test_the_refusal_names_the_way_the_step_to_end_and_the_table_to_write(small: Facts) -> None:
    (path,) = judge(small, g.build(small), [], DAY).refused

    said = report.refusal(path)

    assert f"fix: take away the step {STEP}" in said
    assert f'steps = ["{STEP}"]' in said
    assert "prod: a signed-in Op reaches: the password of every connection" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accepted = 1", "write [[accepted]]"),
        ("[[waiver]]", "fix: write accepted"),
        ("[[accepted]]", "add until"),
        ('[[accepted]]\nreason = "because"', 'accepted[0].reason = "because"'),
        ("[[accepted", "not TOML"),
    ],
)
def test_a_file_that_cannot_be_used_says_where_and_what(
    tmp_path: Path, text: str, said: str
) -> None:
    file = tmp_path / "accepted_paths.toml"
    file.write_text(text)

    with pytest.raises(FaultError) as refused:
        accepted.load(file)

    assert said in str(refused.value)
    assert str(file) in str(refused.value)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_nothing_is_reached_that_is_not_accepted(
    everything: dict[str, Facts], environment: str
) -> None:
    facts = everything[environment]
    known = [*accepted.load(OURS), *accepted.load(HERE / "accepted_paths.toml")]

    refused = judge(facts, g.build(facts), known, DAY).refused

    assert "\n".join(map(report.refusal, refused)) == ""


def test_teams_builds_celery_and_a_certificate_make_no_other_paths(now: Facts) -> None:
    role, on = "Storage Blob Data Contributor", "storage_container.data_lake_dags_container"
    more = (
        Grant(who="team_platform_identity", role=role, on=on, part="platform"),
        Grant(who="registry.push_object_ids", role="AcrPush", on="container_registry.registry"),
    )
    workers = tuple(
        Grant(who="worker_identity", role=READS, on="key_vault.key_vault", part=secret)
        for secret in ("airflow-api-secret-key", "airflow-redis-password")
    )
    certificate = Grant(
        who="certificate_identity", role=READS, on="key_vault.key_vault", part="airflow-tls"
    )
    mounts = Federation(account="ingress-nginx/nginx-ingress", who="certificate_identity")
    secrets = [
        Secret(name=name, vault="key_vault.key_vault")
        for name in ("airflow-redis-password", "airflow-tls")
    ]
    keda = (Unverified(what="KEDA", who="scheduler_identity"),)
    facts = now.model_copy(
        update={
            "grants": (*now.grants, *more, *workers, certificate),
            "federations": (*now.federations, mounts),
            "secrets": (*now.secrets, *secrets),
            "unverified": keda,
        }
    )
    known = accepted.load(OURS)

    verdict = judge(facts, g.build(facts), known, DAY)

    assert "\n".join(map(report.refusal, verdict.refused)) == ""
    assert accepted.stale(known, [verdict], DAY) == []


CHOICES: dict[str, dict[str, Any]] = {
    "both executors": {"airflow": {"executors": ["KubernetesExecutor", "CeleryExecutor"]}},
    "a certificate of its own": {
        "ingress": {"certificate": "key_vault", "key_vault_certificate": "contoso-tls"}
    },
}


@pytest.mark.parametrize("choice", CHOICES)
def test_what_the_pages_offer_has_no_path_that_is_not_accepted(choice: str, tmp_path: Path) -> None:
    values = tables(DEV) | {"name": "chose"}
    for table, change in CHOICES[choice].items():
        values[table] |= change
    synthesize_to(tmp_path, Environment.model_validate(values))
    stacks = {file.parent.name: read_json(file) for file in tmp_path.glob("stacks/*/cdk.tf.json")}
    facts = reading.read(of_environment(stacks, "chose"), "dev")
    known = [*accepted.load(OURS), *accepted.load(HERE / "accepted_paths.toml")]

    refused = judge(facts, g.build(facts), known, DAY).refused

    assert "\n".join(map(report.refusal, refused)) == ""


def run(synthesized: Path, file: Path) -> Result:
    """Run the program on the stacks of the tests."""
    arguments = ["--out", str(synthesized), "--on", "2027-01-01"]
    arguments += ["--environments", str(DEV.parent)]
    return CliRunner().invoke(app, [*arguments, "--accepted", str(file)])


def test_the_program_ends_with_0_when_all_is_accepted(synthesized: Path) -> None:
    ended = run(synthesized, HERE / "accepted_paths.toml")

    assert ended.exit_code == 0, ended.output
    assert "attack paths: 0 not accepted," in ended.output


def test_the_program_ends_with_1_and_the_path_when_an_acceptance_is_missing(
    synthesized: Path, tmp_path: Path
) -> None:
    none = tmp_path / "accepted_paths.toml"
    none.write_text("")

    ended = run(synthesized, none)

    assert ended.exit_code == 1
    assert "dev: a merge to main that nobody approved reaches: deployer" in ended.output


def test_without_stacks_the_program_ends_with_2(tmp_path: Path) -> None:
    ended = run(tmp_path / "nothing", HERE / "accepted_paths.toml")

    assert ended.exit_code == 2
    assert "make synth" in ended.output
