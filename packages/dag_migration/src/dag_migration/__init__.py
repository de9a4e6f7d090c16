"""Moves a folder of Airflow 2 DAGs to Airflow 3: findings, fixes, import tests and a report."""
