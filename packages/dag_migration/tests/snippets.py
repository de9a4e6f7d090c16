"""Airflow 2 files that a migration has got wrong once, each with its kin."""

HEAD = (
    "from datetime import datetime, timedelta\n"
    "from airflow import DAG\n"
    "from airflow.operators.bash import BashOperator\n"
    "from airflow.operators.python import PythonOperator\n"
)
DATED = 'BashOperator(task_id="t", bash_command="load {{ ds }} {{ next_ds }}")\n'

SNIPPETS = {
    "filters.py": f"""{HEAD}
with DAG("filters", start_date=datetime(2024, 1, 1), schedule=None,
         user_defined_filters={{"shout": str.upper}}) as dag:
    BashOperator(task_id="t", bash_command="echo {{{{ ds | shout }}}} {{{{ ds is holiday }}}}")
""",
    "interval_in_a_name.py": f"""{HEAD}
EVERY = timedelta(days=1)
with DAG("a", start_date=datetime(2024, 1, 1), schedule_interval=EVERY) as dag:
    BashOperator(task_id="t", bash_command="true")
""",
    "arguments_in_a_dict.py": f"""{HEAD}
args = dict(schedule_interval="@daily", start_date=datetime(2024, 1, 1))
with DAG("b", **args) as dag:
    BashOperator(task_id="t", bash_command="true")
""",
    "by_place.py": f"""{HEAD}
with DAG("c", "my words", "@hourly", start_date=datetime(2024, 1, 1)) as dag:
    BashOperator(task_id="t", bash_command="true")
""",
    "by_place_too_many.py": f"""{HEAD}
with DAG("c4", "my words", "@daily", datetime(2024, 1, 1), catchup=False) as dag:
    {DATED}""",
    "scripts/day.sh": "load $AIRFLOW_CTX_EXECUTION_DATE\n",
    "by_place_of_a_decorator.py": f"""{HEAD}
from airflow.decorators import dag, task
@dag("c2", "my words", "@hourly", start_date=datetime(2024, 1, 1))
def c2():
    @task
    def t():
        return 1
    t()
c2()
""",
    "module_by_another_name.py": f"""{HEAD}
import airflow.utils.dates as days
with DAG("c3", start_date=days.days_ago(2), schedule=None) as dag:
    BashOperator(task_id="t", bash_command="true")
""",
    "once.py": f"""{HEAD}
with DAG("once", start_date=datetime(2024, 1, 1), schedule="@once") as dag:
    BashOperator(task_id="t", bash_command="true")
""",
    "conf_functions.py": f"""{HEAD}
from airflow import configuration
def ready(section, key):
    return configuration.has_option(section, key)
with DAG("d", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=ready)
""",
    "cron_in_a_name.py": f"""{HEAD}
EVERY = "0 3 * * *"
with DAG("e", start_date=datetime(2024, 1, 1), schedule_interval=EVERY, catchup=False) as dag:
    {DATED}""",
    "cron_in_berlin.py": f"""{HEAD}
import pendulum
HERE = pendulum.timezone("Europe/Berlin")
ARGS = {{"start_date": datetime(2024, 1, 1, tzinfo=HERE)}}
with DAG("f", default_args=ARGS, schedule_interval="@daily", catchup=False) as dag:
    {DATED}""",
    "cron_of_a_stage.py": f"""{HEAD}
import os
with DAG("f2", start_date=datetime(2024, 1, 1), catchup=False,
         schedule_interval="0 3 * * *" if os.getenv("STAGE", "prod") == "prod" else None) as dag:
    {DATED}""",
    "cron_of_a_stage_in_a_name.py": f"""{HEAD}
import os
EVERY = "0 3 * * *" if os.getenv("STAGE") == "prod" else None
with DAG("f3", start_date=datetime(2024, 1, 1), schedule_interval=EVERY, catchup=False) as dag:
    {DATED}""",
    "many.py": f"""{HEAD}
for number in range(12):
    globals()[f"d{{number}}"] = DAG(f"many_{{number:02}}", schedule=None)
""",
    "hourly_delta.py": f"""{HEAD}
with DAG("g", start_date=datetime(2024, 1, 1), schedule=timedelta(hours=1), catchup=False) as dag:
    {DATED}""",
    "twice.py": f"""{HEAD}
with DAG("h", concurrency=4, max_active_tasks=3, start_date=datetime(2024, 1, 1),
         schedule=None) as dag:
    BashOperator(task_id="t", bash_command="true")
""",
    "helper_of_dags.py": """
import a_package_that_nobody_has
def send():
    pass
""",
    "waits_for_helper.py": f"""{HEAD}
from helper_of_dags import send
with DAG("i", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=send)
""",
    "plugins/acme/__init__.py": "",
    "plugins/acme/operators.py": """
from airflow.models import BaseOperator
class Load(BaseOperator):
    pass
""",
    "lies_elsewhere.py": f"""{HEAD}
from acme.operators import Load
with DAG("j", schedule=None) as dag:
    Load(task_id="t")
""",
    "lies_elsewhere_for_a_task.py": f"""{HEAD}
def load():
    from acme.operators import Load
with DAG("j2", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=load)
""",
    "modules.py": f"""{HEAD}
from airflow.operators import bash_operator, dummy_operator
from airflow.providers.cncf.kubernetes.operators import kubernetes_pod
from airflow.operators.dummy_operator import DummyOperator as EmptyOperator
import airflow.operators.bash_operator as bo
with DAG("k", schedule=None) as dag:
    bash_operator.BashOperator(task_id="a", bash_command="true")
    bo.BashOperator(task_id="b", bash_command="true")
    dummy_operator.DummyOperator(task_id="c")
    EmptyOperator(task_id="d")
    kubernetes_pod.KubernetesPodOperator(task_id="e", name="x", image="y")
""",
    "namespace.py": f"""{HEAD}
from google.cloud import bigquery
with DAG("l", schedule=None) as dag:
    pass
""",
    "comments.py": f"""{HEAD.replace("PythonOperator", "PythonOperator  # stays")}
ARGS = {{
    "provide_context": True,
    # keep the order of the days
    "depends_on_past": True,
}}
with DAG("m", schedule=None, default_args=ARGS) as dag:
    PythonOperator(task_id="t", python_callable=print)
""",
    "quotes.py": f"""{HEAD}
from airflow.utils.dates import days_ago
def f(**kwargs):
    return f"{{kwargs['yesterday_ds']}} {{kwargs['ti'].execution_date}} {{days_ago(0)}}"
with DAG("n", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=f)
""",
    "newer_quotes.py": f"""{HEAD}
def f(**kwargs):
    return f"{{kwargs["ds"]}}"
with DAG("o", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=f)
""",
    "dates_by_module.py": """
from airflow import DAG, utils
dag = DAG("p", start_date=utils.dates.days_ago(1), schedule_interval=None)
""",
    "database.py": f"""{HEAD}
from airflow.models import DagBag, DagModel, Pool, TaskInstance, XCom
def f(ti: TaskInstance):
    return DagModel.get_current("x"), XCom.get_one(run_id="r"), Pool.get_pool("p"), DagBag()
with DAG("q", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=f)
""",
    "methods.py": f"""{HEAD}
from airflow.hooks.base_hook import BaseHook
from airflow.models import Connection, Variable
def f():
    Variable.setdefault("m", 2), BaseHook.get_connections("c")
    return Connection.get_connection_from_secrets("c")
with DAG("r", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=f)
""",
    "own_keywords.py": f"""{HEAD}
def path(**kwargs):
    return "/d/" + str(kwargs["execution_date"])
def f(**context):
    return path(execution_date="2024-01-01")
def g(execution_date):
    return execution_date
with DAG("s", schedule=None) as dag:
    PythonOperator(task_id="a", python_callable=f)
    PythonOperator(task_id="b", python_callable=g, op_kwargs=dict(execution_date="x"))
""",
    "runs.py": f"""{HEAD}
def f(dag_run, **kw):
    run = kw["dag_run"]
    return dag_run.execution_date, run.execution_date
with DAG("t", schedule=None, user_defined_macros={{"execution_date": "x"}}) as dag:
    PythonOperator(task_id="a", python_callable=f)
    BashOperator(task_id="b", bash_command="{{{{ execution_date }}}}")
""",
    "assets.py": f"""{HEAD}
from airflow import Dataset
def f(ti):
    ti.xcom_push(key="k", value=1, execution_date=1)
with DAG("u", schedule=[Dataset("s3://x")]) as dag:
    PythonOperator(task_id="a", python_callable=f)
    BashOperator(task_id="b", bash_command="{{{{ ds }}}}")
""",
    "base_url.py": HEAD
    + """
from airflow.configuration import conf
URL = conf.get("webserver", "base_url")
""",
    "chained.py": HEAD + "x = a" + ".b()" * 400 + "\n",
    "no_schedule.py": f'{HEAD}\ndag = DAG("v", start_date=datetime(2024, 1, 1))\n',
    "opaque.py": f"""{HEAD}
def made(**arguments):
    return DAG("w", start_date=datetime(2024, 1, 1), **arguments)
dag = made(schedule="@daily")
""",
    "written_for_3.py": """
from datetime import datetime
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator
with DAG("y", start_date=datetime(2024, 1, 1), schedule="@daily") as dag:
    BashOperator(task_id="t", bash_command="load {{ ds }}")
""",
    "data.csv": "a,b\n",
}
