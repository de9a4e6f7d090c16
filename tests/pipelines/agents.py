"""The rule of agents and connections: what may run where, and as whom.

Four kinds of agents inside the network, each for one job and then thrown away, and Microsoft's,
which are single-use too and outside. docs/how-to/bootstrap.md makes pools and connections.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.pipeline_yaml.conditions import RUNS, Run, holds, jobs_of
from tools.pipeline_yaml.expand import expand

HOSTED = "Microsoft's"
UNTRUSTED, PLAN, BUILD, DEPLOY = (
    f"airflow-{kind}" for kind in ("untrusted", "plan", "build", "deploy")
)
POOLS = {HOSTED, UNTRUSTED, PLAN, BUILD, DEPLOY}
# which pool a connection may be used on; one that is not here may be used nowhere
CONNECTIONS = {
    r"airflow-images": UNTRUSTED,  # pulls images
    r"airflow-(dev|prod)-review": UNTRUSTED,  # reads states
    r"airflow-(dev|prod)-plan": PLAN,  # reads nearly everything, and no secret
    r"airflow-build": BUILD,  # pushes to dev's registry
    r"airflow-sign": BUILD,  # signs what was built, in a job of its own
    r"airflow-dags-[a-z0-9-]+": BUILD,  # writes to one team's folder
    r"airflow-(dev|prod)": DEPLOY,  # the deployer
}
# azureSubscription, azurekvServiceConection (so spelt), containerRegistry ...
_NAMES_A_CONNECTION = re.compile(r"(?i)subscription$|conn?ection$|connectedService|registry$")


def pool_of(job: Mapping[str, Any]) -> str:
    """Return the name of a job's pool; Microsoft's agents have an image instead."""
    pool = job["pool"]
    return HOSTED if "vmImage" in pool else str(pool["name"])


def connections_of(job: Mapping[str, Any]) -> set[str]:
    """Return the service connections that the tasks of a job name."""
    return {
        str(value) for key, value in _inputs(job) if value and re.search(_NAMES_A_CONNECTION, key)
    }


def _inputs(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield what tasks are given, by the name of the input."""
    if isinstance(node, dict):
        yield from node.get("inputs", {}).items() if "task" in node else ()
        for value in node.values():
            yield from _inputs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _inputs(value)


def violations(pipeline: Mapping[str, Any]) -> list[str]:
    """Say what a pipeline does that the rule forbids; its templates are expanded."""
    return sorted({said for run in RUNS for said in _of_run(pipeline, run)})


def _of_run(pipeline: Mapping[str, Any], run: Run) -> Iterator[str]:
    for place, job in jobs_of(pipeline, run):
        pool = pool_of(job)
        if pool not in POOLS:
            yield f"{place}: there is no pool {pool}"
        if not run.reviewed and pool not in (HOSTED, UNTRUSTED):
            yield f"{place}: {run.name}: what nobody has reviewed runs on {pool}"
        if pool == DEPLOY and not job.get("environment"):
            yield f"{place}: on {pool} without an environment, where approvals are"
        if run.reviewed and any(holds(condition, run) for condition in _caches(job)):
            yield f"{place}: {run.name} takes what a job of another kind may have kept (Cache@2)"
        for connection in connections_of(job):
            allowed = {p for name, p in CONNECTIONS.items() if re.fullmatch(name, connection)}
            if pool not in allowed:
                yield f"{place}: {connection} on {pool}"
            if run.variables["System.PullRequest.IsFork"] == "True":
                yield f"{place}: {run.name} signs in as {connection}"
            elif not run.reviewed and UNTRUSTED not in allowed:
                yield f"{place}: {run.name} signs in as {connection}, which is for what is merged"


def _caches(node: Any) -> Iterator[str]:
    """Yield the conditions of the steps that bring what an earlier job has kept."""
    if isinstance(node, dict):
        if node.get("task") == "Cache@2":
            yield str(node.get("condition", "succeeded()"))
        node = list(node.values())
    if isinstance(node, list):
        for value in node:
            yield from _caches(value)


# Of these Azure DevOps, or a step that does nothing else, makes the text
_OURS = re.compile(r"Pipeline\.Workspace|Build\.SourceVersion|System\.JobAttempt|planArtifact")
_FILLED_IN = re.compile(r"\$\(([\w.]+)\)")
_TYPED = "typed-by-somebody"


def foreign_text(file: Path) -> list[str]:
    """Return what others write into the scripts of a pipeline: with a quote they end the command.

    Azure DevOps fills in variables, as `$(image)`, and parameters before the shell reads a script.
    A parameter with a list of `values` takes nothing else.
    """
    declared = expand(file).get("parameters", [])
    typed = {p["name"]: f"{_TYPED} {p['name']}" for p in declared if "values" not in p}
    scripts = "\n".join(_scripts(expand(file, **typed)))
    found = {name for name in _FILLED_IN.findall(scripts) if not _OURS.fullmatch(name)}
    return sorted({*found, *re.findall(rf"{_TYPED} (\w+)", scripts)})


def _scripts(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("script", "bash", "pwsh", "inlineScript", "arguments"):
                yield str(value)
            else:
                yield from _scripts(value)
    elif isinstance(node, list):
        for value in node:
            yield from _scripts(value)
