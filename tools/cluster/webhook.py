"""Two stand-ins for AKS's add-ons, as one admission webhook for pods.

*Workload identity* writes into a pod what Microsoft's own webhook writes ("Azure AD Workload
Identity": labels and annotations). *The Secrets Store CSI driver* is replaced: a pod that mounts a
SecretProviderClass gets its files from a Secret that is made here, by the vault's answer to the
identity of the pod's own service account, with the Secrets that the class names.

And because one small node stands for all of a cluster's pools, a pod loses its affinity to nodes
and most of the CPU that it asks for; its images are those that the rehearsal has brought, and it
finds Azure's names where the rehearsal has them (`beside`).
"""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from loopback_azure.http_messages import Reply, Request

from conventions.labels import CLIENT_ID_ANNOTATION, USES_WORKLOAD_IDENTITY
from tools.cluster import beside

AUDIENCE = "api://AzureADTokenExchange"
DRIVER = "secrets-store.csi.k8s.io"
FOLDER = "/var/run/secrets/azure/tokens"
FILE = "azure-identity-token"
LEAST_CPU = "20m"
Object = dict[str, Any]
ReadSecret = Callable[[str, str, str, str], str]
"""Client id, service account's token, vault and secret: its value."""


@dataclass
class Webhook:
    """Answers the API server's reviews of new pods."""

    api: client.ApiClient
    tenant: str
    read: ReadSecret
    images: dict[str, str]
    """The image in the cluster that stands for one of the deployment."""
    hosts: Object
    """What each pod's hosts file has of Azure's names: an entry of `hostAliases`."""
    classes: dict[tuple[str, str, str], None] = field(default_factory=dict)
    """Namespace, account and class of what pods have mounted."""

    def __call__(self, request: Request) -> Reply:
        """Answer one AdmissionReview with a JSON patch of the pod's spec."""
        review = request.document["request"]
        answer: Object = {"uid": review["uid"], "allowed": True}
        try:
            pod = self._changed(review["object"], review["namespace"])
        except Exception as error:  # the API server has to be told why
            answer |= {"allowed": False, "status": {"message": f"{type(error).__name__}: {error}"}}
        else:
            patch = [{"op": "replace", "path": "/spec", "value": pod["spec"]}]
            answer["patch"] = base64.b64encode(json.dumps(patch).encode()).decode()
            answer["patchType"] = "JSONPatch"
        kind = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}
        return Reply(document=kind | {"response": answer})

    def _changed(self, pod: Object, namespace: str) -> Object:
        labels = pod["metadata"].get("labels") or {}
        if labels.get(USES_WORKLOAD_IDENTITY.key) == USES_WORKLOAD_IDENTITY.value:
            with_identity(pod, self._client_id(pod, namespace), self.tenant)
        for volume in pod["spec"].get("volumes") or []:
            if volume.get("csi", {}).get("driver") == DRIVER:
                provider = volume.pop("csi")["volumeAttributes"]["secretProviderClass"]
                account = pod["spec"].get("serviceAccountName", "default")
                self.classes[namespace, account, provider] = None
                self.mount(namespace, account, provider)
                volume["secret"] = {"secretName": _files(provider)}
        for_a_small_node(pod)
        in_other_images(pod, self.images)
        pod["spec"]["hostAliases"] = [*(pod["spec"].get("hostAliases") or []), self.hosts]
        return pod

    def _client_id(self, pod: Object, namespace: str) -> str:
        core: Any = client.CoreV1Api(self.api)
        name = pod["spec"].get("serviceAccountName", "default")
        annotations = core.read_namespaced_service_account(name, namespace).metadata.annotations
        return str((annotations or {}).get(CLIENT_ID_ANNOTATION, ""))

    def renew(self) -> None:
        """Read the secrets of all mounted classes again, as the driver does every two minutes."""
        for namespace, account, provider in list(self.classes):
            self.mount(namespace, account, provider)

    def mount(self, namespace: str, account: str, provider: str) -> None:
        """Read a SecretProviderClass as a service account; write its files and Secrets."""
        custom: Any = client.CustomObjectsApi(self.api)
        core: Any = client.CoreV1Api(self.api)
        found = custom.get_namespaced_custom_object(
            "secrets-store.csi.x-k8s.io", "v1", namespace, "secretproviderclasses", provider
        )
        asked = {"spec": {"audiences": [AUDIENCE], "expirationSeconds": 3600}}
        token = core.create_namespaced_service_account_token(account, namespace, asked).status.token
        parameters = found["spec"]["parameters"]
        files = {}
        for text in json.loads(parameters["objects"])["array"]:
            wanted = json.loads(text)
            files[wanted.get("objectAlias", wanted["objectName"])] = self.read(
                parameters["clientID"], token, parameters["keyvaultName"], wanted["objectName"]
            )
        self._write(namespace, _files(provider), files)
        for made in found["spec"].get("secretObjects", []):
            data = {each["key"]: files[each["objectName"]] for each in made["data"]}
            self._write(namespace, made["secretName"], data)

    def _write(self, namespace: str, name: str, data: Mapping[str, str]) -> None:
        core: Any = client.CoreV1Api(self.api)
        secret = {"metadata": {"name": name}, "stringData": dict(data)}
        try:
            core.create_namespaced_secret(namespace, secret)
        except ApiException as error:
            if error.status != 409:  # it is there
                raise
            core.patch_namespaced_secret(name, namespace, secret)


def _files(provider: str) -> str:
    return f"mounted-{provider}"


def with_identity(pod: Object, client_id: str, tenant: str) -> None:
    """Add the variables and the projected token that sign a pod in as an identity."""
    variables = {
        "AZURE_CLIENT_ID": client_id,
        "AZURE_TENANT_ID": tenant,
        "AZURE_FEDERATED_TOKEN_FILE": f"{FOLDER}/{FILE}",
        "AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/",
    }
    token = {"audience": AUDIENCE, "expirationSeconds": 3600, "path": FILE}
    volume = {"name": FILE, "projected": {"sources": [{"serviceAccountToken": token}]}}
    spec = pod["spec"]
    spec["volumes"] = [*(spec.get("volumes") or []), volume]
    mount = {"name": FILE, "mountPath": FOLDER, "readOnly": True}
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        own = container.get("env") or []
        known = {each["name"] for each in own}
        more = [{"name": n, "value": v} for n, v in variables.items() if v and n not in known]
        container["env"] = [*own, *more]
        container["volumeMounts"] = [*(container.get("volumeMounts") or []), mount]


def for_a_small_node(pod: Object) -> None:
    """Remove a pod's node affinity, and lower its CPU requests to 20m."""
    pod["spec"].get("affinity", {}).pop("nodeAffinity", None)
    spec = pod["spec"]
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        requests = container.get("resources", {}).get("requests", {})
        if "cpu" in requests:
            requests["cpu"] = LEAST_CPU


def in_other_images(pod: Object, images: Mapping[str, str]) -> None:
    """Replace a pod's images by those that the rehearsal has brought."""
    spec = pod["spec"]
    for container in [*(spec.get("initContainers") or []), *spec["containers"]]:
        container["image"] = images.get(container["image"], container["image"])


def configuration(authority: bytes, namespaces: list[str]) -> Object:
    """Return the MutatingWebhookConfiguration that sends new pods to this webhook."""
    service = {"name": beside.NAME, "namespace": beside.NAMESPACE, "port": beside.HTTPS}
    names = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "azure-rehearsal"},
        "webhooks": [
            {
                "name": "stand-ins.example.com",
                "clientConfig": {
                    "service": service,
                    "caBundle": base64.b64encode(authority).decode(),
                },
                "rules": [
                    {
                        "apiGroups": [""],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE"],
                        "resources": ["pods"],
                    }
                ],
                "namespaceSelector": {"matchExpressions": [names]},
                "admissionReviewVersions": ["v1"],
                "sideEffects": "NoneOnDryRun",
                "timeoutSeconds": 20,
            }
        ],
    }
