"""What a company sets in Airflow itself: options, variables and connections."""

import json

from environments.airflow import Airflow
from environments.airflow_config import Value
from helm_values.merge import Values


def setting_values(airflow: Airflow) -> Values:
    """Return options as Airflow reads them from its airflow.cfg, and the variables of all pods.

    The model refuses what the platform sets, so no other topic gives one of them.
    """
    config = {
        section: {option: _written(value) for option, value in options.items()}
        for section, options in airflow.config.items()
        if options
    }
    variables = [{"name": name, "value": literal(text)} for name, text in _variables(airflow)]
    return ({"config": config} if config else {}) | ({"env": variables} if variables else {})


def _variables(airflow: Airflow) -> list[tuple[str, str]]:
    connections = {
        name: json.dumps(connection.as_airflow_reads_it)
        for name, connection in airflow.connections.items()
    }
    return [
        *airflow.env.items(),
        *((f"AIRFLOW_CONN_{name.upper()}", text) for name, text in connections.items()),
        *((f"AIRFLOW_VAR_{name.upper()}", text) for name, text in airflow.variables.items()),
    ]


def literal(text: str) -> str:
    """Return a variable's value that Kubernetes gives on as it is: it fills in `$(NAME)`."""
    return text.replace("$(", "$$(")


def _written(value: Value) -> str:
    """Return a value for airflow.cfg, which the chart takes for a template of Helm's.

    In airflow.cfg a percent sign begins the name of another option; two are one.
    """
    return str(value).replace("%", "%%").replace("{{", '{{ "{{" }}')
