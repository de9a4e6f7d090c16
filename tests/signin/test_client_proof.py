"""How Airflow proves to Entra that it is the application, and that it began the sign-in."""

import json
from pathlib import Path

from playwright.sync_api import Page

from tests.signin.commands import run
from tests.signin.conftest import IMAGE, Site
from tests.signin.identity_provider import CLIENT_ID, JWT_BEARER, TENANT_ID, IdentityProvider
from tests.signin.steps import sign_in

VIEWER = {"roles": ["Airflow.Viewer"]}


def test_no_client_secret_is_sent(site: Site, entra: IdentityProvider, page: Page) -> None:
    entra.claims = VIEWER

    sign_in(page, site)

    (request,) = entra.token_requests
    assert "client_secret" not in request
    assert request["client_assertion_type"] == JWT_BEARER
    assert request["client_assertion"] == site.assertion_file.read_text()


def test_the_service_accounts_token_is_read_anew_for_each_sign_in(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER
    sign_in(page, site)
    page.context.clear_cookies()

    site.assertion_file.write_text("the next token of the service account")
    sign_in(page, site)

    assert entra.token_requests[1]["client_assertion"] == "the next token of the service account"


def test_each_sign_in_has_a_challenge_state_and_nonce_of_its_own(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER
    for _ in range(2):
        sign_in(page, site)
        page.context.clear_cookies()

    first, second = entra.authorize_requests

    assert all(first[name] != second[name] for name in ("code_challenge", "state", "nonce"))


# What authlib does with our settings, without an API server around it.
REDEEM = """
import json, os, sys
from authlib.integrations.requests_client import OAuth2Session
from entra_sign_in.oauth import remote_app
from entra_sign_in.settings import Settings

app = remote_app(Settings.read(os.environ))
client = OAuth2Session(app["client_id"], **app["client_kwargs"])
for method in app["client_auth_methods"]:
    client.register_client_auth_method(method)
token = client.fetch_token(app["access_token_url"], **json.loads(sys.argv[1]))
print(json.dumps(dict(token)))
"""


def test_a_client_secret_of_a_mounted_file_is_the_fallback(
    airflow: Path, site: Site, entra: IdentityProvider, tmp_path: Path
) -> None:
    secret_file = tmp_path / "client-secret"
    secret_file.write_text("s3cret&+ of Key Vault\n")
    entra.client_secret = "s3cret&+ of Key Vault"
    callback = f"{site.url}/auth/oauth-authorized/azure"
    code = entra.issue_code(callback, code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    environment = {
        "ENTRA_TENANT_ID": TENANT_ID,
        "ENTRA_CLIENT_ID": CLIENT_ID,
        "ENTRA_AUTHORITY": entra.authority,
        "ENTRA_CLIENT_SECRET_FILE": str(secret_file),
        "REQUESTS_CA_BUNDLE": str(site.authority),
        "PYTHONPATH": str(IMAGE),
    }
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # the pair of RFC 7636, appendix B
    request = {"code": code, "redirect_uri": callback, "code_verifier": verifier}

    done = run([airflow / "python", "-c", REDEEM, json.dumps(request)], environment)

    assert "id_token" in json.loads(done.stdout)
    assert "client_assertion" not in entra.token_requests[0]
