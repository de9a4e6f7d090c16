"""Writes docs/reference/attack-paths.md: what each start reaches, how, and why that is accepted."""

import re
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from tools.attack_paths.accepted import Accepted, Verdict
from tools.attack_paths.graph import build
from tools.attack_paths.questions import Path as Way
from tools.attack_paths.questions import Step, goals, starts
from tools.attack_paths.report import words

HEAD = Path(__file__).with_name("page.md")


def text(verdicts: Sequence[Verdict], picture: str) -> str:
    """Return the page.

    Args:
        verdicts: of the environments.
        picture: where the picture is, from the page.
    """
    return (
        "\n".join(
            [HEAD.read_text("utf-8"), *_table(verdicts), *_picture(picture), *_ways(verdicts)]
        )
        + "\n"
    )


def _table(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "## What each start reaches\n"
    yield "All of it is accepted, for the reasons below. What is not in the table is not reached.\n"
    yield "| start | reaches | environments |"
    yield "| --- | --- | --- |"
    for start in _ordered(starts(verdict.facts) for verdict in verdicts):
        reached: dict[tuple[str, ...], list[str]] = {}
        for verdict in verdicts:
            found = tuple(path.goal for path in _paths(verdict) if path.start == start)
            reached.setdefault(found, []).append(verdict.facts.environment)
        for found, where in reached.items():
            yield f"| {start} | {', '.join(found) or 'nothing'} | {', '.join(where)} |"
    yield ""


def _picture(picture: str) -> Iterator[str]:
    yield f"![Every shortest path from the starts to what they reach]({picture})\n"
    yield "Dashed: the steps that are accepted. The words of a step appear under the pointer.\n"


def _ways(verdicts: Sequence[Verdict]) -> Iterator[str]:
    yield "## The paths, and why they are accepted\n"
    told: dict[tuple[str, str], tuple[str, Accepted, list[str]]] = {}
    for verdict in verdicts:
        environment = verdict.facts.environment
        for path, why in verdict.accepted:
            named = f"([-_]){environment}\\b"
            way = re.sub(named, r"\1<environment>", words(path))
            told.setdefault((way, why.reason), (way, why, []))[2].append(environment)
    reasons = _ordered([why.reason for _, why, _ in told.values()] for _ in (0,))
    for reason in reasons:
        mine = [entry for entry in told.values() if entry[1].reason == reason]
        yield f"**{reason}** Until {mine[0][1].until}.\n"
        for way, _, where in mine:
            shown = way if len(where) > 1 else way.replace("<environment>", where[0])
            yield f"- {escape(shown, quote=False)} ({', '.join(where)})"
        yield ""


def _paths(verdict: Verdict) -> list[Way]:
    order = goals(verdict.facts, build(verdict.facts))
    every = [*verdict.refused, *(path for path, _ in verdict.accepted)]
    return sorted(every, key=lambda path: order.index(path.goal))


def accepted_steps(verdicts: Sequence[Verdict]) -> list[Step]:
    """Return the steps that are accepted, of the paths that take them."""
    return [
        step
        for verdict in verdicts
        for path, why in verdict.accepted
        for step in path.steps
        if why.covers(verdict.facts, path.start, path.goal, step.name)
    ]


def _ordered(lists: Iterator[Sequence[str]]) -> list[str]:
    return list(dict.fromkeys(name for names in lists for name in names))
