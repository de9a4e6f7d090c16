"""Who may talk to whom in Airflow's namespace: nothing that is not named here."""

from collections.abc import Sequence

from conventions.addresses import PRIVATE_RANGES
from conventions.components import (
    API_SERVER,
    DAG_PROCESSOR,
    LONG_RUNNING,
    SCHEDULER,
    TRIGGERER,
    WORKER,
)
from conventions.databases import POOLER_PORT, SERVER_PORT
from conventions.service_accounts import SYSTEM_NAMESPACE, TASKS_NAMESPACE
from environments.model import Environment
from helm_values.charts import AIRFLOW, NGINX
from helm_values.cluster.network_rules import (
    block,
    deny_all,
    dns,
    in_namespace,
    kubernetes_api,
    policy,
    to,
)
from helm_values.merge import Values

# Azure's metadata and wire servers hand out credentials and settings of the node to whoever asks.
NODE_SERVICES = ["169.254.169.254/32", "168.63.129.16/32"]
PRIVATE = [*map(str, PRIVATE_RANGES), "169.254.0.0/16", "168.63.129.16/32"]
HTTPS = 443
AIRFLOW_PODS = {"podSelector": {"matchLabels": {"tier": "airflow"}}}


def network_values() -> Values:
    """Return the chart's own policies: who may connect to each component.

    They rule what comes in and say nothing of the DAG processor and of what goes out:
    `network_policies` closes the rest. Of Airflow's own pods only tasks ask the API server: the
    DAG processor and the triggerer serve the execution API to their children themselves, and the
    scheduler writes to the database.
    """
    return {
        "networkPolicies": {"enabled": True},
        "apiServer": {
            "networkPolicy": {
                "ingress": {"from": [in_namespace(NGINX.namespace), _component(WORKER.label)]}
            }
        },
        # The collector of Azure Monitor's managed Prometheus.
        "statsd": {"extraNetworkPolicies": [in_namespace(SYSTEM_NAMESPACE)]},
    }


def network_policies(env: Environment) -> list[Values]:
    """Return the policies beside the chart's: deny everything, then let out what is needed."""
    network = env.network
    database = to([block(str(network.postgres))], [("TCP", SERVER_PORT), ("TCP", POOLER_PORT)])
    # Private endpoints of storage and Key Vault; Entra ID has public addresses only.
    azure = to([block(str(network.private_endpoints)), block("0.0.0.0/0", PRIVATE)], [("TCP", 443)])
    proxy = (
        [to([block(f"{network.proxy.address}/32")], [("TCP", network.proxy.port)])]
        if network.proxy
        else []
    )
    # Tasks reach what the network lets them reach: data sources are the users' own.
    anywhere = {"to": [block("0.0.0.0/0", NODE_SERVICES)]}
    return [
        deny_all(AIRFLOW.namespace),
        _out("dns-and-each-other", AIRFLOW_PODS["podSelector"], dns(), {"to": [AIRFLOW_PODS]}),
        _out("components", _components(*(c.label for c in LONG_RUNNING)), database, azure, *proxy),
        _out(
            "kubernetes",
            _components(API_SERVER.label, SCHEDULER.label, TRIGGERER.label),
            kubernetes_api(env),
        ),
        _out("tasks", _components(WORKER.label), anywhere),
        *_git_server(env),
        deny_all(TASKS_NAMESPACE),
        policy(TASKS_NAMESPACE, "tasks", {}, ["Egress"], egress=[dns(), anywhere]),
        *_services(env.airflow.task_namespaces),
    ]


def _services(namespaces: Sequence[str]) -> list[Values]:
    """Return the way to pods of other namespaces, which no range of addresses opens in Cilium.

    Those namespaces decide themselves whom they let in. A trigger asks in a task's place.
    """
    if not namespaces:
        return []
    services = {"to": [in_namespace(name) for name in namespaces]}
    return [
        _out("services", _components(WORKER.label, TRIGGERER.label), services),
        policy(TASKS_NAMESPACE, "services", {}, ["Egress"], egress=[services]),
    ]


def _git_server(env: Environment) -> list[Values]:
    """Return the way to a Git server that the one to Azure does not open: who reads DAGs takes it.

    Tasks take their own way to any address.
    """
    git = env.airflow.git
    if env.airflow.dags != "git" or git is None:
        return []
    if git.private_address is not None:
        server = to([block(f"{git.private_address}/32")], [("TCP", git.port)])
    elif git.port != HTTPS:
        server = to([block("0.0.0.0/0", PRIVATE)], [("TCP", git.port)])
    else:
        return []
    return [_out("git-server", _components(DAG_PROCESSOR.label, TRIGGERER.label), server)]


def _out(name: str, pods: Values, *rules: Values) -> Values:
    return policy(AIRFLOW.namespace, name, pods, ["Egress"], egress=rules)


def _components(*labels: str) -> Values:
    return {"matchExpressions": [{"key": "component", "operator": "In", "values": sorted(labels)}]}


def _component(label: str) -> Values:
    return {"podSelector": {"matchLabels": {"tier": "airflow", "component": label}}}
