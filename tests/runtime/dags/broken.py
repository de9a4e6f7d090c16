"""A DAG file that cannot be parsed."""

# mypy: ignore-errors
# (Airflow is not in this environment)

from airflow.sdk import dag  # noqa: F401

raise RuntimeError("no DAG here")
