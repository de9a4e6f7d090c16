"""Definitions of the custom kinds that the objects use, for an API server without the add-ons.

AKS and the charts bring the real ones. These are ours: they hold any field, so that a test sees the
kind, the version, the name and the scope refused, and never a wrong field below `spec`.
"""

from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A custom kind, and who brings its real definition to a cluster."""

    group: str
    version: str
    kind: str
    plural: str
    scope: str = "Namespaced"

    @property
    def api_version(self) -> str:
        """The `apiVersion` of its objects."""
        return f"{self.group}/{self.version}"

    def definition(self) -> dict[str, Any]:
        """Return the CustomResourceDefinition."""
        fields = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        return {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{self.plural}.{self.group}"},
            "spec": {
                "group": self.group,
                "scope": self.scope,
                "names": {
                    "kind": self.kind,
                    "plural": self.plural,
                    "singular": self.kind.lower(),
                    "listKind": f"{self.kind}List",
                },
                "versions": [
                    {
                        "name": self.version,
                        "served": True,
                        "storage": True,
                        "schema": {
                            "openAPIV3Schema": {
                                "type": "object",
                                "required": ["spec"],
                                "properties": {"spec": fields},
                            }
                        },
                    }
                ],
            },
        }


CUSTOM_KINDS = (
    # AKS's add-ons: Key Vault provider, managed Prometheus, KEDA
    Kind("secrets-store.csi.x-k8s.io", "v1", "SecretProviderClass", "secretproviderclasses"),
    Kind("azmonitoring.coreos.com", "v1", "PodMonitor", "podmonitors"),
    Kind("keda.sh", "v1alpha1", "ScaledObject", "scaledobjects"),
    Kind("keda.sh", "v1alpha1", "TriggerAuthentication", "triggerauthentications"),
    # cert-manager's chart
    Kind("cert-manager.io", "v1", "ClusterIssuer", "clusterissuers", "Cluster"),
    Kind("cert-manager.io", "v1", "Issuer", "issuers"),
    Kind("cert-manager.io", "v1", "Certificate", "certificates"),
)
