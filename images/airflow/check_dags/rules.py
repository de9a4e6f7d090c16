"""The house rules: from what the probe saw to what an author should do."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from .findings import Finding
from .sources import NO_VAULT, parsed

MOST_STARTS_OF_DBT = 3
DAGS_PAGE = "https://airflow.apache.org/docs/apache-airflow/stable/best-practices.html"


WHERE_PAGE = "docs/how-to/authors/choose-where-a-task-runs.md"


def findings_of(
    files: list[dict[str, Any]], max_import_seconds: float, executors: Sequence[str]
) -> Iterator[Finding]:
    """Judge every file; each dictionary is one line of the probe's answer."""
    for facts in files:
        file = Path(facts["file"])
        if "error" in facts:
            remedy = _remedy_of(facts["error"], executors)
            # an error of Airflow's own names no line: then it is that of the DAG
            line = facts["line"] or line_of_dag(file, "")
            yield Finding(file, line, "import", facts["error"], remedy)
            continue
        yield from _of_import(file, facts, max_import_seconds)
        if not facts["dags"]:
            yield from _of_uncalled(file)
        for dag in facts["dags"]:
            yield from _of_dag(file, dag)
            yield from _of_cost(file, dag)
    yield from _of_duplicates(files)


def _remedy_of(error: str, executors: Sequence[str]) -> str:
    missing = re.search(r"ModuleNotFoundError: No module named '([\w.]+)'", error)
    if missing and missing[1].split(".")[0] != "airflow":
        return (
            "It is neither a file of this folder nor in the image. A file beside this one is "
            "imported by its bare name; for a package: docs/how-to/authors/get-a-package.md"
        )
    if re.search(r"The conn_id `.*` isn't defined|VARIABLE_NOT_FOUND|Variable .* not found", error):
        return (
            f"{NO_VAULT}, even when it is in the vault: read it in a task, or name the connection "
            "to an operator. docs/how-to/authors/get-a-connection.md"
        )
    if error.startswith("the import ended"):
        return (
            "Airflow shows no import error, and the file's DAGs are missing or stay as they were: "
            "take out what ends Python, as os._exit, or move it into a task."
        )
    if "specifies executor" in error:
        return f"The platform has {' and '.join(executors)}: name one, or none. {WHERE_PAGE}"
    return "Airflow shows this as an import error: correct the line, then check again."


def _of_import(file: Path, facts: dict[str, Any], limit: float) -> Iterator[Finding]:
    for talk in {(t["file"], t["line"], t["what"]) for t in facts["talks"]}:
        yield Finding(
            Path(talk[0]),
            talk[1],
            "import-io",
            f"importing the file starts {talk[2]}",
            f"Move the line into a task: Airflow imports the file again and again. {DAGS_PAGE}",
        )
    if facts["seconds"] > limit:
        problem = f"importing the file took {facts['seconds']:.1f} s, {limit:g} s are allowed"
        remedy = f"Import large packages, and wait for what must come, inside tasks. {DAGS_PAGE}"
        yield Finding(file, 1, "slow-import", problem, remedy)


def _of_dag(file: Path, dag: dict[str, Any]) -> Iterator[Finding]:
    name, line = dag["dag_id"], line_of_dag(file, dag["dag_id"])
    if dag["access_control"]:
        remedy = "Rights are given to Entra groups by the platform team: leave access_control out."
        yield Finding(file, line, "access-control", f"DAG {name} hands out rights", remedy)
    for problem in dag["executors"]:
        remedy = f"Leave it out, or let the task have a pod of its own. {WHERE_PAGE}"
        yield Finding(file, line, "executor", f"DAG {name}, {problem}", remedy)
    for problem in dag["pods"]:
        remedy = "docs/how-to/authors/run-your-own-image.md says what a pod may be."
        yield Finding(file, line, "pod", f"DAG {name}, {problem}", remedy)
    if {"airflow"} & set(dag["owners"]) or not dag["owners"]:
        remedy = 'Name the team that answers for it: default_args={"owner": "sales-data"}.'
        yield Finding(file, line, "owner", f"DAG {name} has tasks that nobody owns", remedy)
    if not dag["tags"]:
        remedy = 'Add tags that people will look for: tags=["orders"].'
        yield Finding(file, line, "tags", f"DAG {name} has no tags", remedy)
    if not dag["doc"]:
        remedy = "Say in doc_md what it does, when it fails and what to do then."
        yield Finding(file, line, "doc", f"DAG {name} has no description", remedy)
    if dag["not_retried"]:
        tasks = ", ".join(dag["not_retried"][:5])
        remedy = 'Clouds hiccup: default_args={"retries": 2, "retry_delay": timedelta(minutes=5)}.'
        yield Finding(file, line, "retries", f"DAG {name} never retries {tasks}", remedy)


def _of_cost(file: Path, dag: dict[str, Any]) -> Iterator[Finding]:
    name, line = dag["dag_id"], line_of_dag(file, dag["dag_id"])
    if dag["starts_of_dbt"] > MOST_STARTS_OF_DBT:
        problem = f"DAG {name} starts dbt in {dag['starts_of_dbt']} tasks, each in a pod of its own"
        remedy = "One DbtBuildLocalOperator builds and tests all: docs/explanation/task-cost.md."
        yield Finding(file, line, "dbt-pods", problem, remedy)


def _of_uncalled(file: Path) -> Iterator[Finding]:
    for node in parsed(file).body:
        if isinstance(node, ast.FunctionDef) and any(map(_makes_dag, node.decorator_list)):
            problem = f"{node.name} is decorated with @dag and never called: there is no DAG"
            remedy = f"Call it at the end of the file: {node.name}()"
            yield Finding(file, node.decorator_list[0].lineno, "no-dag", problem, remedy)


def _of_duplicates(files: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    homes = defaultdict(list)
    for facts in files:
        for dag in facts.get("dags", ()):
            homes[dag["dag_id"]].append(Path(facts["file"]))
    for name, paths in homes.items():
        for path in paths[1:]:
            problem = f"DAG {name} is also defined in {paths[0].name}"
            remedy = "Airflow would show only one of the two: give this one another dag_id."
            yield Finding(path, line_of_dag(path, name), "duplicate", problem, remedy)


def line_of_dag(file: Path, dag_id: str) -> int:
    """Return the line where a DAG is made, or the first that makes one, or 1."""
    makers: list[tuple[int, ast.AST]] = []
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.FunctionDef):
            makers += [(d.lineno, node) for d in node.decorator_list if _makes_dag(d)]
        elif isinstance(node, ast.Call) and _makes_dag(node):
            makers.append((node.lineno, node))
    named = [line for line, node in makers if dag_id in _names(node)]
    return min(named or [line for line, _ in makers] or [1])


def _makes_dag(node: ast.expr) -> bool:
    called = node.func if isinstance(node, ast.Call) else node
    name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
    return name.lower() in {"dag", "dbtdag"}


def _names(node: ast.AST) -> set[str]:
    """Return the words that may be a DAG's id: a function's name and the strings it is given."""
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else [node]
    strings = (
        part.value
        for each in decorators
        for part in ast.walk(each)
        if isinstance(part, ast.Constant)
    )
    return {getattr(node, "name", ""), *(s for s in strings if isinstance(s, str))}
