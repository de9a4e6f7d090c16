"""Who may talk to whom in Airflow's namespace: nothing that is not named here."""

from collections.abc import Sequence

from environments.model import Environment
from helm_values.charts import AIRFLOW, NGINX
from helm_values.database import PGBOUNCER_PORT, PORT
from helm_values.infrastructure import LABELS, LONG_RUNNING
from helm_values.merge import Values

# Azure's metadata and wire servers hand out credentials and settings of the node to whoever asks.
NODE_SERVICES = ["169.254.169.254/32", "168.63.129.16/32"]
PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "168.63.129.16/32"]
AIRFLOW_PODS = {"podSelector": {"matchLabels": {"tier": "airflow"}}}


def network_values() -> Values:
    """Return the chart's own policies: who may connect to each component.

    They rule what comes in and say nothing of the DAG processor and of what goes out:
    `network_policies` closes the rest.
    """
    return {
        "networkPolicies": {"enabled": True},
        "apiServer": {
            "networkPolicy": {
                "ingress": {"from": [_namespace(NGINX.namespace), _component("worker")]}
            }
        },
        # The collector of Azure Monitor's managed Prometheus.
        "statsd": {"extraNetworkPolicies": [_namespace("kube-system")]},
    }


def network_policies(env: Environment) -> list[Values]:
    """Return the policies beside the chart's: deny everything, then let out what is needed."""
    network = env.network
    kubernetes = _to([_block(str(network.aks_api_server))], [("TCP", 443)])
    database = _to([_block(str(network.postgres))], [("TCP", PORT), ("TCP", PGBOUNCER_PORT)])
    # Private endpoints of storage and Key Vault; Entra ID has public addresses only.
    azure = _to(
        [_block(str(network.private_endpoints)), _block("0.0.0.0/0", PRIVATE)], [("TCP", 443)]
    )
    dns = _to([_namespace("kube-system")], [("UDP", 53), ("TCP", 53)])
    # Tasks reach what the network lets them reach: data sources are the users' own.
    anywhere = {"to": [_block("0.0.0.0/0", NODE_SERVICES)]}
    with_database = [LABELS[c] for c in (*LONG_RUNNING, "migrations")] + ["database-cleanup"]
    return [
        _policy("deny-all", {}, ["Ingress", "Egress"]),
        _policy(
            "dns-and-each-other",
            AIRFLOW_PODS["podSelector"],
            ["Egress"],
            [dns, {"to": [AIRFLOW_PODS]}],
        ),
        _policy("components", _components(*with_database), ["Egress"], [database, azure]),
        _policy(
            "kubernetes",
            _components(*(LABELS[c] for c in ("api_server", "scheduler", "triggerer"))),
            ["Egress"],
            [kubernetes],
        ),
        _policy("tasks", _components(LABELS["worker"]), ["Egress"], [anywhere]),
        # Airflow puts this label on what a KubernetesPodOperator starts.
        _policy(
            "pods-of-tasks",
            {"matchLabels": {"kubernetes_pod_operator": "True"}},
            ["Egress"],
            [dns, anywhere],
        ),
    ]


def _policy(
    name: str, pods: Values, types: list[str], egress: Sequence[Values] | None = None
) -> Values:
    spec: Values = {"podSelector": pods, "policyTypes": types}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": AIRFLOW.namespace},
        "spec": spec | ({"egress": list(egress)} if egress else {}),
    }


def _components(*labels: str) -> Values:
    return {"matchExpressions": [{"key": "component", "operator": "In", "values": sorted(labels)}]}


def _component(label: str) -> Values:
    return {"podSelector": {"matchLabels": {"tier": "airflow", "component": label}}}


def _namespace(name: str) -> Values:
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def _block(cidr: str, exceptions: Sequence[str] = ()) -> Values:
    block: Values = {"cidr": cidr}
    return {"ipBlock": block | ({"except": list(exceptions)} if exceptions else {})}


def _to(peers: list[Values], ports: list[tuple[str, int]]) -> Values:
    return {
        "to": peers,
        "ports": [{"protocol": protocol, "port": port} for protocol, port in ports],
    }
