"""Names a DAG file uses: operators, providers, connections, variables, pools, schedules."""

import ast
from collections.abc import Iterable

from dag_migration import templates
from dag_migration.analysis import Analysis
from dag_migration.model import Inventory

TWO_WORDS = {"apache", "atlassian", "cncf", "common", "dbt", "microsoft"}


def provider_of(module: str) -> str:
    """Return the PyPI name of the provider package that `airflow.providers...` belongs to."""
    words = module.split(".")[2:]
    length = 2 if words[:1] and words[0] in TWO_WORDS else 1
    return "apache-airflow-providers-" + "-".join(words[:length]).replace("_", "-")


def inventory(code: Analysis) -> Inventory:
    """Return what the text of a file names; values computed at run time are not seen."""
    texts = [text for _, text in code.strings if templates.is_template(text)]
    keywords = [(k.arg or "", k.value) for call in code.calls for k in call.keywords]
    return Inventory(
        operators=_sorted(
            name
            for call in code.calls
            if (name := code.qualified(call.func).rpartition(".")[2]).endswith(
                ("Operator", "Sensor", "OperatorAsync", "SensorAsync")
            )
        ),
        providers=_sorted(
            provider_of(i.qualified)
            for i in code.imports
            if i.module.startswith("airflow.providers.")
        ),
        connections=_sorted(
            [
                *(_text(value) for key, value in keywords if key.endswith("conn_id")),
                *_first_arguments(code, "get_connection"),
                *(name for text in texts for name in templates.lookups(text, "conn")),
            ]
        ),
        variables=_sorted(
            [
                *_first_arguments(code, "Variable.get"),
                *(n for text in texts for n in templates.lookups(text, "var", "value")),
                *(n for text in texts for n in templates.lookups(text, "var", "json")),
            ]
        ),
        pools=_sorted(_text(value) for key, value in keywords if key == "pool"),
        schedules=_sorted(
            ast.unparse(value)
            for key, value in keywords
            if key in {"schedule", "schedule_interval", "timetable"}
        ),
    )


def _first_arguments(code: Analysis, suffix: str) -> list[str]:
    return [
        _text(call.args[0])
        for call in code.calls
        if call.args and f".{code.qualified(call.func)}".endswith(f".{suffix}")
    ]


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _sorted(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({item for item in items if item}))
