"""What the rehearsal makes in a cluster of somebody else's: none of it may exist before.

So whatever of it exists afterwards is the rehearsal's own, and is removed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from local_kubernetes.server import ApiServer

from tools.cluster import beside, webhook
from tools.cluster.custom_kinds import CUSTOM_KINDS
from tools.cluster.deployment import Deployment
from tools.cluster.releases import names_of, objects_of
from tools.cluster.story import wait_for

GONE_SECONDS = 180.0
Object = dict[str, Any]


class TakenError(Exception):
    """The cluster already has something that the rehearsal would make; the message names it."""


def claims(server: ApiServer, deployment: Deployment) -> list[Object]:
    """Return what the rehearsal makes: the namespaces, and the objects outside of namespaces."""
    made = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": beside.NAMESPACE}},
        webhook.configuration(b"", []),
        *(kind.definition() for kind in CUSTOM_KINDS),
        *(each for name in names_of(deployment) for each in objects_of(deployment, name)),
    ]
    kinds = {kind.kind for kind in CUSTOM_KINDS}  # they go with their definitions
    return [each for each in made if each["kind"] not in kinds and not server.is_namespaced(each)]


@dataclass(frozen=True)
class Claim:
    """All that the rehearsal makes in a cluster, to be checked before and removed after."""

    server: ApiServer
    objects: Sequence[Object]
    releases: Sequence[tuple[str, str]]
    """Namespace and name of each release, of which Helm keeps a record."""

    @classmethod
    def of(cls, server: ApiServer, deployment: Deployment) -> "Claim":
        """Return the claim of a deployment's releases and of the servers beside the cluster."""
        releases = [
            (each["namespace"], each["name"])
            for each in deployment.of_type("helm_release")
            if each["name"] in names_of(deployment)
        ]
        return cls(server, claims(server, deployment), releases)

    def check(self) -> None:
        """Refuse a cluster that already has some of it.

        Raises:
            TakenError: it does; the message names what, and how to fix it.
        """
        if there := self.there():
            raise TakenError(
                "the cluster has what the rehearsal would make, so it is not touched: "
                f"{', '.join(there)}\n    fix: name the context of another cluster; if an earlier "
                "rehearsal was killed, delete these"
            )

    def there(self) -> list[str]:
        """Return which of it exists, as `kind name`."""
        has = self.server.has
        named = [f"{each['kind']} {each['metadata']['name']}" for each in self.objects if has(each)]
        return [*named, *(f"Secret {name} in {space}" for name, space in self._records())]

    def remove(self, tell: Callable[[str], None]) -> None:
        """Remove all of it, and wait until it is gone.

        Raises:
            TimeoutError: some of it still exists after three minutes.
        """
        core: Any = client.CoreV1Api(self.server.client)
        order = {"MutatingWebhookConfiguration": 0, "Namespace": 1}
        for each in sorted(self.objects, key=lambda each: order.get(each["kind"], 2)):
            if self.server.has(each):
                name = each["metadata"]["name"]
                if each["kind"] == "Namespace":
                    # else it waits for the longest task
                    core.delete_collection_namespaced_pod(name, grace_period_seconds=0)
                self.server.delete(each)
        for name, namespace in self._records():
            core.delete_namespaced_secret(name, namespace)
        try:
            wait_for("the end of all", lambda: not self.there(), GONE_SECONDS)
        except TimeoutError:
            tell(f"still in the cluster: {', '.join(self.there())}")
            raise

    def _records(self) -> list[tuple[str, str]]:
        core: Any = client.CoreV1Api(self.server.client)
        found = []
        for namespace, release in self.releases:
            selector = f"owner=helm,name={release}"
            try:
                listed = core.list_namespaced_secret(namespace, label_selector=selector).items
            except ApiException as error:
                if error.status != 404:
                    raise
                continue
            found += [(each.metadata.name, namespace) for each in listed]
        return found
