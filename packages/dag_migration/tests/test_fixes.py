"""Automatic changes: what becomes of one piece of code."""

import ast

import pytest
from dag_migration import templates
from dag_migration.fixes import Moves, fixed, moved, prepared
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples

DAG = "from airflow.sdk import DAG\n"
SQL = "from airflow.providers.common.sql.operators.sql import SQLExecuteQueryOperator\n"
POD = "from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator\n"
DAYS = "from airflow.providers.standard.operators.datetime import BranchDateTimeOperator\n"
VARIABLE = "from airflow.sdk import Variable\n"
WEEKDAY = "from airflow.providers.standard.sensors.weekday import DayOfWeekSensor\n"
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
            "from airflow.sdk import DAG\nDAG(\n    'a',\n    # wide\n)\n",
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
        (
            'x = "{{ execution_date.in_timezone(\\"Europe/Berlin\\") }}"\n',
            'x = "{{ logical_date.in_timezone(\\"Europe/Berlin\\") }}"\n',
        ),
        (
            "x = '{{ execution_date\\n.format(\\'D\\\\tM\\') }}\\\\n\\\n{{ ti.execution_date }}'\n",
            "x = '{{ logical_date\\n.format(\\'D\\\\tM\\') }}\\\\n\\\n{{ logical_date }}'\n",
        ),
        (
            'x = f"{y} {{{{ execution_date.in_timezone(\\"Europe/Berlin\\") }}}}"\n',
            'x = f"{y} {{{{ logical_date.in_timezone(\\"Europe/Berlin\\") }}}}"\n',
        ),
        (
            "x = r'{{ execution_date.strftime(\"\\t\") }}'\n",
            "x = r'{{ logical_date.strftime(\"\\t\") }}'\n",
        ),
        ("x = '{{ tomorrow_ds }}'\n", "x = '{{ (logical_date.add(days=1) | ds) }}'\n"),
        ("x = '{{ next_ds }}'\n", "x = '{{ (data_interval_end | ds) }}'\n"),
        (
            "x = '{{ ti.execution_date }} {{ dag_run.execution_date }}'\n",
            "x = '{{ logical_date }} {{ dag_run.logical_date }}'\n",
        ),
        (
            "x = '''\n  {%- set d = execution_date -%}\n'''\n",
            "x = '''\n  {%- set d = logical_date -%}\n'''\n",
        ),
        (
            "x = '''a\r\n{{ next_ds }}\r\n'''\r\n",
            "x = '''a\r\n{{ (data_interval_end | ds) }}\r\n'''\r\n",
        ),
        (
            "x = f'{y} {{{{ macros.ds_add(tomorrow_ds, {n}) }}}}'\n",
            "x = f'{y} {{{{ macros.ds_add((logical_date.add(days=1) | ds), {n}) }}}}'\n",
        ),
        (
            "x = '{} {{{{ execution_date }}}}'.format(y)\n",
            "x = '{} {{{{ logical_date }}}}'.format(y)\n",
        ),
        (
            "from airflow.utils.dates import days_ago\nx = days_ago(2, hour=3)\n",
            'import pendulum\nx = pendulum.today("UTC").add(days=-2).replace(hour=3)\n',
        ),
        (
            "import airflow.utils.dates\nx = airflow.utils.dates.days_ago(n=1)\n",
            'import pendulum\nimport airflow.utils.dates\nx = pendulum.today("UTC").add(days=-1)\n',
        ),
        (
            SQL + "SQLExecuteQueryOperator(sql='x', postgres_conn_id='w')\n",
            SQL + "SQLExecuteQueryOperator(sql='x', conn_id='w')\n",
        ),
        (
            POD + "KubernetesPodOperator(is_delete_operator_pod=False)\n",
            POD + 'KubernetesPodOperator(on_finish_action="keep_pod")\n',
        ),
        (
            DAG + "a = {'schedule_interval': None, 'default_view': 'graph'}\nDAG('a', **a)\n",
            DAG + "a = {'schedule': None}\nDAG('a', **a)\n",
        ),
        (
            DAG + "DAG('a', default_args=dict(task_concurrency=1, trigger_rule='dummy'))\n",
            DAG + "DAG('a', default_args=dict(max_active_tis_per_dag=1, trigger_rule='always'))\n",
        ),
        (
            DAG + "a = dict(task_concurrency=1)\nDAG('a', default_args=a)\n",
            DAG + "a = dict(max_active_tis_per_dag=1)\nDAG('a', default_args=a)\n",
        ),
        (
            VARIABLE + "Variable.get('a', default_var={}, deserialize_json=True)\n",
            VARIABLE + "Variable.get('a', default={}, deserialize_json=True)\n",
        ),
        (
            VARIABLE + "Variable.set('a', n + 1)\nVariable.set(key='a', value=n)\n",
            VARIABLE + "Variable.set('a', str(n + 1))\nVariable.set(key='a', value=str(n))\n",
        ),
        (
            f"{DAYS}BranchDateTimeOperator(use_task_execution_date=True)\n",
            f"{DAYS}BranchDateTimeOperator(use_task_logical_date=True)\n",
        ),
        (
            f"{WEEKDAY}DayOfWeekSensor(use_task_execution_day=True)\n",
            f"{WEEKDAY}DayOfWeekSensor(use_task_logical_date=True)\n",
        ),
        (
            DAG + "a = dict(concurrency=3)\nDAG('a', **a)\n",
            DAG + "a = dict(max_active_tasks=3)\nDAG('a', **a)\n",
        ),
        (
            DAG + "DAG('a', default_args={'task_concurrency': 1, 'trigger_rule': 'dummy'})\n",
            DAG
            + "DAG('a', default_args={'max_active_tis_per_dag': 1, 'trigger_rule': 'always'})\n",
        ),
    ],
)
def test_is_rewritten(old: str, new: str) -> None:
    assert fixed(old)[0] == new


@pytest.mark.parametrize(
    "text",
    [
        "from airflow.utils.dates import days_ago\nx = f(days_ago)\n",  # handed on
        DAG + "a = {'concurrency': 3}\nDAG('a', **a)\nprint(a['concurrency'])\n",  # used elsewhere
        "def f(row):\n    return row['execution_date']\n",  # not the context
        VARIABLE + "Variable.set('a', 'b')\nVariable.set('a', d.isoformat())\n",  # text already
        VARIABLE + "Variable.set('a', n, serialize_json=True)\n",  # text by itself
        "Thing(provide_context=True)\n",  # not Airflow's
        "x = '{{ task.execution_date }}'\n",  # an attribute of something else
        "x = '{{ prev_ds }}'\n",  # depends on the schedule
        "x = 'execution_date'\n",  # no template
        'def f():\n    """Use {{ execution_date }}."""\n',  # prose
    ],
)
def test_is_left_alone(text: str) -> None:
    assert fixed(text) == (text, [])


def test_a_macro_of_a_dag_does_not_keep_removed_names_beside_it() -> None:
    made = templates.rewritten("{{ shout(execution_date) }}", frozenset({"shout"}))

    assert made == "{{ shout(logical_date) }}"


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


@examples(60)
@given(st.text(alphabet="{}%|'\"\\ \n.(abd_s)", max_size=40))
def test_a_template_without_removed_names_is_never_touched(text: str) -> None:
    assert templates.rewritten(text) == text


@examples(40)
@given(
    st.text(alphabet="ab \n'\"-_", max_size=10),
    st.sampled_from(["execution_date", "yesterday_ds_nodash"]),
)
def test_what_is_rewritten_is_done_in_one_pass(around: str, name: str) -> None:
    once = templates.rewritten(f"{around}{{{{ {name} }}}}{around}")

    assert name not in templates.names(once)
    assert templates.rewritten(once) == once


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "def f(execution_date): return execution_date",
            "def f(logical_date): return logical_date",
        ),
        ("def f(**c): return c['execution_date']", "def f(**c): return c['logical_date']"),
        (
            "def f(**c): return c['tomorrow_ds']",
            'def f(**c): return c["logical_date"].add(days=1).strftime("%Y-%m-%d")',
        ),
        ("def f(**c): return c['ti'].execution_date", 'def f(**c): return c["logical_date"]'),
        ("def f(**c): return g(execution_date=c['ts'])",) * 2,  # somebody else's word
        ("def f(execution_date, logical_date): return execution_date",) * 2,  # taken
        (
            "def f():\n  c = get_current_context()\n  return c['next_execution_date']",
            "def f():\n  c = get_current_context()\n  return c['data_interval_end']",
        ),
        ("f = lambda **c: c['execution_date']", "f = lambda **c: c['logical_date']"),
        ("f = lambda ctx: ctx['execution_date']", "f = lambda ctx: ctx['logical_date']"),
    ],
)
def test_a_callable_reads_the_context_by_its_new_names(old: str, new: str) -> None:
    call = "\nPythonOperator(task_id='a', python_callable=f)\n"

    assert fixed(OPERATOR + old + call)[0] == OPERATOR + new + call


def test_a_task_that_is_called_with_its_own_arguments_gets_the_rest_by_their_new_names() -> None:
    text = (
        "from airflow.sdk import task\n"
        "@task\n"
        "def f(row, execution_date=None): return execution_date\n"
        "f(1)\n"
    )

    assert fixed(text)[0] == text.replace("execution_date", "logical_date")


def test_defaults_that_other_files_import_are_rewritten() -> None:
    text = "DEFAULT_ARGS = {'trigger_rule': 'none_failed_or_skipped'}\n"

    assert "none_failed_min_one_success" in fixed(text)[0]


def test_an_operator_that_another_replaces_keeps_its_name_in_the_file() -> None:
    successor = ("airflow.sql", "SQLExecuteQueryOperator")
    moves = Moves({}, frozenset(), {("airflow.old", "PostgresOperator"): successor})

    new, _ = moved("from airflow.old import PostgresOperator\n", moves)

    assert new == "from airflow.sql import SQLExecuteQueryOperator as PostgresOperator\n"


def test_a_parameter_that_the_dag_passes_itself_keeps_its_name() -> None:
    text = (
        "def f(execution_date): return execution_date\n"
        "PythonOperator(python_callable=f, op_kwargs={'execution_date': '{{ ds }}'})\n"
    )

    assert fixed(OPERATOR + text) == (OPERATOR + text, [])


@pytest.mark.parametrize(
    ("given", "function"),
    [
        ("partial(f, 'a')", "def f(x, execution_date): return execution_date"),
        ("Job().f", "class Job:\n  def f(self, execution_date): return execution_date"),
        ("Job()", "class Job:\n  def __call__(self, execution_date): return execution_date"),
    ],
)
def test_a_callable_that_is_no_plain_function_gets_the_new_name(given: str, function: str) -> None:
    call = f"\nPythonOperator(task_id='a', python_callable={given})\n"
    text = f"from functools import partial\n{OPERATOR}{function}{call}"

    assert fixed(text)[0] == text.replace("execution_date", "logical_date")


def test_a_parameter_that_partial_fills_keeps_its_name() -> None:
    text = (
        f"from functools import partial\n{OPERATOR}"
        "def f(execution_date): return execution_date\n"
        "PythonOperator(python_callable=partial(f, execution_date='x'))\n"
        "def g(execution_date): return execution_date\n"
        "PythonOperator(python_callable=partial(g, 'x'))\n"
    )

    assert fixed(text) == (text, [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("self.xcom_push(context, 'k', 1)", "context[\"ti\"].xcom_push('k', 1)"),
        (
            "self.xcom_push(context, key='k', value=1)",
            "context[\"ti\"].xcom_push(key='k', value=1)",
        ),
        ("self.xcom_pull(task_ids='a', context=c)", "c[\"ti\"].xcom_pull(task_ids='a')"),
        ("self.xcom_pull(context)", 'context["ti"].xcom_pull()'),
    ],
)
def test_an_operator_asks_the_task_instance_for_xcoms(old: str, new: str) -> None:
    text = (
        "from airflow.models import BaseOperator\n"
        f"class Mine(BaseOperator):\n  def execute(self, {'c' if '=c)' in old else 'context'}):\n"
        "    {}\n"
    )

    assert prepared(text.format(old), frozenset())[0] == text.format(new)


@pytest.mark.parametrize(
    "text",
    [
        "class M(BaseOperator):\n  def xcom_push(self, x): pass\n"
        "  def execute(self, context): self.xcom_push(context)\n",
        "class M(Base):\n  def execute(self, context): self.xcom_push(context)\n",
        "class M(BaseOperator):\n  def execute(self, context):\n    self.xcom_push = f\n"
        "    self.xcom_push(context)\n",
        "class M(BaseOperator):\n  def save(self, k, v): self.xcom_push(k, v)\n",
    ],
)
def test_a_class_with_xcom_methods_of_its_own_or_no_context_is_left_alone(text: str) -> None:
    text = f"from airflow.models import BaseOperator\nfrom common import Base\n{text}"

    assert prepared(text, frozenset()) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "x = {'AIRFLOW_CTX_EXECUTION_DATE': '{{ ds }}'}\ny = 'echo $AIRFLOW_CTX_EXECUTION_DATE'\n",
        "os.environ['MY_AIRFLOW_CTX_EXECUTION_DATE_UTC']\n",
        "x = 'AIRFLOW_CTX_EXECUTION_DATE=1 run; echo $AIRFLOW_CTX_EXECUTION_DATE'\n",
    ],
)
def test_a_variable_of_somebody_else_s_environment_keeps_its_name(text: str) -> None:
    assert prepared(text, frozenset()) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "PythonOperator(python_callable=partial(f, **args))\n",
        "class T:\n  def run(self, execution_date): pass\n"
        "PythonOperator(python_callable=partial(T().run, 'x'))\n",
        "PythonOperator(python_callable=f)\nf(**args)\n",
        "class T:\n  def __call__(self, execution_date): pass\nt = T()\nt(execution_date=1)\n"
        "PythonOperator(python_callable=T())\n",
        "class T:\n  def __call__(self, execution_date): pass\n"
        "PythonOperator(python_callable=make())\n",
        "from jobs import L\nclass T:\n  def run(self, execution_date): pass\n"
        "PythonOperator(python_callable=L().run)\n",
    ],
)
def test_a_parameter_that_somebody_may_give_by_its_name_keeps_it(text: str) -> None:
    function = "def f(execution_date): return execution_date\n"
    text = f"from functools import partial\n{OPERATOR}{function}{text}"

    assert fixed(text) == (text, [])


@pytest.mark.parametrize(
    "text",
    [
        "from airflow.sdk import Variable\nVariable.set('a', {'x': 1}, 'told', True)\n",
        "from airflow.sdk import Variable\nVariable.get('a', default_var=1, default=2)\n",
    ],
)
def test_a_variable_that_says_it_all_is_left_alone(text: str) -> None:
    assert fixed(text) == (text, [])


def test_the_date_of_a_run_in_the_environment_gets_its_new_name() -> None:
    text = "x = os.environ['AIRFLOW_CTX_EXECUTION_DATE']\n"

    assert prepared(text, frozenset())[0] == "x = os.environ['AIRFLOW_CTX_LOGICAL_DATE']\n"


@pytest.mark.parametrize(
    "method",
    [
        "def execute(self, its): return its['execution_date']",
        "def poke(self, context): return context.get('execution_date')",
    ],
)
def test_a_method_of_an_operator_reads_the_context_by_its_new_names(method: str) -> None:
    text = f"class Mine(BaseOperator):\n  {method}\n"

    assert fixed(text)[0] == text.replace("execution_date", "logical_date")
