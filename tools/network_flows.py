"""Which connections network policies let through, as Kubernetes has it.

A connection passes if the policies of the pod it leaves let it out, and those of the pod it enters
let it in; a pod that no policy of a direction selects is open in that direction.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from typing import Any

Policies = list[dict[str, Any]]


@dataclass(frozen=True)
class Pod:
    """A pod, as policies see it."""

    namespace: str
    labels: dict[str, str] = field(default_factory=dict)


Peer = Pod | str  # or an address outside the cluster


def passes(
    policies: Policies, source: Peer, target: Peer, port: int, protocol: str = "TCP"
) -> bool:
    """Return whether a connection is let through at both its ends."""
    ends = [("egress", source, target), ("ingress", target, source)]
    return all(
        _allowed(policies, direction, own, other, (port, protocol))
        for direction, own, other in ends
        if isinstance(own, Pod)
    )


def _allowed(
    policies: Policies, direction: str, own: Pod, other: Peer, at: tuple[int, str]
) -> bool:
    selecting = [
        policy["spec"]
        for policy in policies
        if policy["metadata"].get("namespace", "airflow") == own.namespace
        and direction.title() in policy["spec"]["policyTypes"]
        and _selects(policy["spec"]["podSelector"], own.labels)
    ]
    rules = [rule for spec in selecting for rule in spec.get(direction) or []]
    return not selecting or any(_matches(rule, own, other, at) for rule in rules)


def _matches(rule: Any, own: Pod, other: Peer, at: tuple[int, str]) -> bool:
    port, protocol = at
    peers = rule.get("to", rule.get("from")) or [None]
    return any(peer is None or _is(peer, own, other) for peer in peers) and (
        not rule.get("ports")
        or any(
            protocol == given.get("protocol", "TCP") and port == given["port"]
            for given in rule["ports"]
        )
    )


def _is(peer: Any, own: Pod, other: Peer) -> bool:
    if "ipBlock" in peer:
        return not isinstance(other, Pod) and _inside(peer["ipBlock"], other)
    if not isinstance(other, Pod):
        return False
    name = {"kubernetes.io/metadata.name": other.namespace}
    same = own.namespace == other.namespace
    in_namespace = (
        _selects(peer["namespaceSelector"], name) if "namespaceSelector" in peer else same
    )
    return in_namespace and _selects(peer.get("podSelector", {}), other.labels)


def _inside(block: Any, address: str) -> bool:
    outside = (ip_network(given) for given in block.get("except", []))
    return ip_address(address) in ip_network(block["cidr"]) and not any(
        ip_address(address) in given for given in outside
    )


def _selects(selector: Any, labels: dict[str, str]) -> bool:
    if not selector.get("matchLabels", {}).items() <= labels.items():
        return False
    return all(labels.get(key) in values for key, values in _expressions(selector))


def _expressions(selector: Any) -> Iterator[tuple[str, list[str]]]:
    for expression in selector.get("matchExpressions", []):
        if expression["operator"] != "In":
            raise NotImplementedError(f"a selector with the operator {expression['operator']}")
        yield expression["key"], expression["values"]
