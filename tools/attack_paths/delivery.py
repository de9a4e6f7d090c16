"""Reads how code gets to the environment: pipelines, agents, connections, and who is behind them.

What no file of the project can say, because a person does it once in Azure and Azure DevOps
(docs/how-to/bootstrap.md), is in by_hand.toml.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import yaml

from tools.attack_paths.facts import Connection, Grant, Job
from tools.pipeline_yaml.conditions import RUNS, jobs_of
from tools.pipeline_yaml.expand import expand

TEAM = "team"  # stands for any in the template
BY_HAND = Path(__file__).with_name("by_hand.toml")
TEAM_PIPELINE = Path("templates/dag-repository/azure-pipelines.yml.jinja")
# azureSubscription, azurekvServiceConection (so spelt), containerRegistry ...
NAMES_A_CONNECTION = re.compile(r"(?i)subscription$|conn?ection$|connectedService|registry$")


def by_hand() -> Mapping[str, Any]:
    """Return what a person gives."""
    return tomllib.loads(BY_HAND.read_text("utf-8"))


def hand_given(*, own_application: bool) -> Iterator[Grant]:
    """Yield the roles that a person gives once.

    Args:
        own_application: whether the stacks make the sign-in application; else nobody is given a
            permission in Entra ID.
    """
    for grant in by_hand()["grant"]:
        if own_application or grant["on"] != "Entra ID":
            yield Grant(**grant)


def connections(
    names: frozenset[str], environment: str, identities: frozenset[str]
) -> Iterator[Connection]:
    """Yield the identities behind each connection that a pipeline names, in this environment.

    A connection of another environment is left to that one's graph, and the template's to all
    teams, whose repositories are made from it.
    """
    of_teams = sorted(who for who in identities if re.fullmatch("team_.+_identity", who))
    for name in sorted(names):
        for row in by_hand()["connection"]:
            pattern = row["name"].format(environment=re.escape(environment), team="(.+)")
            if found := re.fullmatch(pattern, name):
                team = found[1].replace("-", "_") if found.groups() else ""
                whom = of_teams if team == TEAM else [row["who"].format(team=team)]
                yield from (Connection(name=name, who=who) for who in whom)
                break


def jobs(pipelines: Sequence[Path], product: Path, approved: str) -> Iterator[Job]:
    """Yield each job of the platform's pipelines and of a team's, in each kind of run.

    Args:
        pipelines: the platform's.
        product: the checkout that has the template of the teams' repositories.
        approved: the environment of Azure DevOps where a person approves; empty is none.

    Raises:
        PipelineError: a pipeline says something that is not understood.
    """
    for file in pipelines:
        yield from _jobs("platform", file.name, expand(file), approved)
    yield from _jobs("team", "azure-pipelines.yml", _team_pipeline(product), approved)


def _jobs(repository: str, name: str, pipeline: Any, approved: str) -> Iterator[Job]:
    for run in RUNS:
        for place, job in jobs_of(pipeline, run):
            pool = job["pool"] or {}
            yield Job(
                repository=repository,
                place=f"{name} {place}",
                reviewed=run.reviewed,
                approval=bool(approved) and job.get("environment") == approved,
                pool="" if "vmImage" in pool else str(pool.get("name", "")),
                connections=frozenset(_connections(job)),
            )


def _connections(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.get("inputs", {}).items() if "task" in node else ():
            if value and NAMES_A_CONNECTION.search(key):
                yield str(value)
        for value in node.values():
            yield from _connections(value)
    elif isinstance(node, list):
        for value in node:
            yield from _connections(value)


def _team_pipeline(product: Path) -> Any:
    """Return the pipeline of a team that gave copier's defaults as its answers."""
    questions = yaml.safe_load((product / "copier.yml").read_text("utf-8"))
    answers: dict[str, Any] = {"team": TEAM, "registry": "registry.azurecr.io"}
    surroundings = jinja2.Environment(autoescape=False, undefined=jinja2.StrictUndefined)  # YAML
    surroundings.filters["regex_replace"] = lambda text, old, new: re.sub(old, new, text)
    for key, question in questions.items():
        if isinstance(question, dict) and "default" in question:
            default = question["default"]
            try:
                given = surroundings.from_string(str(default)).render(answers)
            except jinja2.UndefinedError:
                continue  # a question of another template
            answers[key] = given if isinstance(default, str) else default
    text = (product / TEAM_PIPELINE).read_text("utf-8")
    return yaml.safe_load(surroundings.from_string(text).render(answers))
