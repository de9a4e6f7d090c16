"""Loaded by Airflow at the start of each of its processes, before it makes a database engine."""

from airflow.configuration import conf
from airflow_azure.database import sign_in
from airflow_azure.pods import harden as pod_mutation_hook

__all__ = ["pod_mutation_hook"]  # Airflow takes over every public name otherwise

sign_in(conf)
