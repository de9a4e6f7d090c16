"""What the ingress controller may read and change in the cluster: less than its chart gives it.

The chart's own ClusterRole reads every Secret of the cluster and changes every Service. But NGINX
stands where users' requests arrive, and Airflow's namespace has the key that signs their tokens.
"""

from conventions.service_accounts import CERTIFICATE_ACCOUNTS
from environments.model import Environment
from helm_values.charts import AIRFLOW, NGINX
from helm_values.cluster.rights import RBAC, role
from helm_values.merge import Values

READ = ("get", "list", "watch")
# Those of the chart's ClusterRole but Secrets, and what only writes; the chart's Role has the rest,
# in the controller's namespace.
CLUSTER_RULES = (
    ("", ["namespaces", "pods", "services"], READ),
    ("", ["events"], ("create", "patch", "list")),
    ("", ["nodes"], ("list",)),
    ("apps", ["replicasets", "daemonsets", "statefulsets"], ("get",)),
    ("coordination.k8s.io", ["leases"], ("list", "watch")),
    ("discovery.k8s.io", ["endpointslices"], READ),
    ("networking.k8s.io", ["ingresses"], READ),
    ("networking.k8s.io", ["ingresses/status"], ("update",)),
    ("networking.k8s.io", ["ingressclasses"], ("get", "list")),
)


def access_values(env: Environment) -> Values:
    """Return which namespaces the controller serves, and where it looks for certificates."""
    served = f"{AIRFLOW.namespace},{NGINX.namespace}"
    controller: Values = {"watchNamespace": served}
    if not _certificate_in_airflow(env):
        controller["watchSecretNamespace"] = NGINX.namespace
    return {"controller": controller, "rbac": {"clusterrole": {"create": False}}}


def controller_access(env: Environment) -> list[Values]:
    """Return the ClusterRole that the chart's binding names, and a Role for cert-manager's Secret.

    An Ingress names a Secret of its own namespace, and the controller watches all of a namespace.
    So with `ingress.certificate = "letsencrypt"` it reads the keys beside the certificate, too.
    """
    of_the_cluster = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": NGINX.name},
        "rules": [
            {"apiGroups": [group], "resources": resources, "verbs": list(verbs)}
            for group, resources, verbs in CLUSTER_RULES
        ],
    }
    if not _certificate_in_airflow(env):
        return [of_the_cluster]
    account = CERTIFICATE_ACCOUNTS["key_vault"]  # of NGINX, wherever the certificate is from
    return [
        of_the_cluster,
        *role(AIRFLOW.namespace, "certificate", [("secrets", READ)], account),
    ]


def _certificate_in_airflow(env: Environment) -> bool:
    return env.ingress.certificate == "letsencrypt"
