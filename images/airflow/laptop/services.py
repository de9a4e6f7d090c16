"""Starts what Airflow needs on a laptop: PostgreSQL, Azurite, and Airflow itself.

A program that this machine does not have is left out, and it is said what is missing for it.
"""

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

EXECUTORS = ("laptop.executors.KubernetesExecutor", "laptop.executors.CeleryExecutor")
AZURITE = "3.37.0"  # the version that the platform is tested with
CONTAINERS = ("data", "logs")
NOTE = "data-folder"  # where PostgreSQL's data is, if not here
NO_SETTINGS: Mapping[str, str] = MappingProxyType({})
# the emulator's one account, in Microsoft's documentation ("Use the Azurite emulator")
ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


Started = list[subprocess.Popen[bytes]]


class NotStartedError(Exception):
    """A program did not start, or ended while it started."""


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Tell whether somebody listens on a port of this machine."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait(until: Callable[[], bool], what: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait for a program that starts.

    Raises:
        NotStartedError: it ended, or was not ready after three minutes.
    """
    deadline = time.monotonic() + 180
    while not until():
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace").strip().splitlines()
            ending = "; ".join(said[-3:])[-400:] or "it said nothing"
            raise NotStartedError(f"{what} did not start: {ending} (more in {log})")
        time.sleep(0.2)


def start(
    command: Iterable[str | Path], log: Path, environment: dict[str, str], user: str | None = None
) -> subprocess.Popen[bytes]:
    """Start a program in a group of its own; what it prints goes to `log`."""
    with log.open("wb") as output:
        return subprocess.Popen(
            list(command),
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=environment,
            user=user,
            start_new_session=True,
            cwd=log.parent,
        )


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL's programs, the newest that is installed."""
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(debian, key=lambda file: int(file.parts[-3]), default=None)
    found = shutil.which("initdb") or newest
    return Path(found).resolve().parent if found else None


def postgres(
    programs: Path, folder: Path, started: Started, settings: Mapping[str, str] = NO_SETTINGS
) -> str:
    """Start PostgreSQL, with its data for `folder`; return its host and port.

    Only this machine reaches it, by TCP, and it asks for no password. `settings` are the server's.

    Raises:
        NotStartedError: it did not start; it is among `started` then, too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    user = _not_root()
    data = _data_of(folder, user)
    port = free_port()
    if not (data / "PG_VERSION").is_file():
        shutil.rmtree(data, ignore_errors=True)  # of a start that was broken off
        made: list[str | Path] = [programs / "initdb", "--pgdata", data, "--username=postgres"]
        made += ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            made, user=user, cwd=data.parent, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise NotStartedError(f"initdb: {done.stderr.strip()[-400:]}")
    options = {
        **settings,
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",  # the path of a socket may be 107 characters long at most
        "fsync": "off",  # a laptop's data can be made again
        "synchronous_commit": "off",
    }
    command: list[str | Path] = [programs / "postgres", "-D", data]
    command += [f"--{name}={value}" for name, value in options.items()]
    log = folder / "postgres.log"
    process = start(command, log, dict(os.environ), user)
    started.append(process)
    ready = [str(programs / "pg_isready"), "--quiet", "--host=127.0.0.1", f"--port={port}"]
    wait(lambda: subprocess.run(ready, check=False).returncode == 0, "PostgreSQL", process, log)
    return f"127.0.0.1:{port}"


def _not_root() -> str | None:
    """Return the user that PostgreSQL runs as: it refuses root, as whom containers start."""
    if os.geteuid():
        return None
    return "postgres" if any(user.pw_name == "postgres" for user in pwd.getpwall()) else "nobody"


def _data_of(folder: Path, user: str | None) -> Path:
    """Return the folder of the data; another user's is not below `folder`, which may be root's.

    Then `folder` notes where it is, for the next start and for `delete`.
    """
    if user is None:
        return folder / "data"
    elsewhere = _elsewhere(folder)
    if elsewhere is None:
        elsewhere = Path(tempfile.mkdtemp(prefix="airflow-laptop-"))
        shutil.chown(elsewhere, user)
        (folder / NOTE).write_text(str(elsewhere), encoding="utf-8")
    return elsewhere / "data"


def _elsewhere(folder: Path) -> Path | None:
    note = folder / NOTE
    found = Path(note.read_text(encoding="utf-8")) if note.is_file() else None
    return found if found and found.is_dir() else None


def delete(root: Path) -> None:
    """Delete all that was kept below `root`, and PostgreSQL's data elsewhere."""
    if elsewhere := _elsewhere(root / "postgres"):
        shutil.rmtree(elsewhere, ignore_errors=True)
    shutil.rmtree(root, ignore_errors=True)


def make_databases(address: str) -> None:
    """Make the databases that are not there: Airflow's, and that of the connection `warehouse`."""
    import psycopg2

    host, _, port = address.partition(":")
    server = psycopg2.connect(host=host, port=int(port), user="postgres", dbname="postgres")
    server.autocommit = True
    with server.cursor() as cursor:
        cursor.execute("select datname from pg_database")
        there = {name for (name,) in cursor.fetchall()}
        for name in {"airflow", "warehouse"} - there:
            cursor.execute(f"create database {name}")
    server.close()


def azurite_command() -> list[str] | None:
    """Return how to start Azurite here: installed, or fetched by npm."""
    beside = Path(__file__).resolve().parents[3] / "node_modules" / ".bin" / "azurite-blob"
    found = shutil.which("azurite-blob") or (str(beside) if beside.is_file() else None)
    if found:
        return [found]
    npx = shutil.which("npx")
    return [npx, "--yes", f"--package=azurite@{AZURITE}", "azurite-blob"] if npx else None


def azurite(command: list[str], folder: Path, started: Started) -> str:
    """Start Azurite with its blobs in `folder`; return its connection string.

    Raises:
        NotStartedError: it did not start; it is among `started` then, too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log, port = folder / "azurite.log", free_port()
    options: list[str | Path] = [
        "--location",
        folder,
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        str(port),
    ]
    options += ["--skipApiVersionCheck", "--silent", "--disableTelemetry"]
    process = start([*command, *options], log, dict(os.environ))
    started.append(process)
    wait(lambda: answers(port), "Azurite", process, log)
    account = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
    return f"{account}BlobEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"


def make_containers(connection: str) -> None:
    """Make the containers that are not there."""
    from azure.core.exceptions import ResourceExistsError
    from azure.storage.blob import BlobServiceClient

    with BlobServiceClient.from_connection_string(connection) as client:
        for name in CONTAINERS:
            try:
                client.create_container(name)
            except ResourceExistsError:
                continue


def connections(postgres: str | None, blobs: str | None) -> dict[str, str]:
    """Return the platform's connections, as environment variables, for what runs here."""
    found: dict[str, dict[str, Any]] = {}
    if blobs:
        for name in ("data_lake", "wasb_default"):
            found[name] = {"conn_type": "wasb", "extra": {"connection_string": blobs}}
    if postgres:
        host, _, port = postgres.partition(":")
        found["warehouse"] = {
            "conn_type": "postgres",
            "host": host,
            "port": int(port),
            "login": "postgres",
            "password": "unused",  # dbt's profile wants one
            "schema": "warehouse",
        }
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(value) for name, value in found.items()}


def airflow_environment(
    root: Path, dags: Path, port: int, host: str, postgres: str | None
) -> dict[str, str]:
    """Return Airflow's settings: close to the platform's, and quick to see a changed file."""
    database = (
        f"postgresql+psycopg2://postgres@{postgres}/airflow"
        if postgres
        else f"sqlite:///{root}/airflow.db"
    )
    settings: dict[str, dict[str, Any]] = {
        "core": {
            "dags_folder": dags,
            "load_examples": False,
            "executor": ",".join(EXECUTORS),
            "parallelism": 4,
            # a DAG that is saved again would be left out for half a minute
            "min_serialized_dag_update_interval": 1,
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager"
            ".SimpleAuthManager",
            "simple_auth_manager_all_admins": True,  # nobody but this machine reaches it
            "execution_api_server_url": f"http://127.0.0.1:{port}/execution/",
        },
        "database": {"sql_alchemy_conn": database},
        "api": {"port": port, "host": host, "workers": 1, "base_url": f"http://localhost:{port}"},
        "dag_processor": {
            "min_file_process_interval": 3,
            "refresh_interval": 3,
            "bundle_refresh_check_interval": 1,
            "parsing_processes": 1,
        },
        "scheduler": {"enable_health_check": False},
        "cosmos": {"enable_telemetry": False},
    }
    return {"AIRFLOW_HOME": str(root)} | {
        f"AIRFLOW__{section.upper()}__{key.upper()}": str(value)
        for section, options in settings.items()
        for key, value in options.items()
    }
