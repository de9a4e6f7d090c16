"""How Kubernetes asks whether the long running components live."""

from conventions.components import API_SERVER, DAG_PROCESSOR, SCHEDULER, TRIGGERER, Component
from helm_values.merge import Values, at, merged

# Every 10 s: a node at its limit of CPU needs more than a minute to import Airflow, and a restart
# starts from the beginning.
STARTUP_PROBES = 18

# The chart's command starts an Airflow more each time: 2.5 CPU s and 130 MB of the component's own,
# so that a busy scheduler is late with its answer, and ended for it. Its own server costs nothing.
PORT = 8974
_QUESTION = (
    "from http.client import HTTPConnection as Connection; "
    f"asked = Connection('127.0.0.1', {PORT}, timeout=15); "
    "asked.request('GET', '/health'); "
    "raise SystemExit(asked.getresponse().status != 200)"
)
ASK_SCHEDULER = ["python", "-I", "-S", "-c", _QUESTION]

# The others have no server. With each heartbeat the image sets a file's time to the moment from
# which Airflow takes the job for dead (`airflow_azure/alive.py`). There is no file of an image from
# before, nor before the first heartbeat: then the probe asks as the chart's does. Airflow's import
# gets most of the minute between two questions.
HEARTBEAT_FILE = "/tmp/airflow-heartbeat"  # in a volume that each pod has for itself
PATIENCE = {"timeoutSeconds": 50}
JOBS = {DAG_PROCESSOR: "DagProcessorJob", TRIGGERER: "TriggererJob"}


def ask_heartbeat(job: str) -> list[str]:
    """Return the command that ends with 0 while a job of that type lives."""
    question = (
        "import os, time; "
        f"file = '{HEARTBEAT_FILE}'; "
        "os.path.exists(file) or os.execvp('airflow', "
        f"['airflow', 'jobs', 'check', '--local', '--job-type', '{job}']); "
        "raise SystemExit(time.time() > os.stat(file).st_mtime)"
    )
    return ["python", "-I", "-S", "-c", question]


def probe_values() -> Values:
    """Return the probes of each component, and the scheduler's server for them."""
    health = {"enable_health_check": "True", "scheduler_health_check_server_host": "127.0.0.1"}
    return merged(
        at("config", {"scheduler": health | {"scheduler_health_check_server_port": str(PORT)}}),
        at("config", {"azure_health": {"heartbeat_file": HEARTBEAT_FILE}}),
        _probes(SCHEDULER, livenessProbe={"command": ASK_SCHEDULER}),
        _probes(
            SCHEDULER, startupProbe={"command": ASK_SCHEDULER, "failureThreshold": STARTUP_PROBES}
        ),
        _probes(API_SERVER, startupProbe={"failureThreshold": STARTUP_PROBES}),
        *(
            _probes(each, livenessProbe={"command": ask_heartbeat(job)} | PATIENCE)
            for each, job in JOBS.items()
        ),
    )


def _probes(component: Component, **probes: Values) -> Values:
    return at(component.chart_key, probes)
