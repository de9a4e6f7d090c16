"""Who gets a token: the account that a deployed federated credential names, and nobody else."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from loopback_azure.http_messages import RefusedError, Request

from tools.cluster.deployment import Deployment
from tools.cluster.identities import Identity, TokenEndpoint, identities_of

ISSUER = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/"
SUBJECT = "system:serviceaccount:airflow:airflow-scheduler"
AUDIENCE = "api://AzureADTokenExchange"
CLIENT = "90000000-0000-4000-8000-000000000000"
KEY = "the key of the cluster"
SCOPE = "https://vault.azure.net"
ID = "/subscriptions/s/userAssignedIdentities/id-scheduler"
DEPLOYMENT = Deployment(
    {
        "azurerm_user_assigned_identity": [
            {"id": ID, "name": "id-scheduler", "client_id": CLIENT, "principal_id": "principal"}
        ],
        "azurerm_federated_identity_credential": [
            {
                "user_assigned_identity_id": ID,
                "issuer": ISSUER,
                "subject": SUBJECT,
                "audience": [AUDIENCE],
            }
        ],
    }
)


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """The key by which the cluster signs."""
    return new_key()


@pytest.fixture(scope="module")
def own_key() -> rsa.RSAPrivateKey:
    """The key by which the endpoint signs: making one takes long."""
    return new_key()


@pytest.fixture
def endpoint(key: rsa.RSAPrivateKey, own_key: rsa.RSAPrivateKey) -> TokenEndpoint:
    """One that knows the key as clusters publish it."""
    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    keys = {"keys": [published | {"kid": KEY}]}
    return TokenEndpoint(identities_of(DEPLOYMENT), keys, _key=own_key)


def asked(key: rsa.RSAPrivateKey, *, client: str = CLIENT, **claims: Any) -> dict[str, str]:
    """Return what a pod asks with its service account's token."""
    good = {"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "exp": int(time.time()) + 600}
    return {
        "client_id": client,
        "scope": f"{SCOPE}/.default",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode(good | claims, key, algorithm="RS256", headers={"kid": KEY}),
    }


def test_the_account_of_the_credential_becomes_the_identity(
    endpoint: TokenEndpoint, key: rsa.RSAPrivateKey
) -> None:
    token = str(endpoint.token("tenant", asked(key))["access_token"])

    assert endpoint.reads(token, SCOPE) == "principal"


WRONG: dict[str, dict[str, Any]] = {
    "issuer": {"iss": ISSUER.rstrip("/")},
    "subject": {"sub": f"{SUBJECT}-2"},
    "audience": {"aud": ["https://kubernetes.default.svc"]},
    "client": {"client": "10000000-0000-4000-8000-000000000000"},
    "time": {"exp": int(time.time()) - 600},
}


@pytest.mark.parametrize("what", WRONG)
def test_another_gets_none(endpoint: TokenEndpoint, key: rsa.RSAPrivateKey, what: str) -> None:
    with pytest.raises(RefusedError, match="AADSTS"):
        endpoint.token("tenant", asked(key, **WRONG[what]))


def test_the_issuer_of_a_given_cluster_is_what_credentials_name() -> None:
    cluster: dict[str, Any] = {"azurerm_kubernetes_cluster": [{"oidc_issuer_url": ISSUER}]}
    made = Deployment({**DEPLOYMENT.resources, **cluster}).with_issuer("https://kind")

    [identity] = identities_of(made)
    assert identity.trusts == {("https://kind", SUBJECT, AUDIENCE)}


def test_a_token_of_another_cluster_gets_none(endpoint: TokenEndpoint) -> None:
    with pytest.raises(RefusedError, match="AADSTS700027"):
        endpoint.token("tenant", asked(new_key()))


def test_the_refusal_has_the_form_of_entra(endpoint: TokenEndpoint, key: rsa.RSAPrivateKey) -> None:
    with pytest.raises(RefusedError) as refused:
        endpoint.token("tenant", asked(key, sub="system:serviceaccount:airflow:default"))

    assert refused.value.reply.document == {
        "error": "invalid_client",
        "error_description": str(refused.value),
    }


def test_a_token_for_something_else_is_not_taken(
    endpoint: TokenEndpoint, key: rsa.RSAPrivateKey
) -> None:
    token = str(endpoint.token("tenant", asked(key))["access_token"])

    with pytest.raises(RefusedError):
        endpoint.reads(token, "https://storage.azure.com")


def test_one_token_is_good_for_all_pods_of_an_identity(
    endpoint: TokenEndpoint, key: rsa.RSAPrivateKey
) -> None:
    tokens = {str(endpoint.token("tenant", asked(key))["access_token"]) for _ in range(2)}

    assert len(tokens) == 1


def test_the_database_hears_of_each_request(
    endpoint: TokenEndpoint, key: rsa.RSAPrivateKey
) -> None:
    heard: list[str] = []

    def hear(identity: Identity, scope: str, token: str) -> None:
        heard.append(f"{identity.name} {scope}")

    endpoint.issued = hear
    for _ in range(2):
        endpoint.token("tenant", asked(key))

    assert heard == [f"id-scheduler {SCOPE}"] * 2


def test_msal_finds_the_endpoint(endpoint: TokenEndpoint) -> None:
    request = Request(method="GET", host="h", path="/t/v2.0/.well-known/openid-configuration")

    answer = endpoint(request).document

    assert isinstance(answer, dict)
    assert answer["token_endpoint"] == "https://login.microsoftonline.com/t/oauth2/v2.0/token"
