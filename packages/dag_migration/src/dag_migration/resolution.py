"""Imports that Airflow 3 does not have: who has the name now, or what a person must do."""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

from dag_migration import rules
from dag_migration.analysis import Analysis, Import
from dag_migration.fixes import Moves
from dag_migration.inventory import provider_of
from dag_migration.model import Finding

Answers = Mapping[tuple[str, str], Mapping[str, Any]]

SUCCESSORS = {
    "airflow.contrib": "Airflow 1's contrib moved to the provider packages",
    "airflow.operators.subdag": "SubDAGs became TaskGroups (airflow.sdk.TaskGroup)",
    "airflow.operators.subdag_operator": "SubDAGs became TaskGroups (airflow.sdk.TaskGroup)",
    "airflow.sensors.smart_sensor": "Smart sensors became deferrable operators",
    "airflow.utils.dates": "Compute dates with pendulum",
    "airflow.utils.db": "Task code has no access to the metadata database; use the REST API",
    "airflow.www": "The web server became FastAPI; Flask plugins need the FAB provider",
}
_EMPTY = ("airflow.providers.standard.operators.empty", "EmptyOperator")
# Classes that another class replaces; connections of one of a provider still need that provider.
REPLACED = {
    ("airflow.operators.dummy", "DummyOperator"): _EMPTY,
    ("airflow.operators.dummy_operator", "DummyOperator"): _EMPTY,
    ("airflow.providers.postgres.operators.postgres", "PostgresOperator"): (
        "airflow.providers.common.sql.operators.sql",
        "SQLExecuteQueryOperator",
    ),
}
PLUGINS = ("airflow.hooks.", "airflow.macros.", "airflow.operators.", "airflow.sensors.")
ISOLATED = ("virtualenv", "external_python", "docker", "kubernetes")


def questions(code: Analysis) -> set[tuple[str, str]]:
    """Return the (module, name) pairs of a file that the new environment must have."""
    imported = {_key(i) for i in code.imports if not i.guarded and _asked(i)}
    return imported | {reference.key for reference in code.references}


def moves(code: Analysis, answers: Answers) -> Moves:
    """Return which imports can be changed without asking anybody."""
    lacking = [i for i in code.imports if answers.get(_key(i), {}).get("state") == "gone"]
    gone = [i for i in lacking if i.name]
    return Moves(
        homes={
            _key(i): answers[_key(i)]["homes"][0]
            for i in gone
            if len(answers[_key(i)].get("homes", ())) == 1
        },
        unused=frozenset(
            _key(i) for i in lacking if i.local not in code.used and not i.guarded and _alone(i)
        ),
        successors={
            _key(i): REPLACED[_key(i)]
            for i in gone
            if _key(i) in REPLACED
            and (answers[_key(i)].get("provider") or REPLACED[_key(i)] == _EMPTY)
        },
    )


def _alone(item: Import) -> bool:
    """Whether removing an import takes nothing else: `import a.b` brings `a` as well."""
    return bool(item.name) or item.local != item.module.split(".")[0]


def gone_references(code: Analysis, answers: Answers) -> set[tuple[str, str]]:
    """Return what a file takes of Airflow's modules and classes and Airflow 3 does not have."""
    keys = {reference.key for reference in code.references}
    return {key for key in keys if answers.get(key, {}).get("state") == "gone"}


def import_findings(code: Analysis, answers: Answers, airflow: str) -> Iterator[Finding]:
    """Yield what is imported and missing, and what is taken of it and missing."""
    lacking = {i.local for i in code.imports if answers.get(_key(i), {}).get("state", "ok") != "ok"}
    guarded = {i.local for i in code.imports if i.guarded}
    for reference in code.references:
        root = ast.unparse(reference.node).partition(".")[0]
        known = answers.get(reference.key, {}).get("state", "ok")
        if known == "gone" and root not in lacking and root not in guarded:
            name = reference.qualified
            yield rules.NO_ATTRIBUTE.at(reference.node.lineno, name=name, airflow=airflow)
    isolated = any(word in name for name in _decorators(code) for word in ISOLATED)
    for item in code.imports:
        answer = answers.get(_key(item), {})
        state = answer.get("state", "ok")
        if item.guarded or state == "ok":
            continue
        if item.module.split(".")[0] != "airflow":
            package = answer.get("missing", item.module.split(".")[0])
            if not item.in_function:
                yield rules.PACKAGE_MISSING.at(item.line, package=package)
            elif not isolated:
                yield rules.PACKAGE_IN_TASK.at(item.line, package=package)
        else:
            yield missing(item.qualified, item.line, answer, airflow)


def missing(name: str, line: int, answer: Mapping[str, Any], airflow: str) -> Finding:
    """Return the finding for a name of Airflow or of a provider that is not there."""
    if answer.get("state") == "package":
        return rules.PACKAGE_MISSING.at(line, package=answer["missing"])
    if answer.get("state") == "error":
        return rules.RAISES.at(line, airflow=airflow, why=answer["message"])
    if not name.startswith("airflow.providers."):
        return rules.GONE.at(line, name=name, airflow=airflow, hint=_successor(name))
    package = provider_of(name)
    if provider := answer.get("provider"):
        homes = answer.get("homes", ())
        hint = f" (one of {', '.join(homes)})" if homes else ""
        return rules.PROVIDER_CHANGED.at(
            line, name=name, provider=provider, package=package, hint=hint
        )
    return rules.PROVIDER_MISSING.at(line, name=name, package=package)


def _successor(name: str) -> str:
    for prefix, text in SUCCESSORS.items():
        if name.startswith(prefix):
            return f"{text}."
    if name.startswith(PLUGINS):
        return (
            "Look it up on the page and use its successor; if a plugin of your own brought it, "
            "import it from the plugin's module: plugins add none below `airflow` any more."
        )
    return "Look it up on the page and use its successor."


def _key(item: Import) -> tuple[str, str]:
    return (item.module, item.name) if item.module.startswith("airflow") else (item.module, "")


def _asked(item: Import) -> bool:
    return item.module != "__future__" and item.name != "*"


def _decorators(code: Analysis) -> set[str]:
    names = {code.qualified(call.func).lower() for call in code.calls}
    return names | {code.qualified(d).lower() for f in code.definitions for d in f.decorator_list}
