"""Secrets of Azure Key Vault as files and Kubernetes Secrets, by the Secrets Store CSI driver."""

import json
from collections.abc import Mapping
from typing import Any

DRIVER = "secrets-store.csi.k8s.io"


def secret_provider_class(
    *,
    name: str,
    namespace: str,
    vault_name: str,
    tenant_id: str,
    client_id: str,
    files: Mapping[str, str],
    secret_objects: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return a SecretProviderClass that reads a vault with a workload identity.

    The driver reads when a pod mounts the class, and removes the Kubernetes Secret with the last
    such pod. ("Use the Azure Key Vault provider for Secrets Store CSI Driver in AKS")

    Args:
        name: name of the class.
        namespace: that of the pods that mount it.
        vault_name: name of the vault, not its URI.
        tenant_id: the vault's tenant.
        client_id: the managed identity federated with the mounting pod's service account.
        files: file name in the mounted folder, and the vault's secret it holds.
        secret_objects: Kubernetes Secrets to make of the files.
    """
    # The provider reads YAML of YAML texts; JSON is both.
    objects = [
        json.dumps({"objectName": secret, "objectType": "secret", "objectAlias": file})
        for file, secret in files.items()
    ]
    return {
        "apiVersion": "secrets-store.csi.x-k8s.io/v1",
        "kind": "SecretProviderClass",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "provider": "azure",
            "parameters": {
                "usePodIdentity": "false",
                "clientID": client_id,
                "keyvaultName": vault_name,
                "tenantId": tenant_id,
                "objects": json.dumps({"array": objects}),
            },
            "secretObjects": secret_objects or [],
        },
    }


def volume(*, name: str, provider_class: str) -> dict[str, Any]:
    """Return the pod volume that mounts a SecretProviderClass."""
    return {
        "name": name,
        "csi": {
            "driver": DRIVER,
            "readOnly": True,
            "volumeAttributes": {"secretProviderClass": provider_class},
        },
    }
