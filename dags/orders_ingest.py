"""Raw order files in the data lake become checked, curated files."""

import csv
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import Asset, Metadata, ObjectStoragePath, dag, task
from airflow.sdk.exceptions import AirflowSkipException

# One connection for the whole lake; in the cluster it holds no secret, only the account's name.
LAKE = ObjectStoragePath("abfs://data", conn_id="data_lake")
CURATED_ORDERS = Asset("curated_orders")
COLUMNS = ["order_id", "customer_id", "country", "ordered_on", "currency", "amount"]


def problem_of(row: dict[str, str]) -> str | None:
    """Say why a row cannot be used; None means that it is good."""
    if missing := [column for column in COLUMNS if not row.get(column)]:
        return f"no value in {', '.join(missing)}"
    try:
        datetime.fromisoformat(row["ordered_on"])
        amount = float(row["amount"])
    except ValueError as error:
        return str(error)
    return None if amount > 0 else f"amount is {amount}, must be more than 0"


@dag(
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    tags=["orders", "example"],
    default_args={
        "owner": "sales-data",
        "retries": 2,
        "retry_delay": timedelta(minutes=5),
        "retry_exponential_backoff": True,
    },
    doc_md="""
    ### Curate the day's orders
    Reads `raw/orders/<day>/*.csv` from the data lake, one mapped task a file. Good rows go to
    `curated/orders/<day>/`, bad ones with their reason to `rejected/orders/<day>/`.

    Running a day again overwrites that day, so a retry is always safe. A day without files is
    skipped. When it is done, the asset `curated_orders` starts `orders_load`.

    **It fails when** more than a tenth of the rows are bad: look into `rejected/orders/<day>/`,
    ask the shop's team for a new file, clear the run.
    """,
)
def orders_ingest():
    @task
    def find_files(ds: str) -> list[str]:
        files = sorted(str(path) for path in (LAKE / "raw/orders" / ds).glob("*.csv"))
        if not files:
            raise AirflowSkipException(f"no file in raw/orders/{ds}")
        return files

    @task
    def curate(file: str, ds: str) -> dict[str, int]:
        source = ObjectStoragePath(file, conn_id="data_lake")
        good, bad = [], []
        with source.open("r", encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                problem = problem_of(row)
                if problem is None:
                    good.append({column: row[column] for column in COLUMNS})
                else:
                    bad.append(row | {"problem": problem})
        _write(LAKE / "curated/orders" / ds / source.name, COLUMNS, good)
        if bad:
            _write(LAKE / "rejected/orders" / ds / source.name, [*COLUMNS, "problem"], bad)
        return {"good": len(good), "bad": len(bad)}

    @task(outlets=[CURATED_ORDERS])
    def publish(counts: list[dict[str, int]], ds: str) -> Any:
        good, bad = (sum(count[kind] for count in counts) for kind in ("good", "bad"))
        if bad > (good + bad) / 10:
            raise ValueError(
                f"{bad} of {good + bad} rows are bad, more than a tenth: see rejected/orders/{ds}"
            )
        (LAKE / "curated/orders" / ds / "_SUCCESS").write_text(json.dumps({"rows": good}))
        yield Metadata(CURATED_ORDERS, extra={"day": ds, "rows": good})

    publish(curate.expand(file=find_files()))


def _write(target: ObjectStoragePath, columns: list[str], rows: list[dict[str, str]]) -> None:
    with target.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


orders_ingest()
