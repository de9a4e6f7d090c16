"""What a service account may do in one namespace."""

from collections.abc import Sequence

from conventions.service_accounts import ServiceAccount
from helm_values.merge import Values

RBAC = "rbac.authorization.k8s.io"
Rule = tuple[str, Sequence[str]]
"""A resource of the core API, and what is done with it."""


def role(namespace: str, name: str, rules: Sequence[Rule], account: ServiceAccount) -> list[Values]:
    """Return a Role, named after the account and what it is for, and its binding."""
    metadata = {"name": f"{account.name}-{name}", "namespace": namespace}
    return [
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "Role",
            "metadata": metadata,
            "rules": [
                {"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}
                for resource, verbs in rules
            ],
        },
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": RBAC, "kind": "Role", "name": metadata["name"]},
            "subjects": [
                {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
            ],
        },
    ]
