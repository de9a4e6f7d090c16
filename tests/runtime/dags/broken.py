"""A DAG file that cannot be parsed."""

from airflow.sdk import dag  # noqa: F401

raise RuntimeError("no DAG here")
