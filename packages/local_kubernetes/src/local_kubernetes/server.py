"""A running API server: takes objects, and answers what accounts may do."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import urllib3
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import DynamicApiError, NotFoundError, ResourceNotFoundError

_DOCUMENTS = ("application/json", "application/jwk-set+json")

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """What the API server answers to an object that it does not take."""

    object: str
    """Kind and name of the object, `Deployment airflow/scheduler`."""
    message: str

    def __str__(self) -> str:
        return f"{self.object}: {self.message}"


class ApiServer:
    """A running API server, asked as its administrator or as a service account."""

    def __init__(
        self, connection: client.ApiClient, tokens: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        self._tokens = tokens
        self._api = connection
        self._dynamic = DynamicClient(self._api)  # type: ignore[no-untyped-call]  # the library's own gap

    @classmethod
    def at(cls, url: str, ca_certificate: Path, tokens: Mapping[str, str]) -> "ApiServer":
        """Return the server at an address, which knows users by their tokens."""
        configuration = client.Configuration(host=url)
        configuration.ssl_ca_cert = str(ca_certificate)
        configuration.api_key = {"authorization": f"Bearer {tokens['administrator']}"}
        configuration.retries = urllib3.Retry(3, backoff_factor=0.2)
        return cls(client.ApiClient(configuration), tokens)

    @classmethod
    def of_kubeconfig(cls, file: Path) -> "ApiServer":
        """Return the server of the current context of a kubeconfig."""
        made = config.new_client_from_config(str(file))  # type: ignore[no-untyped-call] # its gap
        return cls(made)

    def kubeconfig(
        self, *, namespace: str = "default", user: str = "administrator"
    ) -> dict[str, Any]:
        """Return a kubeconfig, for kubectl, helm, a client library or a part of the cluster.

        Args:
            namespace: the one that commands mean which name none.
            user: who signs in with it; one of `control_plane.USERS`.
        """
        used = self._api.configuration
        cluster = {"server": used.host, "certificate-authority": used.ssl_ca_cert}
        context = {"cluster": "local", "user": user, "namespace": namespace}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "local", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": self._tokens[user]}}],
            "contexts": [{"name": "local", "context": context}],
            "current-context": "local",
        }

    @property
    def client(self) -> client.ApiClient:
        """The administrator's connection, for the classes of the library `kubernetes`."""
        return self._api

    @property
    def version(self) -> str:
        """The server's own version, `v1.36.3`."""
        found: str = client.VersionApi(self._api).get_code().git_version
        return found

    def apply(self, obj: Object, *, dry_run: bool = False) -> Refused | None:
        """Create or change an object as `kubectl apply --server-side` does.

        Args:
            obj: the object as in a manifest, with its namespace.
            dry_run: ask for the answer only, and leave the cluster as it is.

        Returns:
            Why the server refused it; None if it did not.
        """
        return self._send("patch", obj, dry_run=dry_run)

    def would_create(self, obj: Object, *, as_account: str = "") -> Refused | None:
        """Say why the server would refuse a new object, and leave the cluster as it is.

        Args:
            obj: the object as in a manifest, with its namespace.
            as_account: the service account that creates it, `namespace/name`; the administrator
                where none is given.
        """
        return self._send("post", obj, as_account=as_account, dry_run=True)

    def can(self, account: str, verb: str, resource: str, *, namespace: str = "") -> bool:
        """Ask whether a service account may do something (a SubjectAccessReview).

        Args:
            account: the service account, `namespace/name`.
            verb: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, ...
            resource: `pods`, or with its subresource `pods/exec`; of the core group.
            namespace: where; empty asks about the whole cluster.
        """
        place, name = account.split("/")
        kind, _, subresource = resource.partition("/")
        attributes = client.V1ResourceAttributes(
            verb=verb, resource=kind, subresource=subresource, namespace=namespace
        )
        spec = client.V1SubjectAccessReviewSpec(
            user=f"system:serviceaccount:{place}:{name}",
            groups=[
                "system:serviceaccounts",
                f"system:serviceaccounts:{place}",
                "system:authenticated",
            ],
            resource_attributes=attributes,
        )
        review = client.V1SubjectAccessReview(spec=spec)
        answer = client.AuthorizationV1Api(self._api).create_subject_access_review(review)
        return answer.status is not None and answer.status.allowed

    def get(self, api_version: str, kind: str, name: str, namespace: str = "") -> dict[str, Any]:
        """Return an object as the server keeps it, its defaults filled in."""
        resource = self._dynamic.resources.get(api_version=api_version, kind=kind)
        found: dict[str, Any] = resource.get(name=name, namespace=namespace or None).to_dict()
        return found

    def has(self, obj: Object) -> bool:
        """Tell whether there is an object of this kind, name and namespace."""
        metadata = obj["metadata"]
        try:
            self.get(
                obj["apiVersion"], obj["kind"], metadata["name"], metadata.get("namespace", "")
            )
        except (NotFoundError, ResourceNotFoundError):
            return False
        return True

    def is_namespaced(self, obj: Object) -> bool:
        """Tell whether objects of this kind lie in a namespace."""
        found = self._dynamic.resources.get(api_version=obj["apiVersion"], kind=obj["kind"])
        return bool(found.namespaced)

    def delete(self, obj: Object) -> None:
        """Delete an object, and what it owns, if it is there; return before it is gone."""
        metadata = obj["metadata"]
        resource = self._dynamic.resources.get(api_version=obj["apiVersion"], kind=obj["kind"])
        with suppress(NotFoundError):
            resource.delete(
                name=metadata["name"],
                namespace=metadata.get("namespace"),
                body={"propagationPolicy": "Background"},
            )

    def document(self, path: str) -> dict[str, Any]:
        """Return a document that is no object, `/openid/v1/jwks`."""
        answer = self._dynamic.request(
            "get", path, serialize=False, header_params={"Accept": ", ".join(_DOCUMENTS)}
        )
        found: dict[str, Any] = json.loads(answer.data)
        return found

    def wait_for_kind(self, api_version: str, kind: str) -> None:
        """Wait until the server serves a custom kind: a moment after its definition.

        Raises:
            TimeoutError: it does not after 20 seconds.
        """

        def served() -> bool:
            try:
                self._dynamic.resources.get(api_version=api_version, kind=kind)
            except ResourceNotFoundError:
                self._dynamic.resources.invalidate_cache()
                return False
            return True

        wait_until(served, f"{kind} of {api_version}", 20)

    def _send(
        self, method: str, obj: Object, *, dry_run: bool, as_account: str = ""
    ) -> Refused | None:
        metadata = obj.get("metadata", {})
        where = "/".join(filter(None, (metadata.get("namespace"), metadata.get("name"))))
        label = f"{obj.get('kind')} {where}"
        # Strict: a misspelt field is refused, where a cluster only warns its user
        query = [("fieldValidation", "Strict"), *([("dryRun", "All")] if dry_run else [])]
        headers = {}
        if as_account:
            place, name = as_account.split("/")
            headers["Impersonate-User"] = f"system:serviceaccount:{place}:{name}"
        try:
            resource = self._dynamic.resources.get(
                api_version=obj.get("apiVersion"), kind=obj.get("kind")
            )
            if resource.namespaced and not metadata.get("namespace"):
                return Refused(label, "no namespace is given")
            path = resource.path(namespace=metadata.get("namespace"))
            if method == "patch":
                path = f"{path}/{metadata['name']}"
                query += [("fieldManager", "local-kubernetes"), ("force", "true")]
            self._dynamic.request(
                method,
                path,
                body=json.dumps(obj) if method == "patch" else dict(obj),
                content_type="application/apply-patch+yaml" if method == "patch" else None,
                query_params=query,
                header_params=headers,
            )
        except ResourceNotFoundError as error:
            return Refused(label, str(error))
        except (ApiException, DynamicApiError) as error:
            return Refused(label, _message(error))
        return None


def wait_until(ready: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait until something is so; it is asked less often the longer it takes.

    Raises:
        TimeoutError: it is not after that many seconds.
    """
    began = time.monotonic()
    while not ready():
        waited = time.monotonic() - began
        if waited > seconds:
            raise TimeoutError(f"{what} is not ready after {seconds:.0f} s")
        time.sleep(min(1, max(0.1, waited / 20)))


def _message(error: Exception) -> str:
    body = getattr(error, "body", None) or str(error)
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return str(body)
