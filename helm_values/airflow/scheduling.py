"""Values of the Airflow chart for how Airflow reads the schedules of DAGs."""

from environments.airflow import Airflow
from helm_values.merge import Values


def scheduling_values(airflow: Airflow) -> Values:
    """Return what differs from Airflow's own defaults: UTC, and new DAGs paused."""
    core: Values = {}
    if airflow.time_zone != "UTC":
        core["default_timezone"] = airflow.time_zone
    if not airflow.dags_paused_at_creation:
        core["dags_are_paused_at_creation"] = "False"
    return {"config": {"core": core}} if core else {}
