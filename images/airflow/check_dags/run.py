"""Runs one DAG on a laptop: `python -m check_dags.run FOLDER DAG_ID DAY`, `make run` for a team.

Tasks run one after another in this process, as `airflow dags test` runs them. Connections come from
the environment (AIRFLOW_CONN_<ID>); Airflow's own files are in `.airflow` beside the folder.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer


def main(
    folder: Annotated[Path, typer.Argument(help="The folder with the DAG files.")],
    dag_id: Annotated[str, typer.Argument(help="The DAG's id.")],
    day: Annotated[str, typer.Argument(help="The day that it runs for, as 2026-01-31.")],
) -> None:
    """Run a DAG here, without the cluster."""
    if not folder.is_dir():
        typer.echo(f"{folder} is not a folder; give the folder that holds the DAG files", err=True)
        raise typer.Exit(2)
    folder = folder.resolve()
    home = folder.parent / ".airflow"
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # no executor runs here; a task may name those that the platform can have
        "AIRFLOW__CORE__EXECUTOR": "KubernetesExecutor,CeleryExecutor",
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
    }
    home.mkdir(exist_ok=True)
    migrated = subprocess.run(
        ["airflow", "db", "migrate"], env=environment, capture_output=True, text=True, check=False
    )
    if migrated.returncode:
        typer.echo(f"no database in {home}: {migrated.stderr.strip().splitlines()[-1]}", err=True)
        raise typer.Exit(2)
    os.environ.update(environment)
    sys.argv = ["airflow", "dags", "test", dag_id, day]
    from airflow.__main__ import main as airflow  # it reads the variables
    from airflow.sdk.exceptions import AirflowException

    try:
        airflow()
    except AirflowException as error:  # no such DAG, or none that can be imported
        typer.echo(
            f"{error}\n    fix: correct the id, or what the check of the folder finds", err=True
        )
        raise typer.Exit(1) from error


if __name__ == "__main__":
    typer.run(main)
