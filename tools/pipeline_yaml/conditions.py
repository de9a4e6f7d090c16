"""Says whether Azure DevOps starts a stage or a job in a given run: evaluates conditions.

Of its expressions what our pipelines use. What ran before is taken to have succeeded: the question
is what a run can reach at most.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.pipeline_yaml.expand import refused

_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<name>[\w.]+)|(?P<sign>[(),\[\]]))")
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "and": lambda *given: all(given),
    "or": lambda *given: any(given),
    "not": lambda given: not given,
    "eq": lambda one, other: _same(one, other),
    "ne": lambda one, other: not _same(one, other),
    "in": lambda one, *others: any(_same(one, other) for other in others),
    "startsWith": lambda text, start: str(text).lower().startswith(str(start).lower()),
    "succeeded": lambda *_: True,
    "succeededOrFailed": lambda *_: True,
    "always": lambda: True,
    "failed": lambda *_: False,
}


@dataclass(frozen=True, kw_only=True)
class Run:
    """Why a pipeline runs, and on what."""

    name: str
    variables: Mapping[str, str]
    reviewed: bool
    """Whether what runs was merged to main."""


def _run(name: str, reason: str, branch: str, *, fork: bool = False) -> Run:
    return Run(
        name=name,
        variables={
            "Build.Reason": reason,
            "Build.SourceBranch": branch,
            "System.PullRequest.IsFork": str(fork),
        },
        reviewed=branch == "refs/heads/main",
    )


RUNS = [
    _run("pull request", "PullRequest", "refs/pull/7/merge"),
    _run("pull request of a fork", "PullRequest", "refs/pull/8/merge", fork=True),
    _run("somebody starts a branch", "Manual", "refs/heads/mine"),
    _run("merge", "IndividualCI", "refs/heads/main"),
    _run("schedule", "Schedule", "refs/heads/main"),
    _run("somebody starts main", "Manual", "refs/heads/main"),
]
UNREVIEWED = [run for run in RUNS if not run.reviewed]


def holds(condition: str, run: Run) -> bool:
    """Evaluate a condition, as it stands in the YAML.

    Raises:
        PipelineError: it uses something that is not known here.
    """
    tokens = list(_TOKEN.finditer(condition.strip()))
    try:
        value, rest = _value(tokens, run)
    except (ValueError, IndexError, KeyError, TypeError):
        raise refused(f"condition {condition}", "is not understood here") from None
    if rest or "".join(t[0] for t in tokens).strip() != condition.strip():
        raise refused(f"condition {condition}", "is not understood here")
    return bool(value)


def jobs_of(pipeline: Mapping[str, Any], run: Run) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `stage/job` and each job that a run reaches, with the pool that it gets.

    `pipeline` is one whose templates are expanded.
    """
    reached: set[str] = set()
    earlier = ""
    for stage in pipeline["stages"]:
        needed = stage.get("dependsOn", earlier) or []
        earlier = stage["stage"]
        needs = {needed} if isinstance(needed, str) else set(needed)
        condition = str(stage.get("condition", "succeeded()"))
        if not (needs <= reached and holds(condition, run)):
            continue
        reached.add(stage["stage"])
        for job in stage["jobs"]:
            if holds(str(job.get("condition", "succeeded()")), run):
                pool = job.get("pool", stage.get("pool", pipeline.get("pool")))
                yield (
                    f"{stage['stage']}/{job.get('job') or job['deployment']}",
                    job | {"pool": pool},
                )


def _value(tokens: list[re.Match[str]], run: Run) -> tuple[Any, list[re.Match[str]]]:
    first, *rest = tokens
    if first["text"]:
        return first["text"][1:-1].replace("''", "'"), rest
    name = first["name"]
    if name == "variables":
        _, key, _, *rest = rest
        return run.variables.get(key["text"][1:-1], ""), rest
    if not rest or rest[0]["sign"] != "(":
        return {"true": True, "false": False}[name.lower()], rest
    given: list[Any] = []
    rest = rest[1:]
    while rest[0]["sign"] != ")":
        value, rest = _value(rest, run)
        given.append(value)
        if rest[0]["sign"] == ",":
            rest = rest[1:]
    return _FUNCTIONS[name](*given), rest[1:]


def _same(one: Any, other: Any) -> bool:
    return str(one).lower() == str(other).lower()
