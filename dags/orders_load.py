"""Curated orders and the day's exchange rates are loaded into the warehouse."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from airflow.providers.microsoft.azure.sensors.wasb import WasbBlobSensor
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk import Asset, ObjectStoragePath, Param, dag, task
from psycopg import Cursor

LAKE = ObjectStoragePath("abfs://data", conn_id="data_lake")

# The tables as the files have them; dbt gives them their types.
TABLES = """
    create schema if not exists raw;
    create table if not exists raw.orders (
        loaded_for date, order_id text, customer_id text, country text,
        ordered_on text, currency text, amount text);
    create table if not exists raw.exchange_rates (
        loaded_for date, currency text, euro text);
"""


@dag(
    schedule=[Asset("curated_orders")],
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["orders", "example"],
    params={"day": Param("", type="string", description="The day to load, when run by hand")},
    default_args={"owner": "sales-data", "retries": 2, "retry_delay": timedelta(minutes=5)},
    doc_md="""
    ### Load a day into the warehouse
    Starts when `orders_ingest` has published a day. Then it waits for Finance, who put the day's
    exchange rates to `raw/exchange_rates/<day>.csv` some time until noon. The wait is
    *deferred*: the triggerer watches the blob and no worker is held.

    A day is deleted and loaded again in one transaction: a retry is safe, and readers never see
    half a day. Run it by hand with `{"day": "2026-01-01"}` to load one day again.

    **It fails when** the rates are not there after nine hours: ask Finance, then clear the task.
    """,
)
def orders_load():
    @task
    def find_days(
        triggering_asset_events: dict[Asset, Any] | None = None,
        params: dict[str, Any] | None = None,
    ) -> list[str]:
        # events that came while a run was going on start one run together
        events = [event for group in (triggering_asset_events or {}).values() for event in group]
        days = {event.extra["day"] for event in events} or {(params or {}).get("day")}
        if not all(days):
            raise ValueError('no day: start it with the parameter {"day": "2026-01-01"}')
        return sorted(days)

    @task(outlets=[Asset("raw_orders")])
    def load(days: list[str]) -> dict[str, int]:
        rows = {"orders": 0, "exchange_rates": 0}
        with PostgresHook("warehouse").get_conn() as connection, connection.cursor() as cursor:
            cursor.execute(TABLES)
            for day in days:
                files = {
                    "orders": (LAKE / "curated/orders" / day).glob("*.csv"),
                    "exchange_rates": [LAKE / rates_file(day)],
                }
                for table, paths in files.items():
                    cursor.execute(f"delete from raw.{table} where loaded_for = %s", (day,))
                    rows[table] += sum(copy_file(cursor, table, path, day) for path in paths)
        return rows

    days = find_days()
    wait_for_rates = WasbBlobSensor.partial(
        task_id="wait_for_rates",
        wasb_conn_id="data_lake",
        container_name="data",
        deferrable=True,
        poke_interval=60,
        timeout=timedelta(hours=9).total_seconds(),
    ).expand(blob_name=days.map(rates_file))
    wait_for_rates >> load(days)


def rates_file(day: str) -> str:
    """Name the blob that Finance writes for a day."""
    return f"raw/exchange_rates/{day}.csv"


def copy_file(cursor: Cursor, table: str, path: ObjectStoragePath, day: str) -> int:
    """Append a CSV file to a table of the schema raw and return its number of rows."""
    with path.open("r", encoding="utf-8") as file:
        lines = iter(file)
        columns = next(lines).strip()
        cursor.execute(
            f"create temp table incoming (like raw.{table}) on commit drop;"
            f"alter table incoming alter loaded_for set default '{date.fromisoformat(day)}'"
        )
        with cursor.copy(f"copy incoming ({columns}) from stdin (format csv)") as copy:
            for line in lines:
                copy.write(line)
    cursor.execute(f"insert into raw.{table} select * from incoming")
    rows = cursor.rowcount
    cursor.execute("drop table incoming")
    return rows


orders_load()
