"""Weighs paths against those that are accepted: where, why, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, ClassVar

import networkx
from pydantic import Field

from environments.acknowledgements import Until, reason
from environments.load import read_as
from environments.types import Section
from tools.attack_paths.facts import Facts
from tools.attack_paths.questions import Path as Way
from tools.attack_paths.questions import paths, shortest


def _names(what: str, example: str) -> Any:
    return Field(min_length=1, examples=[[example]], description=what)


class Accepted(Section):
    """Steps that may be taken from some starts, to some goals, for a while."""

    starts: Annotated[
        list[str],
        _names("starts of the report, with * for any part", "code in the worker"),
    ]
    steps: Annotated[
        list[str],
        _names("steps of the path, as a -> b; * and {environment} may stand in them", "a -> b"),
    ]
    goals: Annotated[list[str], _names("what is reached, with * for any part", "secret *")]
    environments: Annotated[
        list[str], _names('environments, or what they are like; ["*"] is every one', "dev")
    ]
    reason: Annotated[
        str, reason("Development is deployed without an approval.", reader="an auditor")
    ]
    until: Until

    def covers(self, facts: Facts, start: str, goal: str, step: str) -> bool:
        """Whether a step is accepted on the way from a start to a goal.

        An environment is meant by its name, and by the name of what it is like.
        """
        if not {"*", facts.environment, facts.kind} & {*self.environments}:
            return False
        steps = [name.replace("{environment}", facts.environment) for name in self.steps]
        return all(
            any(fnmatchcase(given, name) for name in names)
            for given, names in (
                (start, self.starts),
                (goal, self.goals),
                (step, steps),
            )
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is reached in one environment, and what of it nobody accepted."""

    facts: Facts
    refused: Sequence[Way]
    accepted: Sequence[tuple[Way, Accepted]]
    used: frozenset[int]
    """Positions of the acceptances that a path of this environment goes through."""


def judge(
    facts: Facts, graph: "networkx.DiGraph[str]", accepted: Sequence[Accepted], on: date
) -> Verdict:
    """Find each path that stands when all accepted steps are gone.

    A path is refused even if a longer one beside it was accepted: what is accepted is a step.
    """
    refused: list[Way] = []
    excused: list[tuple[Way, Accepted]] = []
    used: set[int] = set()
    valid = [each for each in accepted if each.until >= on]
    for way in paths(facts, graph):
        covering = {
            edge: each
            for each in valid
            for edge in graph.edges
            if each.covers(facts, way.start, way.goal, f"{edge[0]} -> {edge[1]}")
        }
        used |= {accepted.index(e) for edge, e in covering.items() if _on_a_way(graph, edge, way)}
        view = graph.edge_subgraph(edge for edge in graph.edges if edge not in covering)
        left = shortest(facts.environment, view, way.start, way.goal)
        if left:
            refused.append(left)
        else:
            taken = ((step.start, step.end) for step in way.steps)
            excused.append((way, next(covering[edge] for edge in taken if edge in covering)))
    return Verdict(facts=facts, refused=refused, accepted=excused, used=frozenset(used))


def _on_a_way(graph: "networkx.DiGraph[str]", edge: tuple[str, str], way: Way) -> bool:
    return networkx.has_path(graph, way.start, edge[0]) and networkx.has_path(
        graph, edge[1], way.goal
    )


def over(accepted: Sequence[Accepted], on: date) -> list[Accepted]:
    """Return the acceptances that have ended."""
    return [each for each in accepted if each.until < on]


def stale(accepted: Sequence[Accepted], verdicts: Sequence[Verdict], on: date) -> list[Accepted]:
    """Return the acceptances that no path needs in the environments that were judged."""
    judged = {verdict.facts.environment for verdict in verdicts}
    judged |= {verdict.facts.kind for verdict in verdicts}
    used = {position for verdict in verdicts for position in verdict.used}
    return [
        each
        for position, each in enumerate(accepted)
        if each.until >= on and position not in used and {"*", *judged} & {*each.environments}
    ]


class _Paths(Section):
    page: ClassVar[str] = "docs/reference/attack-paths.md"

    accepted: Annotated[list[Accepted], Field(description="tables [[accepted]]")] = []  # noqa: RUF012


def load(file: Path) -> list[Accepted]:
    """Read a file of accepted paths.

    Raises:
        FaultError: with every fault of the file.
    """
    return read_as(_Paths, file).accepted
