"""Who is not let in, and what such a user reads."""

import hmac
import json
from base64 import urlsafe_b64encode
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from playwright.sync_api import Page

from tests.signin.conftest import Site
from tests.signin.identity_provider import IdentityProvider, new_key
from tests.signin.steps import sign_in, status, title

ADMIN = {"roles": ["Airflow.Admin"]}
NOT_TRUSTED = "The answer of Microsoft Entra ID could not be trusted"
FOREIGN = "99999999-aaaa-4bbb-8ccc-999999999999"


def _encoded(part: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def begin(page: Page, site: Site) -> None:
    page.goto(f"{site.url}/auth/login/azure")


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"iss": f"https://login.microsoftonline.com/{FOREIGN}/v2.0"}, "iss"),
        ({"tid": FOREIGN}, "tid"),
        ({"aud": FOREIGN}, "aud"),
        ({"aud": FOREIGN, "azp": "22222222-aaaa-4bbb-8ccc-222222222222"}, "aud"),
        ({"aud": None}, "aud"),
        ({"exp": 1_600_000_000}, "ExpiredTokenError"),
        ({"exp": None}, "exp"),
        ({"nbf": 4_000_000_000}, "not yet valid"),
        ({"nonce": "of another sign-in"}, "nonce"),
        ({"nonce": None}, "nonce"),
        ({"oid": None}, "oid"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_token_that_says_something_wrong_is_refused(
    site: Site, entra: IdentityProvider, page: Page, claims: dict[str, Any], why: str
) -> None:
    entra.claims = {**ADMIN, **claims}
    before = len(site.log())

    begin(page, site)

    assert title(page) == NOT_TRUSTED
    assert status(page, "GET", "/api/v2/dags") == 401
    assert why in next(line for line in site.log()[before:].splitlines() if "refused" in line)


def test_a_token_signed_by_another_key_is_refused(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims, entra.signing_key = ADMIN, new_key()

    begin(page, site)

    assert title(page) == NOT_TRUSTED
    assert status(page, "GET", "/api/v2/dags") == 401


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_without_a_signature_of_entra_is_refused(
    site: Site,
    entra: IdentityProvider,
    page: Page,
    algorithm: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entra.claims = ADMIN
    public_key = entra.keys[entra.key_id].public_key()
    pem = public_key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def forged(claims: dict[str, Any], _key: object, **options: Any) -> str:
        header = {"typ": "JWT", "alg": algorithm, **options["headers"]}
        signed = f"{_encoded(header)}.{_encoded(claims)}"
        mac = hmac.digest(pem, signed.encode(), "sha256") if algorithm == "HS256" else b""
        return f"{signed}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    monkeypatch.setattr(jwt, "encode", forged)

    begin(page, site)

    assert title(page) == NOT_TRUSTED
    assert len(entra.token_requests) == 1


def test_a_new_signing_key_of_entra_is_picked_up(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = ADMIN
    entra.rotate_key()

    sign_in(page, site)

    assert status(page, "GET", "/api/v2/dags") == 200


@pytest.mark.parametrize("roles", [None, [], ["Airflow.Unknown"], "Airflow.Admin"])
def test_a_user_without_a_known_role_is_told_whom_to_ask(
    site: Site, entra: IdentityProvider, page: Page, roles: object
) -> None:
    entra.claims = {"roles": roles, "email": "new@example.com", "oid": "never-seen"}

    begin(page, site)

    assert title(page) == "You have no role in this Airflow"
    assert "new@example.com" in page.inner_text("main")
    assert "Ask the data platform team (data@example.com)" in page.inner_text("main")
    assert status(page, "GET", "/api/v2/dags") == 401


def test_the_reference_on_the_page_finds_the_reason_in_the_log(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {**ADMIN, "aud": FOREIGN}

    begin(page, site)

    reference = page.inner_text("small").removeprefix("Reference ")
    assert f"(NOT_TRUSTED, reference {reference}): the ID token is not valid" in site.log()


def test_a_user_who_is_not_assigned_to_the_application_is_told_so(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.refusal = ("access_denied", "AADSTS50105: Call +1 555 0100 to unlock your account.")

    begin(page, site)

    assert title(page) == "Your account may not use this application"
    assert "555" not in page.content()


def test_a_user_who_cancels_is_told_so(site: Site, entra: IdentityProvider, page: Page) -> None:
    entra.refusal = ("access_denied", "AADSTS65004: the user declined")

    begin(page, site)

    assert title(page) == "Microsoft Entra ID did not sign you in"


def test_an_answer_to_a_sign_in_that_this_browser_did_not_begin_is_refused(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    page.goto(f"{site.url}/auth/oauth-authorized/azure?code=stolen&state=guessed")

    assert title(page) == "This sign-in is no longer valid"
    assert entra.token_requests == []


def test_a_wrong_client_credential_is_not_the_users_fault(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims, entra.client_secret = ADMIN, "Entra expects a secret now"

    begin(page, site)

    assert title(page) == "Sign-in is not set up correctly"


@pytest.mark.parametrize("oid", ["", ["a"], {"a": 1}, 5], ids=str)
def test_an_object_id_that_is_no_text_is_refused(
    site: Site, entra: IdentityProvider, page: Page, oid: object
) -> None:
    entra.claims = {**ADMIN, "oid": oid}

    begin(page, site)

    assert title(page) == NOT_TRUSTED


def test_a_user_made_inactive_in_airflow_is_refused(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {**ADMIN, "oid": "blocked", "email": "blocked@example.com"}
    sign_in(page, site)
    site.execute("UPDATE ab_user SET active = 0 WHERE username = 'blocked'")
    page.context.clear_cookies()

    begin(page, site)

    assert title(page) == "Your account is blocked in this Airflow"
