"""Measures what Airflow costs here: a task's pod, parsing, an upload, dbt, the scheduler."""
