"""What a company sets in Airflow itself: options, as the environment file has them."""

from environments.airflow import Airflow
from environments.airflow_config import Value
from helm_values.merge import Values


def setting_values(airflow: Airflow) -> Values:
    """Return the options of `[airflow.config]`, as Airflow reads them from its airflow.cfg.

    The model refuses those that the platform sets, so no other topic gives one of them.
    """
    config = {
        section: {option: _written(value) for option, value in options.items()}
        for section, options in airflow.config.items()
        if options
    }
    return {"config": config} if config else {}


def _written(value: Value) -> str:
    """Return a value for airflow.cfg, which the chart takes for a template of Helm's.

    In airflow.cfg a percent sign begins the name of another option; two are one.
    """
    return str(value).replace("%", "%%").replace("{{", '{{ "{{" }}')
