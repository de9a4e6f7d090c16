"""Deletes old rows of Airflow's database: `python -m airflow_azure.cleanup --days 90`, every night.

`airflow db clean` alone goes by age: it would delete the rows of what still runs, and a trigger
that a task waits for takes the task along. So DAGs with an unfinished run that is older than the
limit are left out and named, and triggers are left to the triggerer, which deletes those that
nobody waits for.

Sessions that have ended go at once: whoever opens the page of the sign-in makes one. Airflow cleans
them where it finds the name FabAuthManager, and `[core] auth_manager` has another here.

It deletes in batches, and a break loses none of the rows that are to stay: the next run goes on.
Exit status: 0 done, 1 a table could not be cleaned (Airflow's log says why), 2 wrong arguments.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from datetime import timedelta

import pendulum
from airflow.utils.db_cleanup import ARCHIVE_TABLE_PREFIX, config_dict, run_cleanup
from airflow.utils.session import create_session
from sqlalchemy import inspect, text
from sqlalchemy.orm import Session

BATCH = 50_000  # rows that one statement deletes
LEAST_DAYS = 7  # the environment file allows no fewer either
# Airflow moves a batch aside before it deletes it. Who keeps an archive on purpose has no batches.
OURS = re.compile(rf"{ARCHIVE_TABLE_PREFIX}\w+__b\d+")
# Cleaned whole, also when DAGs are left out: Airflow 3.3.2 would look in the first three for a
# column that they do not have, and keep each row of the others that belongs to no DAG
WHOLE = ("asset_event", "deadline", "task_reschedule", "job", "log")
UNFINISHED = text(
    "SELECT DISTINCT dag_id FROM dag_run WHERE state IN ('queued', 'running') AND ("
    " run_after < :before OR start_date < :before OR EXISTS (SELECT 1 FROM task_instance AS ti"
    " WHERE ti.dag_id = dag_run.dag_id AND ti.run_id = dag_run.run_id AND ti.start_date < :before))"
)
ENDED = text("DELETE FROM session WHERE expiry < now() AT TIME ZONE 'UTC'")


def main(arguments: Sequence[str] | None = None) -> int:
    """Delete what is older than so many days; return the exit status."""
    parser = argparse.ArgumentParser(prog="airflow_azure.cleanup", description=__doc__)
    parser.add_argument("--days", type=int, required=True, help="age of what stays")
    days = parser.parse_args(arguments).days
    if days < LEAST_DAYS:
        parser.error(f"--days {days}: allowed are {LEAST_DAYS} or more")
    before = pendulum.now("UTC") - timedelta(days=days)
    with create_session() as session:
        drop_leftovers(session)
        session.execute(ENDED)
        busy = sorted(session.scalars(UNFINISHED, {"before": before}))
    for dag_id in busy:
        print(f"{dag_id}: left out, a run from before {before:%Y-%m-%d} has not ended")
    for name in WHOLE:
        config_dict[name].dag_id_column = None
    try:
        run_cleanup(
            clean_before_timestamp=before,
            table_names=[name for name in config_dict if name != "trigger"],
            exclude_dag_ids=busy or None,
            confirm=False,
            skip_archive=True,
            batch_size=BATCH,
            error_on_cleanup_failure=True,
        )
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def drop_leftovers(session: Session) -> None:
    """Drop what a run that was broken off had moved aside."""
    for name in inspect(session.connection()).get_table_names():
        if OURS.fullmatch(name):
            session.execute(text(f'DROP TABLE "{name}"'))
            print(f"{name}: dropped, a run before was broken off")


if __name__ == "__main__":
    sys.exit(main())
