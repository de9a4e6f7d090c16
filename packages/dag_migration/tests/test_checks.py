"""What the checks see in one piece of code, and what they let pass."""

import pytest
from dag_migration.analysis import Analysis
from dag_migration.checks import code_findings

OPERATOR = "from airflow.providers.standard.operators.python import PythonOperator\n"
DAG = "from airflow.sdk import DAG\n"


def codes(text: str) -> set[str]:
    """Return the codes of the findings."""
    return {finding.code for finding in code_findings(Analysis(text))}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("f = lambda **c: c['prev_ds']\n", "MIG020"),
        ("def f():\n  c = get_current_context()\n  return c['prev_ds']\n", "MIG020"),
        ("class O:\n  def execute(self, its):\n    return its['prev_ds']\n", "MIG020"),
        ("def f(c): return c['prev_ds']\nx = {'on_failure_callback': f}\n", "MIG020"),
        ("x = f'{a} {{{{ prev_ds }}}}'\n", "MIG021"),
        ("x = '{} {{{{ prev_ds }}}}'.format(a)\n", "MIG021"),
        ("x = '{{ test_mode }}'\n", "MIG021"),
        (OPERATOR + "PythonOperator(python_callable=lambda prev_ds: prev_ds)\n", "MIG020"),
        (
            "from airflow.sdk import BaseOperator\nclass O(BaseOperator):\n"
            "  def execute(self, c): return self.xcom_pull(**c)\n",
            "MIG022",
        ),
        ("x = '{{ ti.previous_ti }}'\n", "MIG022"),
        ("def f(**c): return c['dag_run'].get_task_instances()\n", "MIG022"),
        ("def f(**c): return c['dag'].schedule_interval\n", "MIG022"),
        ("def f(**c):\n  ti = c['ti']\n  return ti.get_dagrun()\n", "MIG022"),
        (DAG + "with DAG('a') as d:\n  pass\nd.following_schedule(x)\n", "MIG022"),
        (DAG + "DAG('a', schedule=f())\n", "MIG040"),
        (DAG + "DAG('a', schedule=[Asset('x')])\nx = '{{ ds }}'\n", "MIG043"),
        (
            DAG + "DAG('a', schedule='0 5 * * *')\nx = '{{ ds }} {{ data_interval_end }}'\n",
            "MIG042",
        ),
    ],
)
def test_is_found(text: str, code: str) -> None:
    assert code in codes(text)


@pytest.mark.parametrize(
    "text",
    [
        "def f(row): return row['prev_ds']\n",  # not the context
        "def f(ti): return ti.log\n",  # no task, so not Airflow's
        "x = f'{ti.log}'\n",
        "x = '{{ ti.task_id }}'\n",
        "x = '{{ mine.previous_ti }}'\n",
        DAG + "DAG('a', schedule='@daily', catchup=False)\nx = '{{ data_interval_end }}'\n",
    ],
)
def test_is_let_pass(text: str) -> None:
    assert codes(text) == set()
