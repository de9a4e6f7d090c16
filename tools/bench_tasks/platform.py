"""A whole Airflow with the platform's settings: PostgreSQL, Azurite, and Airflow's processes.

The code of the image lies in a folder of its own, compiled as the Dockerfile compiles it.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from environments.airflow import Airflow
from helm_values.airflow.dags import REFRESH_SECONDS
from helm_values.airflow.settings import tuned
from images.airflow.laptop import services
from tools.airflow_venv import airflow_bin
from tools.bench_tasks.processes import end, undisturbed
from tools.locked_venv import ROOT

IMAGE = ROOT / "images" / "airflow"
INSIDE = Path(__file__).parent / "inside"
TEAM = "bench"
SECRET = "one-for-all-processes-of-this-bench-and-long-enough-for-hs512-x"


class BenchError(Exception):
    """What should be measured did not work; the message says what and where its log is."""


@dataclass
class Platform:
    """Runs Airflow's programs in a folder that goes away.

    Args:
        folder: logs, bundles, and what waits to be run.
        programs: the `bin` folder with exactly the image's packages.
        server_programs: the `bin` folder of PostgreSQL.
        settings: the environment of Airflow's own processes; that of a pod has no database.
    """

    folder: Path
    programs: Path
    server_programs: Path
    database: str = ""
    storage: str = ""
    port: int = 0
    settings: dict[str, str] = field(default_factory=dict)
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _token: str = ""

    @property
    def waiting_room(self) -> Path:
        """Where the executor leaves the tasks to run."""
        return self.folder / "waiting"

    @property
    def pod_environment(self) -> dict[str, str]:
        """What a task's pod is given: all but the database, and an executor that exists."""
        hidden = ("AIRFLOW__DATABASE__", "BENCH_")
        return {key: value for key, value in self.settings.items() if not key.startswith(hidden)}

    def set(self, section: str, **options: object) -> None:
        """Set options of Airflow's configuration, by environment."""
        for name, value in options.items():
            self.settings[f"AIRFLOW__{section.upper()}__{name.upper()}"] = str(value)

    def tune(self, **airflow: object) -> None:
        """Set what the platform sets, for an `[airflow]` table of an environment file."""
        for section, option, value in tuned(Airflow.model_construct(None, **airflow)):
            self.set(section, **{option: value})

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start one of Airflow's processes."""
        command = [str(self.programs / "airflow"), name, *arguments]
        process = services.start(command, self.folder / f"{name}.log", self.settings)
        self.started.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End a process with all that it started."""
        self.started.remove(process)
        end(process.pid)
        process.wait()

    def serve(self) -> None:
        """Start the API server, and return when it answers."""
        self.start("api-server", "--port", str(self.port), "--workers", "1")
        self.wait(lambda: services.answers(self.port), "the API server")

    def run(self, *command: str, **more: str) -> str:
        """Run a program of Airflow's environment to its end, and return what it prints.

        Raises:
            BenchError: it failed.
        """
        done = subprocess.run(
            [str(self.programs / command[0]), *command[1:]],
            env={**self.settings, **more},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"{command[0]} {command[1]} failed: {done.stderr[-2000:]}")
        return done.stdout

    def upload(self, folder: Path) -> None:
        """Upload a folder of DAGs as a team's pipeline does."""
        self.run("python", str(INSIDE / "upload.py"), self.storage, str(folder), TEAM)

    def sql(self, statement: str) -> list[str]:
        """Run SQL in Airflow's database; return its lines, columns split by a bar."""
        host, _, port = self.database.partition(":")
        # Debian's own on PATH is a program in Perl that looks for this one
        psql = str(self.server_programs / "psql")
        command = [psql, "-XqtA", "-v", "ON_ERROR_STOP=1", "-h", host, "-p", port]
        done = subprocess.run(
            [*command, "-U", "postgres", "-d", "airflow"],
            input=statement,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"SQL failed: {done.stderr.strip()}")
        return done.stdout.splitlines()

    def parsed(self) -> int:
        """Return how many DAGs are in the database."""
        return int(self.sql("select count(distinct dag_id) from serialized_dag")[0])

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Call Airflow's API; return the answer's JSON."""
        if not self._token:
            self._token = self._ask("GET", "/auth/token", None)["access_token"]
        return self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: object) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read())

    def wait(self, ready: Callable[[], object], what: str, seconds: float = 300) -> None:
        """Return when `ready()` is true.

        Raises:
            BenchError: it was not within `seconds`, or one of Airflow's processes ended.
        """
        began = time.monotonic()
        while not ready():
            ended = [one for one in self.started if one.poll() is not None]
            waited = time.monotonic() - began
            if ended or waited > seconds:
                logs = self.folder.glob("*.log")
                tails = "\n".join(f"{log.name}: {log.read_text()[-800:]}" for log in logs)
                why = "a process ended" if ended else f"not within {seconds:g} s"
                raise BenchError(f"{what}: {why}\n{tails}")
            time.sleep(max(0.05, waited / 100))  # who looks often takes the CPU that is measured


@contextmanager
def platform(
    folder: Path, *, executor: bool = True, server: Mapping[str, str] = services.NO_SETTINGS
) -> Iterator[Platform]:
    """Start the database and the storage, and migrate; with `executor`, API server and scheduler.

    Nothing is left when the block ends, also where a signal ends it (`processes.nothing_left`).

    Args:
        folder: of its own, which goes away.
        executor: whether tasks are queued, and wait in the waiting room.
        server: settings of PostgreSQL.

    Raises:
        BenchError: PostgreSQL or Node is not installed, or a program did not start.
    """
    programs, azurite = services.postgres_programs(), services.azurite_command()
    if programs is None or azurite is None:
        raise BenchError("PostgreSQL's server and Node are needed: sudo .ci/packages, make setup")
    made = Platform(folder, airflow_bin(), programs)
    try:
        made.database = services.postgres(programs, folder / "postgres", made.started, server)
        made.storage = services.azurite(azurite, folder / "azurite", made.started)
        made.port = services.free_port()
        host, _, port = made.database.partition(":")
        created: list[str | Path] = [
            programs / "createdb",
            "-h",
            host,
            "-p",
            port,
            "-U",
            "postgres",
        ]
        subprocess.run([*created, "airflow"], check=True, capture_output=True)
        made.waiting_room.mkdir()
        _configure(made)
        made.run("airflow", "db", "migrate")
        if executor:
            made.start("scheduler", "--skip-serve-logs")
            made.serve()
        yield made
    finally:
        with undisturbed():
            for process in reversed(made.started):
                end(process.pid)
                process.wait()
            services.delete(folder)


def _configure(made: Platform) -> None:
    code = _code_of_the_image(made)
    home = made.folder / "home"
    shutil.copytree(code / "config", home / "config")
    shutil.copytree(code / "plugins", home / "plugins")
    made.settings |= {
        key: os.environ[key] for key in ("HOME", "LANG", "TMPDIR") if key in os.environ
    }
    made.settings |= {
        "PATH": f"{made.programs}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": f"{code / 'platform'}:{INSIDE}",
        "PYTHONDONTWRITEBYTECODE": "1",  # as in the image
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_WASB_DEFAULT": json.dumps(
            {"conn_type": "wasb", "extra": {"connection_string": made.storage}}
        ),
        "BENCH_WAITING_ROOM": str(made.waiting_room),
    }
    made.set(
        "core",
        executor="bench_executor.WaitingRoom",
        load_examples=False,
        dags_are_paused_at_creation=False,
        simple_auth_manager_all_admins=True,
        fernet_key="",
        execution_api_server_url=f"http://127.0.0.1:{made.port}/execution/",
    )
    url = f"postgresql+psycopg2://postgres@{made.database}/airflow"
    made.set("database", sql_alchemy_conn=url)
    made.set("api", base_url=f"http://127.0.0.1:{made.port}", secret_key=SECRET)
    made.set("api_auth", jwt_secret=SECRET)
    made.set("scheduler", enable_health_check=False)
    made.set("logging", remote_logging=True, remote_log_conn_id="wasb_default")
    made.set("logging", remote_base_log_folder="wasb://tasks")
    made.set("logging", logging_config_class="airflow_azure.logs.LOGGING_CONFIG")
    made.set("azure_remote_logging", remote_wasb_log_container="airflow-logs")
    made.tune()
    bundle = {
        "name": TEAM,
        "classpath": "airflow_azure.bundle.BlobDagBundle",
        "kwargs": {
            "container": "dags",
            "versions_container": "dag-versions",
            "prefix": TEAM,
            "refresh_interval": REFRESH_SECONDS,
        },
    }
    made.set("dag_processor", dag_bundle_config_list=json.dumps([bundle]))
    made.set("dag_processor", dag_bundle_storage_path=made.folder / "bundles")


def _code_of_the_image(made: Platform) -> Path:
    """Lay the platform's own code out and compile it, as the Dockerfile does."""
    code = made.folder / "code"
    ignore = shutil.ignore_patterns("__pycache__")
    for package in ("airflow_azure", "entra_sign_in"):
        shutil.copytree(IMAGE / package, code / "platform" / package, ignore=ignore)
    shutil.copytree(IMAGE / "plugins", code / "plugins", ignore=ignore)
    shutil.copy(IMAGE / "sitecustomize.py", code / "platform")
    (code / "config").mkdir()
    shutil.copy(IMAGE / "airflow_local_settings.py", code / "config")
    compiled = ["-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([str(made.programs / "python"), *compiled, str(code)], check=True)
    return code
