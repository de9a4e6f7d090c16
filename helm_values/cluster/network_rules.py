"""Parts of network policies: who, where to, and what every policy that closes a namespace needs."""

from collections.abc import Sequence

from conventions.service_accounts import SYSTEM_NAMESPACE
from environments.model import Environment
from helm_values.merge import Values


def policy(
    namespace: str,
    name: str,
    pods: Values,
    types: list[str],
    *,
    ingress: Sequence[Values] = (),
    egress: Sequence[Values] = (),
) -> Values:
    """Return a policy of some pods of a namespace; a direction without rules is closed."""
    spec: Values = {"podSelector": pods, "policyTypes": types}
    rules = {"ingress": list(ingress), "egress": list(egress)}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec | {direction: found for direction, found in rules.items() if found},
    }


def deny_all(namespace: str) -> Values:
    """Return the policy that closes a namespace to what no other policy names."""
    return policy(namespace, "deny-all", {}, ["Ingress", "Egress"])


def dns() -> Values:
    """Return the way out to the cluster's DNS."""
    return to([in_namespace(SYSTEM_NAMESPACE)], [("UDP", 53), ("TCP", 53)])


def kubernetes_api(env: Environment) -> Values:
    """Return the way out to the cluster's API server, which has an address in the network."""
    return to([block(str(env.network.aks_api_server))], [("TCP", 443)])


def in_namespace(name: str) -> Values:
    """Return the pods of a namespace, as one side of a connection."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def block(cidr: str, exceptions: Sequence[str] = ()) -> Values:
    """Return a range of addresses, as one side of a connection."""
    found: Values = {"cidr": cidr}
    return {"ipBlock": found | ({"except": list(exceptions)} if exceptions else {})}


def to(peers: list[Values], ports: list[tuple[str, int]]) -> Values:
    """Return the way out to some peers, on these ports alone."""
    return {"to": peers, "ports": _ports(ports)}


def at_ports(peers: list[Values], ports: list[tuple[str, int]]) -> Values:
    """Return the way in to these ports; without peers, from anywhere."""
    return ({"from": peers} if peers else {}) | {"ports": _ports(ports)}


def _ports(ports: list[tuple[str, int]]) -> list[Values]:
    return [{"protocol": protocol, "port": port} for protocol, port in ports]
