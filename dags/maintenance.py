"""Old rows leave Airflow's metadata database, old logs leave the log container."""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Param, dag, task


@dag(
    schedule="0 4 * * 0",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["platform", "maintenance", "example"],
    params={
        "keep_days": Param(90, type="integer", minimum=7, description="Age of what is kept, days"),
        "dry_run": Param(False, type="boolean", description="Only say what would be deleted"),
    },
    default_args={"owner": "platform", "retries": 1, "retry_delay": timedelta(minutes=15)},
    doc_md="""
    ### Keep the platform small and fast
    Every Sunday: runs, task instances, XComs and events older than `keep_days` leave the metadata
    database (`airflow db clean`), and logs of that age leave the container `logs`.

    Run it by hand with `dry_run` to see what would go. Never run it for a day long past: it
    would delete its own run. What is deleted cannot be brought back
    but from the backup of the database.

    On the platform tasks have no way into the metadata database: there a nightly clean-up job
    does that part, as the identity of the migrations, and `clean_metadata` is skipped. It runs
    where the variable `AIRFLOW_CONN_AIRFLOW_DB` is set, as on a laptop.
    """,
)
def maintenance():
    BashOperator(
        task_id="clean_metadata",
        # Airflow hides the metadata database from tasks; this one names it on purpose. Status 99
        # is the operator's word for skipped.
        bash_command="""
            set -eu
            if [ -z "${AIRFLOW_CONN_AIRFLOW_DB:-}" ]; then
                echo "AIRFLOW_CONN_AIRFLOW_DB is not set here: the nightly clean-up job does this"
                exit 99
            fi
            AIRFLOW__DATABASE__SQL_ALCHEMY_CONN="$AIRFLOW_CONN_AIRFLOW_DB" airflow db clean \\
                --clean-before-timestamp "$(date -u -d "-{{ params.keep_days }} days" +%F)" \\
                --skip-archive --verbose --yes {{ '--dry-run' if params.dry_run else '' }}
        """,
        execution_timeout=timedelta(hours=2),
    )

    @task(execution_timeout=timedelta(hours=2))
    def delete_old_logs(params: dict[str, Any] | None = None) -> int:
        before = datetime.now(UTC) - timedelta(days=params["keep_days"])
        logs = WasbHook("data_lake").blob_service_client.get_container_client("logs")
        old = [blob.name for blob in logs.list_blobs() if blob.last_modified < before]
        for name in old if not params["dry_run"] else []:
            logs.delete_blob(name)
        print(f"{'would delete' if params['dry_run'] else 'deleted'} {len(old)} logs")
        return len(old)

    delete_old_logs()


maintenance()
