"""In a cluster of somebody else: what is refused, and that nothing else is removed."""

from collections.abc import Iterator
from typing import Any

import pytest
from local_kubernetes import ApiServer
from local_kubernetes.control_plane import Settings

from tools.cluster.claims import Claim, TakenError
from tools.cluster.clusters import issuer

CLAIMED = "rehearsed"


def role(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [],
    }


def record(name: str, release: str) -> dict[str, Any]:
    labels = {"owner": "helm", "name": release}
    metadata = {"name": name, "namespace": "default", "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata}


@pytest.fixture
def claim(cluster: ApiServer) -> Iterator[Claim]:
    """What is claimed beside objects of somebody else, and removed after each test."""
    for each in (role("theirs"), record("theirs", "theirs")):
        assert cluster.apply(each) is None
    made = Claim(cluster, [role(CLAIMED)], [("default", CLAIMED)])
    yield made
    made.remove(print)


def test_a_cluster_that_has_nothing_of_it_is_taken(claim: Claim) -> None:
    claim.check()


@pytest.mark.parametrize(
    ("there", "named"),
    [
        (role(CLAIMED), f"ClusterRole {CLAIMED}"),
        (record("sh.helm.v1", CLAIMED), "Secret sh.helm.v1 in default"),
    ],
    ids=["an object", "a record of Helm"],
)
def test_what_is_there_is_named_and_refused(
    cluster: ApiServer, claim: Claim, there: dict[str, Any], named: str
) -> None:
    cluster.apply(there)

    with pytest.raises(TakenError, match=named):
        claim.check()


def test_what_was_made_is_removed(cluster: ApiServer, claim: Claim) -> None:
    cluster.apply(role(CLAIMED))
    cluster.apply(record("sh.helm.v1", CLAIMED))

    claim.remove(print)

    assert claim.there() == []


def test_what_others_made_stays(cluster: ApiServer, claim: Claim) -> None:
    cluster.apply(role(CLAIMED))

    claim.remove(print)

    assert cluster.has(role("theirs"))
    assert cluster.has(record("theirs", "theirs"))


def test_the_cluster_says_its_issuer_and_its_keys(cluster: ApiServer) -> None:
    assert issuer(cluster) == Settings().issuer
    assert [key["kty"] for key in cluster.document("/openid/v1/jwks")["keys"]] == ["RSA"]
