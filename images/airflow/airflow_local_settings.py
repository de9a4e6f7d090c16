"""Loaded by Airflow at the start of each of its processes, before it makes a database engine."""

from airflow.configuration import conf
from airflow_azure.database import sign_in

__all__: list[str] = []  # Airflow takes over every public name otherwise

sign_in(conf)
