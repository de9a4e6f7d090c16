"""Writes a file to Blob storage and reads it back."""

# mypy: ignore-errors
# (Airflow is not in this environment)

from airflow.sdk import ObjectStoragePath, dag, task


@dag(schedule=None)
def lake() -> None:
    @task
    def write_and_read() -> str:
        path = ObjectStoragePath("abfs://lake@data/reports/today.txt")
        path.write_text("seventeen rows")
        print("the lake says:", path.read_text())
        return path.read_text()

    write_and_read()


lake()
