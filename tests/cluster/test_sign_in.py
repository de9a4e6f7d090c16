"""Entra's sign-in for the deployed application: what it takes, and what Entra would refuse."""

import base64
import hashlib
import json
import time
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from loopback_azure.http_messages import RefusedError, Request

from tools.cluster.deployment import Deployment
from tools.cluster.identities import TokenEndpoint
from tools.cluster.sign_in import SignIn

CLIENT, TENANT, AUDIENCE = "client", "tenant", "api://AzureADTokenExchange"
ISSUER, SUBJECT = "https://issuer", "system:serviceaccount:airflow:airflow-api-server"
BACK = "https://airflow.example.com/auth/oauth-authorized/azure"
VERIFIER = "a verifier"
DEPLOYMENT = Deployment(
    {
        "azuread_application": [
            {
                "display_name": "Airflow",
                "client_id": CLIENT,
                "object_id": "object",
                "web": [{"redirect_uris": [BACK]}],
                "app_role": [{"value": "Airflow.User"}],
            }
        ],
        "azuread_application_federated_identity_credential": [
            {"issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}
        ],
    }
)
KEY, OWN_KEY = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))


@pytest.fixture
def sign_in() -> SignIn:
    """The sign-in where the cluster's key is known."""
    published = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    return SignIn.of(
        DEPLOYMENT, TokenEndpoint([], {"keys": [published | {"kid": "key"}]}, _key=OWN_KEY)
    )


def code(sign_in: SignIn, *, back: str = BACK) -> str:
    """Go to the sign-in page as a browser does; return the code that comes back."""
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    query = {
        "client_id": CLIENT,
        "redirect_uri": back,
        "state": "state",
        "nonce": "nonce",
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
    }
    path = f"/{TENANT}/oauth2/v2.0/authorize"
    reply = sign_in(Request(method="GET", host="h", path=path, query=query))
    return parse_qs(urlsplit(reply.headers["Location"]).query)["code"][0]


def claims(sign_in: SignIn, code: str, **other: str) -> dict[str, Any]:
    """Redeem a code as Airflow does; return what the token says."""
    now = int(time.time())
    subject = other.pop("subject", SUBJECT)
    account = {"iss": ISSUER, "sub": subject, "aud": [AUDIENCE], "exp": now + 600}
    form = {
        "grant_type": "authorization_code",
        "client_id": CLIENT,
        "code": code,
        "code_verifier": VERIFIER,
        "client_assertion": jwt.encode(account, KEY, algorithm="RS256", headers={"kid": "key"}),
    } | other
    path = f"/{TENANT}/oauth2/v2.0/token"
    body = urlencode(form).encode()
    reply = sign_in(Request(method="POST", host="h", path=path, body=body))
    assert isinstance(reply.document, dict)
    key = jwt.PyJWKSet.from_dict(sign_in.endpoint.keys())["rehearsal"]
    found: dict[str, Any] = jwt.decode(
        reply.document["id_token"], key, algorithms=["RS256"], audience=CLIENT
    )
    return found


def test_who_has_a_role_brings_it(sign_in: SignIn) -> None:
    sign_in.role = "Airflow.User"

    found = claims(sign_in, code(sign_in))

    assert (found["roles"], found["nonce"]) == (["Airflow.User"], "nonce")
    assert sign_in.complaints == []


def test_who_has_none_brings_none(sign_in: SignIn) -> None:
    assert "roles" not in claims(sign_in, code(sign_in))


def test_an_address_that_is_not_registered_is_a_complaint(sign_in: SignIn) -> None:
    code(sign_in, back="https://elsewhere.example.com/")

    assert "AADSTS50011" in sign_in.complaints[0]


def test_a_role_that_the_application_does_not_have_is_a_complaint(sign_in: SignIn) -> None:
    sign_in.role = "Airflow.Owner"

    claims(sign_in, code(sign_in))

    assert "Airflow.Owner is no app role" in sign_in.complaints[0]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"code_verifier": "another"}, "AADSTS70008"),
        ({"subject": f"{SUBJECT}-2"}, "AADSTS700213"),
        ({"client_id": "another"}, "AADSTS700016"),
    ],
    ids=["verifier", "account", "client"],
)
def test_what_entra_refuses_is_refused(sign_in: SignIn, other: dict[str, str], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        claims(sign_in, code(sign_in), **other)


def test_a_code_is_good_once(sign_in: SignIn) -> None:
    once = code(sign_in)
    claims(sign_in, once)

    with pytest.raises(RefusedError, match="AADSTS70008"):
        claims(sign_in, once)
