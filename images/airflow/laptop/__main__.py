"""`python -m laptop up|run|down`: Airflow on this machine, with the platform's connections.

Exit status: 0 done; 1 the DAG failed; 2 it could not be started, or there is no such DAG.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import httpx
import psutil
import typer

from laptop import services
from laptop.places import Places, memory_mib, port_of, remember, running

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Found = TypeVar("Found")
Dags = Annotated[Path, typer.Argument(help="The folder with the DAG files.")]
NO_POSTGRES = (
    "PostgreSQL is not installed: Airflow uses SQLite, and there is no connection `warehouse`\n"
    "    fix: apt-get install postgresql (Debian, Ubuntu), brew install postgresql (macOS)"
)
NO_AZURITE = (
    "Node is not installed: there is no Blob storage, and no connection `data_lake`\n"
    "    fix: install Node 22, which brings npx"
)


@app.command()
def up(
    dags: Dags,
    port: Annotated[int, typer.Option(help="Where Airflow answers.")] = 8080,
    host: Annotated[str, typer.Option(help="Who reaches it; else this machine alone.")] = (
        "127.0.0.1"
    ),
    foreground: Annotated[
        bool, typer.Option(help="Stay until it ends, as in a container.")
    ] = False,
) -> None:
    """Start Airflow, PostgreSQL and Azurite, and go back to the shell when they are ready.

    LAPTOP_POSTGRES (host:port) and LAPTOP_BLOBS (a connection string) name servers that are there
    already, as in compose.yaml.
    """
    began = time.monotonic()
    places = _places(dags)
    if running(places.state):
        typer.echo(
            f"it runs already: http://localhost:{port_of(places.state)}; `make down` ends it"
        )
        return
    if services.answers(port):
        _refuse(f"port {port} is taken by another program", f"PORT={port + 1}, or end that one")
    places.state.unlink(missing_ok=True)  # of one that was killed
    places.root.mkdir(parents=True, exist_ok=True)
    started: list[subprocess.Popen[bytes]] = []
    ready = False
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends what was started, as Ctrl-C
    try:
        database = os.environ.get("LAPTOP_POSTGRES") or _or_without(
            services.postgres_programs(),
            lambda programs: services.postgres(programs, places.root / "postgres", started),
            NO_POSTGRES,
        )
        blobs = os.environ.get("LAPTOP_BLOBS") or _or_without(
            services.azurite_command(),
            lambda command: services.azurite(command, places.root / "azurite", started),
            NO_AZURITE,
        )
        if database:
            services.make_databases(database)
        if blobs:
            services.make_containers(blobs)
        own = services.airflow_environment(places.root, places.dags, port, host, database)
        # what the shell already says wins: a connection of one's own
        own = services.connections(database, blobs) | dict(os.environ) | own
        _manifest(places.dags)
        airflow = services.start(["airflow", "standalone"], places.log, own)
        started.append(airflow)
        services.wait(lambda: _healthy(port), "Airflow", airflow, places.log)
        ready = True
    except services.NotStartedError as error:
        _refuse(str(error), "read the log; `make up` starts again")
    finally:
        if not ready:
            _stop([psutil.Process(one.pid) for one in started if one.poll() is None])
    processes = [psutil.Process(process.pid) for process in started]
    remember(places.state, port, processes)
    seconds, memory = time.monotonic() - began, memory_mib(processes)
    typer.echo(
        f"http://localhost:{port} after {seconds:.0f} s, with {memory} MiB. A saved file is there "
        "in some seconds.\nmake try DAG=its_id runs one, make down ends it; "
        f"logs: {os.path.relpath(places.log)}"
    )
    if foreground:
        signal.signal(signal.SIGTERM, lambda *_: _stop(processes))
        status = airflow.wait()
        places.state.unlink(missing_ok=True)
        raise typer.Exit(status)


@app.command()
def run(dags: Dags, dag_id: Annotated[str, typer.Argument(help="The DAG's id.")]) -> None:
    """Run a DAG in the Airflow that `up` started, and wait for its end."""
    places = _places(dags)
    if not running(places.state):
        _refuse("Airflow does not run here", "make up")
    with httpx.Client(base_url=f"http://127.0.0.1:{port_of(places.state)}", timeout=30) as api:
        token = api.get("/auth/token").raise_for_status().json()["access_token"]
        api.headers["Authorization"] = f"Bearer {token}"
        dag = f"/api/v2/dags/{dag_id}"
        if api.patch(dag, json={"is_paused": False}).status_code == 404:
            _refuse(
                f"there is no DAG {dag_id} yet{_errors(api)}", "see `make check`, or wait a moment"
            )
        begun = api.post(
            f"{dag}/dagRuns", json={"logical_date": datetime.now(UTC).isoformat()}
        ).raise_for_status()
        one = f"{dag}/dagRuns/{begun.json()['dag_run_id']}"
        while (state := api.get(one).json()["state"]) not in ("success", "failed"):
            time.sleep(0.5)
        tasks = api.get(f"{one}/taskInstances").json()["task_instances"]
        for task in sorted(tasks, key=lambda task: task["start_date"] or "9"):
            lasted = f"{task['duration']:.1f} s" if task["duration"] is not None else ""
            typer.echo(f"{task['task_id']:40} {task['state'] or 'none':12} {lasted}")
            if task["state"] == "failed":
                log = f"{one}/taskInstances/{task['task_id']}/logs/{task['try_number']}"
                typer.echo(_tail(api.get(log, headers={"Accept": "application/json"})))
    typer.echo(f"{dag_id}: {state}")
    raise typer.Exit(0 if state == "success" else 1)


@app.command()
def down(
    dags: Dags,
    delete: Annotated[bool, typer.Option(help="Delete database, blobs and logs, too.")] = False,
) -> None:
    """End what `up` started."""
    places = _places(dags)
    _stop(running(places.state))
    places.state.unlink(missing_ok=True)
    if delete:
        services.delete(places.root)


def _places(dags: Path) -> Places:
    if not dags.is_dir():
        _refuse(f"{dags} is not a folder", "give the folder that holds the DAG files")
    return Places(dags.resolve())


def _refuse(problem: str, fix: str) -> None:
    typer.echo(f"{problem}\n    fix: {fix}", err=True)
    raise typer.Exit(2)


def _or_without(found: Found | None, start: Callable[[Found], str], missing: str) -> str | None:
    """Return the address of what was started; None, and what that costs, without its program."""
    if found is None:
        typer.echo(missing, err=True)
        return None
    return start(found)


def _manifest(dags: Path) -> None:
    """Read the dbt project, as the pipeline does: a DAG of Cosmos needs the manifest."""
    project = dags / "dbt"
    if (project / "dbt_project.yml").is_file() and shutil.which("dbt"):
        command = ["dbt", "--quiet", "parse", "--profiles-dir", "."]
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
        if done.returncode:
            typer.echo(f"dbt parse: {done.stdout.strip()[-400:]}", err=True)


def _healthy(port: int) -> bool:
    """Tell whether all components of Airflow say that they are well."""
    try:
        told = httpx.get(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5).json()
    except (httpx.HTTPError, ValueError):
        return False
    return all(told[part]["status"] == "healthy" for part in ("scheduler", "dag_processor"))


def _errors(api: httpx.Client) -> str:
    found = api.get("/api/v2/importErrors").json().get("import_errors", [])
    return "".join(f"\n    {one['filename']}: {one['stack_trace'].strip()[-300:]}" for one in found)


def _tail(answer: httpx.Response) -> str:
    """Return the end of a task's log: what it printed, and what it failed with."""
    found: list[str] = []
    for one in answer.json().get("content", []):
        event = one.get("event", "") if isinstance(one, dict) else str(one)
        if not event.startswith("::"):  # marks of groups, for the user interface
            found.append(event)
        for error in (one.get("error_detail") or []) if isinstance(one, dict) else []:
            found.append(f"{error['exc_type']}: {error['exc_value']}")
    return "\n".join(f"    {text}" for text in found[-15:])


def _stop(processes: list[psutil.Process]) -> None:
    """End processes, the one that was started last first, and what they started."""
    for process in reversed(processes):
        try:
            children = process.children(recursive=True)
            # Ctrl-C: Airflow's programs, PostgreSQL and Azurite end in order at it
            os.killpg(process.pid, signal.SIGINT)
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue  # it ended by itself meanwhile
        _, left = psutil.wait_procs([process, *children], timeout=15)
        for one in left:
            one.kill()
        psutil.wait_procs(left, timeout=5)


if __name__ == "__main__":
    sys.exit(app())
