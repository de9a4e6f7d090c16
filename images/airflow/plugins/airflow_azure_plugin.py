"""Airflow's way to the listeners of the image: it loads this file in each of its processes."""

from airflow.plugins_manager import AirflowPlugin
from airflow_azure import alive, ended, parsing


class AirflowAzurePlugin(AirflowPlugin):
    """Hears of tasks whose pod Kubernetes ended, and of the start of components."""

    name = "airflow_azure"
    listeners = [alive, ended, parsing]  # noqa: RUF012 - as Airflow declares it
