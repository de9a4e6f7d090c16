"""Who may connect to the ingress controller, and what it may connect to."""

from conventions.components import API_SERVER
from conventions.service_accounts import SYSTEM_NAMESPACE
from environments.model import Environment
from helm_values.charts import AIRFLOW, NGINX
from helm_values.cluster.network_rules import (
    at_ports,
    deny_all,
    dns,
    in_namespace,
    kubernetes_api,
    policy,
    to,
)
from helm_values.ingress.controller import METRICS_PORT
from helm_values.merge import Values

API_SERVER_PODS = {"podSelector": {"matchLabels": {"component": API_SERVER.label}}}


def ingress_policies(env: Environment) -> list[Values]:
    """Return the policies of the controller's namespace: users come in, Airflow is behind it."""
    pods = {"matchLabels": {"app.kubernetes.io/name": NGINX.name}}
    users = at_ports([], [("TCP", 80), ("TCP", 443)])  # with their own addresses
    metrics = at_ports([in_namespace(SYSTEM_NAMESPACE)], [("TCP", METRICS_PORT)])
    airflow = to([in_namespace(AIRFLOW.namespace) | API_SERVER_PODS], [("TCP", 8080)])
    return [
        deny_all(NGINX.namespace),
        policy(
            NGINX.namespace,
            "controller",
            pods,
            ["Ingress", "Egress"],
            ingress=[users, metrics],
            egress=[dns(), kubernetes_api(env), airflow],
        ),
    ]
