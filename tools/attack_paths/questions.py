"""Asks the graph: which of what must not be reached does each start reach, and how?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import networkx

from tools.attack_paths import graph as g
from tools.attack_paths.cluster import CONTROLLER, POD_OF_TASK
from tools.attack_paths.facts import Facts


@dataclass(frozen=True, kw_only=True)
class Step:
    """An arrow of a path."""

    start: str
    end: str
    words: str

    @property
    def name(self) -> str:
        """How a file of accepted paths names it."""
        return f"{self.start} -> {self.end}"


@dataclass(frozen=True, kw_only=True)
class Path:
    """A shortest way from a start to a goal."""

    environment: str
    start: str
    goal: str
    steps: tuple[Step, ...]
    weakest: Step
    """The first step that somebody gave and that every way needs; else the first that was given."""


def starts(facts: Facts) -> list[str]:
    """Return what a path starts from, in the order of the report."""
    pools = sorted({job.pool for job in facts.jobs if job.pool})
    return [
        g.TEAM_PULL_REQUEST,
        g.PULL_REQUEST,
        g.MERGE,
        g.DAG_AUTHOR,
        g.pod("worker"),
        g.pod("dag-processor"),
        g.pod("triggerer"),
        g.pod(POD_OF_TASK),
        g.pod(CONTROLLER),
        g.TOKEN,
        *g.SIGNED_IN.values(),
        g.PLANNER,
        g.REVIEWER,
        *(g.agents(pool) for pool in pools),
        *(g.between(open_to.what) for open_to in facts.unverified),
    ]


def goals(facts: Facts, graph: "networkx.DiGraph[str]") -> list[str]:
    """Return what must not be reached, in the order of the report."""
    made = {g.secret(secret.name) for secret in facts.secrets}
    others = {node for node in graph if node.startswith(("secret ", "secrets of ", "key of "))}
    return [
        g.TENANT,
        g.DEPLOYER,
        g.CLUSTER_ADMIN,
        g.DATABASE_ADMIN,
        g.ADMIN,
        g.CONNECTIONS,
        *sorted(made | others),
    ]


def paths(facts: Facts, graph: "networkx.DiGraph[str]") -> Iterator[Path]:
    """Yield the shortest path from each start to each goal that it reaches."""
    for start in starts(facts):
        for goal in goals(facts, graph):
            if found := shortest(facts.environment, graph, start, goal):
                yield found


def shortest(
    environment: str, graph: "networkx.DiGraph[str]", start: str, goal: str
) -> Path | None:
    """Return the shortest path, or None."""
    if start == goal or not (graph.has_node(start) and graph.has_node(goal)):
        return None
    try:
        nodes: Sequence[str] = networkx.shortest_path(graph, start, goal)
    except networkx.NetworkXNoPath:
        return None
    pairs = list(pairwise(nodes))
    steps = tuple(Step(start=a, end=b, words=graph.edges[a, b]["words"]) for a, b in pairs)
    return Path(
        environment=environment,
        start=start,
        goal=goal,
        steps=steps,
        weakest=_weakest(graph, start, goal, steps),
    )


def _weakest(graph: "networkx.DiGraph[str]", start: str, goal: str, steps: Sequence[Step]) -> Step:
    given = [step for step in steps if graph.edges[step.start, step.end]["given"]]
    for step in given:
        view = networkx.restricted_view(graph, [], [(step.start, step.end)])
        if not networkx.has_path(view, start, goal):
            return step
    return (given or list(steps))[0]
