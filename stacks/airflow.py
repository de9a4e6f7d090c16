"""The airflow stack: the Helm releases on the cluster."""

from constructs import Construct

from environments.model import Environment
from stacks.base import AzureStack


class AirflowStack(AzureStack):
    """NGINX, cert-manager and Airflow."""

    def __init__(self, scope: Construct, env: Environment) -> None:
        super().__init__(scope, env, "airflow")
