"""Templates in DAG files that ask for what Airflow 3 does not have."""

from pathlib import Path

import pytest
from check_dags.sources import GONE, findings_in
from dag_migration.context_keys import REMOVED


def found(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    """Return line, rule and remedy of what is found in a file."""
    file = tmp_path / "orders.py"
    file.write_text(text)
    return [(one.line, one.rule, one.remedy.partition(":")[0]) for one in findings_in(file)]


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("x = 'a {{ execution_date }}'", "Write {{ logical_date }}"),
        ('x = "{{ execution_date.in_timezone(\\"Europe/Berlin\\") }}"', "Write {{ logical_date }}"),
        ("x = f'{y} {{{{ next_ds }}}}'", "Write {{ data_interval_end | ds }}"),
        ("x = '{% if prev_ds %}a{% endif %}'", "What there is"),
    ],
)
def test_what_templates_of_airflow_2_had_is_found(tmp_path: Path, text: str, remedy: str) -> None:
    assert found(tmp_path, f"y = 1\n{text}\n") == [(2, "removed", remedy)]


@pytest.mark.parametrize(
    "text",
    [
        "x = '{{ logical_date | ds }} {{ task.execution_date }}'",
        "x = '{% set conf = 1 %}{{ conf }}'",
        "x = 'execution_date'",
        "'''Loads {{ execution_date }}.'''",
        "x = '{{ execution_date'",  # a part of a template
        "DAG('a', user_defined_macros={'conf': 1})\nx = '{{ conf }}'",
        "DAG('a', user_defined_macros=MACROS)\nx = '{{ conf }}'",
        "DAG('a', user_defined_macros={'a': 1, **MACROS})\nx = '{{ conf }}'",
        "from jinja2 import Template\nx = Template('{{ execution_date }}').render(**values)",
        "import jinja2\nx = '{{ conf }}'\njinja2.Template(x).stream(conf=1)",
        "DAG('a', doc_md='Not {{ execution_date }}')",
        "dag.doc_md = 'Not {{ execution_date }}'",
        "x = {'doc_md': 'Not {{ execution_date }}'}",
        "task.override(doc='Not ' + '{{ execution_date }}')",
        "x = '{{ execution_date if execution_date is defined else logical_date }}'",
        "x = '{{ execution_date | default(logical_date) }}'",
    ],
)
def test_what_a_template_may_read_is_let_pass(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, f"{text}\n") == []


def test_the_check_knows_what_the_migration_knows() -> None:
    assert GONE.keys() == REMOVED.keys()
