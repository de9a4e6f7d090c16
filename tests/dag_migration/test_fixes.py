"""Automatic changes: what becomes of one piece of code."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.dag_migration import templates
from tools.dag_migration.fixes import Moves, fixed, moved

OPERATOR = "from airflow.providers.standard.operators.python import PythonOperator\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "from airflow.utils.dates import days_ago\nx = days_ago(2)\n",
            'import pendulum\nx = pendulum.today("UTC").add(days=-2)\n',
        ),
        (
            "from airflow.utils import dates\nx = dates.days_ago(n - 1)\n",
            'import pendulum\nx = pendulum.today("UTC").add(days=-(n - 1))\n',
        ),
        (
            "import pendulum\nfrom airflow.utils.dates import days_ago\nx = days_ago(0)\n",
            'import pendulum\nx = pendulum.today("UTC").add(days=-0)\n',
        ),
        (
            OPERATOR + "PythonOperator(task_id='a', provide_context=True)\n",
            OPERATOR + "PythonOperator(task_id='a')\n",
        ),
        (
            "from airflow import models\nmodels.DAG('a', schedule_interval=None)\n",
            "from airflow import models\nmodels.DAG('a', schedule=None)\n",
        ),
        (
            "from airflow.sdk import DAG\nDAG(\n    'a',\n    orientation='LR',  # wide\n)\n",
            "from airflow.sdk import DAG\nDAG(\n    'a',  # wide\n)\n",
        ),
        (
            "from airflow.utils.trigger_rule import TriggerRule\nx = TriggerRule.DUMMY\n",
            "from airflow.utils.trigger_rule import TriggerRule\nx = TriggerRule.ALWAYS\n",
        ),
        (
            "def f(**kw):\n    return kw['execution_date'], kw.get('execution_date', 1)\n",
            "def f(**kw):\n    return kw['logical_date'], kw.get('logical_date', 1)\n",
        ),
        ("x = 'a {{execution_date}} b'\n", "x = 'a {{logical_date}} b'\n"),
        (
            "x = '{{ a.execution_date }} {{ execution_date }}'\n",
            "x = '{{ a.execution_date }} {{ logical_date }}'\n",
        ),
        ("x = '{{ tomorrow_ds }}'\n", "x = '{{ (logical_date.add(days=1) | ds) }}'\n"),
    ],
)
def test_is_rewritten(old: str, new: str) -> None:
    assert fixed(old)[0] == new


@pytest.mark.parametrize(
    "text",
    [
        "from airflow.utils.dates import days_ago\nx = days_ago(2, hour=3)\n",  # no equal
        "def f(row):\n    return row['execution_date']\n",  # not the context
        "Thing(provide_context=True)\n",  # not Airflow's
        "x = '{{ task.execution_date }}'\n",  # an attribute of something else
        "x = '{{ next_ds }}'\n",  # depends on the schedule
        "x = 'execution_date'\n",  # no template
        'def f():\n    """Use {{ execution_date }}."""\n',  # prose
    ],
)
def test_is_left_alone(text: str) -> None:
    assert fixed(text) == (text, [])


def test_an_import_that_is_gone_and_unused_is_removed() -> None:
    moves = Moves({}, frozenset({("airflow.old", "B")}))

    assert moved("from airflow.old import (\n    A,\n    B,\n)\n", moves)[0] == (
        "from airflow.old import (\n    A,\n)\n"
    )


def test_a_block_whose_only_import_goes_stays_valid_python() -> None:
    moves = Moves({}, frozenset({("airflow.old", "B")}))

    new, _ = moved("def f():\n    from airflow.old import B\n", moves)

    assert isinstance(ast.parse(new).body[0], ast.FunctionDef)


def test_a_moved_name_keeps_its_alias_and_its_indent() -> None:
    moves = Moves({("airflow.old", "A"): "airflow.new.place"}, frozenset())

    new, _ = moved("if x:\n    from airflow.old import A as B, C\n", moves)

    assert new == (
        "if x:\n    from airflow.old import C\n    from airflow.new.place import A as B\n"
    )


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="{}%|'\"\\ \n.(abd_s)", max_size=40))
def test_a_template_without_removed_names_is_never_touched(text: str) -> None:
    assert templates.rewritten(text) == text


@settings(max_examples=40, deadline=None)
@given(
    st.text(alphabet="ab \n'\"-_", max_size=10),
    st.sampled_from(["execution_date", "yesterday_ds_nodash"]),
)
def test_what_is_rewritten_is_done_in_one_pass(around: str, name: str) -> None:
    once = templates.rewritten(f"{around}{{{{ {name} }}}}{around}")

    assert name not in templates.names(once)
    assert templates.rewritten(once) == once
