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
from tempfile import TemporaryDirectory
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
_MIGRATED: list[str] = []  # a dump of the first platform's database, as new


class BenchError(Exception):
    """What should be measured did not work; the message says what, with the end of its log."""


@dataclass
class Platform:
    """An Airflow in a temporary folder.

    Attributes:
        folder: of logs, bundles and waiting tasks; it is deleted at the end.
        programs: the `bin` folder with exactly the image's packages.
        server_programs: the `bin` folder of PostgreSQL.
        database: host and port of PostgreSQL, as `127.0.0.1:5432`.
        storage: the connection string of Azurite.
        port: of the API server.
        settings: environment variables of Airflow's own processes; a pod gets no database.
        started: the processes that run.
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
        """The folder in which the executor leaves tasks to run, each a JSON file."""
        return self.folder / "waiting"

    @property
    def pod_environment(self) -> dict[str, str]:
        """The environment variables of a task's pod: all but the database and the bench's own."""
        hidden = ("AIRFLOW__DATABASE__", "BENCH_")
        return {key: value for key, value in self.settings.items() if not key.startswith(hidden)}

    def set(self, section: str, **options: object) -> None:
        """Set options of a section of Airflow's configuration, as environment variables."""
        for name, value in options.items():
            self.settings[f"AIRFLOW__{section.upper()}__{name.upper()}"] = str(value)

    def tune(self, **airflow: object) -> None:
        """Set what the platform sets for the given keys of an `[airflow]` table."""
        for section, option, value in tuned(Airflow.model_construct(None, **airflow)):
            self.set(section, **{option: value})

    def start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a component, such as `scheduler`; it logs into `<name>.log`."""
        command = [str(self.programs / "airflow"), name, *arguments]
        process = services.start(command, self.folder / f"{name}.log", self.settings)
        self.started.append(process)
        return process

    def stop(self, process: subprocess.Popen[bytes]) -> None:
        """End a component with the processes that it started."""
        self.started.remove(process)
        end(process.pid)
        process.wait()

    def serve(self) -> None:
        """Start the API server, and wait until it answers."""
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
        """Run SQL in Airflow's database; return its rows, with columns separated by `|`.

        Raises:
            BenchError: PostgreSQL refused.
        """
        options = ("-XqtA", "-v", "ON_ERROR_STOP=1", "-d", "airflow")
        return self._client("psql", *options, text=statement).splitlines()

    def migrate(self) -> None:
        """Make Airflow's database; a later platform of this process loads what the first made."""
        self._client("createdb", "airflow")
        if _MIGRATED:
            self.sql(_MIGRATED[0])
        else:
            self.run("airflow", "db", "migrate")
            _MIGRATED.append(self._client("pg_dump", "airflow"))

    def _client(self, program: str, *arguments: str, text: str = "") -> str:
        host, _, port = self.database.partition(":")
        # Debian's own on PATH is a program in Perl that looks for this one
        command = [str(self.server_programs / program), "-h", host, "-p", port, "-U", "postgres"]
        done = subprocess.run(
            [*command, *arguments], input=text, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BenchError(f"{program} failed: {done.stderr.strip()}")
        return done.stdout

    def read(self, dags: Path, number: int, seconds: float = 300) -> None:
        """Upload a folder of DAGs, and let a DAG processor read so many; it ends then.

        It would take part in what is measured.
        """
        known = self.parsed()
        self.upload(dags)
        processor = self.start("dag-processor")
        self.wait(
            lambda: self.parsed() == known + number, f"{number} DAGs in the database", seconds
        )
        self.stop(processor)

    def parsed(self) -> int:
        """Return how many DAGs are in the database."""
        return int(self.sql("select count(distinct dag_id) from serialized_dag")[0])

    def api(self, method: str, path: str, body: object = None) -> Any:
        """Call Airflow's API with a JSON body for at most two minutes; return the answer's JSON."""
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
        """Wait until `ready()` is true.

        Raises:
            BenchError: it was not within `seconds`, or a component ended; it holds the logs' ends.
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
    *, executor: bool = True, server: Mapping[str, str] = services.NO_SETTINGS
) -> Iterator[Platform]:
    """Start PostgreSQL and Azurite, and migrate; with `executor`, scheduler and API server.

    All processes end with the block, also if a signal ends it (`processes.nothing_left`), and its
    folder is deleted.

    Args:
        executor: whether a scheduler queues tasks, which then wait in the waiting room.
        server: settings of PostgreSQL, beside those of `services.postgres`.

    Raises:
        BenchError: PostgreSQL or Node is not installed, or a program did not start.
    """
    programs, azurite = services.postgres_programs(), services.azurite_command()
    if programs is None or azurite is None:
        raise BenchError("PostgreSQL's server and Node are needed: sudo .ci/packages, make setup")
    with TemporaryDirectory() as scratch:
        made = Platform(Path(scratch), airflow_bin(), programs)
        made.folder.chmod(0o755)  # PostgreSQL runs as another user
        try:
            _start(made, azurite, server)
            if executor:
                made.start("scheduler", "--skip-serve-logs")
                made.serve()
            yield made
        finally:
            with undisturbed():
                for process in reversed(made.started):
                    end(process.pid)
                    process.wait()
                services.delete(made.folder)


def _start(made: Platform, azurite: list[str], server: Mapping[str, str]) -> None:
    made.database = services.postgres(
        made.server_programs, made.folder / "postgres", made.started, server
    )
    made.storage = services.azurite(azurite, made.folder / "azurite", made.started)
    made.port = services.free_port()
    made.waiting_room.mkdir()
    _configure(made)
    made.migrate()


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
