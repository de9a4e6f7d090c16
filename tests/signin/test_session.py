"""How a session begins, what protects it, and how it ends."""

import hashlib
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, expect

from tests.signin.commands import run
from tests.signin.conftest import IMAGE, Site
from tests.signin.https import get, post_json
from tests.signin.identity_provider import IdentityProvider
from tests.signin.steps import open_airflow, sign_in, status, title

VIEWER = {"roles": ["Airflow.Viewer"]}


def test_users_come_back_to_the_page_they_asked_for(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER

    open_airflow(page, site, "/dags?tags=sales")

    assert page.url == f"{site.url}/dags?tags=sales"


def test_a_link_cannot_send_users_to_another_host_after_the_sign_in(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER

    page.goto(f"{site.url}/auth/login/?next=https://localhost.example/steal")

    assert urlsplit(page.url).hostname == "airflow.test"


def test_the_cookies_of_a_session_stay_on_the_server_and_on_https(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER

    sign_in(page, site)

    cookies = {cookie["name"]: cookie for cookie in page.context.cookies(site.url)}
    assert set(cookies) == {"session", "_token"}
    assert all(c["secure"] and c["httpOnly"] and c["sameSite"] == "Lax" for c in cookies.values())


def test_a_session_ends_after_the_working_day(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER

    sign_in(page, site)

    (session,) = (c for c in page.context.cookies(site.url) if c["name"] == "session")
    assert session["expires"] - time.time() <= 480 * 60


def test_the_session_renews_an_expired_api_token_without_entra(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER
    sign_in(page, site)
    page.context.clear_cookies(name="_token")

    sign_in(page, site)

    assert status(page, "GET", "/api/v2/dags") == 200
    assert len(entra.token_requests) == 1


def test_sign_out_ends_the_session_and_shows_a_page_to_sign_in_again(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER
    open_airflow(page, site)
    token = {c["name"]: c["value"] for c in page.context.cookies(site.url)}["_token"]

    page.get_by_role("button", name="User").click()
    page.get_by_role("menuitem", name="Logout").click()
    page.get_by_role("dialog").get_by_role("button", name="Confirm").click()

    expect(page.get_by_role("link", name="Sign in with Microsoft")).to_be_visible()
    assert status(page, "GET", "/api/v2/dags") == 401
    assert b"Invalid JWT" in get(site, "/api/v2/dags", {"Authorization": f"Bearer {token}"}).body


def test_a_copy_of_the_session_cookie_opens_nothing_after_the_sign_out(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER
    sign_in(page, site)
    (copied,) = (c for c in page.context.cookies(site.url) if c["name"] == "session")
    page.goto(f"{site.url}/api/v2/auth/logout")

    answer = get(site, "/auth/login/?next=/", {"Cookie": f"session={copied['value']}"})

    assert answer.headers["Location"].startswith(entra.authority)


def test_a_line_break_in_the_page_to_come_back_to_leads_to_the_start_page(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER

    page.goto(f"{site.url}/auth/login/?next=/dags%0d%0aX-Injected:%20yes")

    assert page.url == f"{site.url}/"


def test_after_sign_out_users_may_choose_another_account(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = VIEWER
    page.goto(f"{site.url}/auth/login/")

    page.get_by_role("link", name="Sign in with Microsoft").click()

    expect(page).to_have_url(f"{site.url}/")
    assert entra.authorize_requests[-1]["prompt"] == "select_account"


def test_a_password_opens_nothing_not_even_with_a_session(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    salt, password = b"salt", b"correct horse battery staple"
    digest = hashlib.scrypt(password, salt=salt, n=32768, r=8, p=1, maxmem=1 << 26).hex()
    site.execute(
        "INSERT INTO ab_user (username, first_name, last_name, email, active, password) VALUES "
        f"('local', 'Lo', 'Cal', 'local@example.com', 1, 'scrypt:32768:8:1$salt${digest}')"
    )

    credentials = {"username": "local", "password": password.decode()}
    entra.claims = VIEWER
    sign_in(page, site)

    assert post_json(site, "/auth/token", credentials).status == 401
    assert status(page, "POST", "/auth/token", credentials) == 401


def test_nobody_can_register_a_user(site: Site) -> None:
    assert get(site, "/auth/register/form").status == 404


def test_a_forwarded_prefix_of_the_client_does_not_reach_the_redirect_uri(
    site: Site, entra: IdentityProvider
) -> None:
    answer = get(site, "/auth/login/azure", {"X-Forwarded-Prefix": "/evil"})

    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["redirect_uri"] == [f"{site.url}/auth/oauth-authorized/azure"]


def test_the_host_header_of_the_client_does_not_reach_the_redirect_uri(
    site: Site, entra: IdentityProvider
) -> None:
    answer = get(site, "/auth/login/azure", {"Host": "evil.example"})

    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["redirect_uri"] == [f"{site.url}/auth/oauth-authorized/azure"]


def test_entra_being_away_is_told_as_such(site: Site, entra: IdentityProvider, page: Page) -> None:
    entra.claims, entra.away = VIEWER, True

    page.goto(f"{site.url}/auth/login/azure")

    assert title(page) == "Microsoft Entra ID cannot be reached"


LOAD = """
import flask, sys
flask.Flask("airflow").config.from_pyfile(sys.argv[1], silent=True)  # as the FAB provider does
"""


def test_missing_settings_end_the_start_with_a_clear_message(airflow: Path, site: Site) -> None:
    without = ("ENTRA_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE")
    environment = {n: v for n, v in site.environment.items() if n not in without}
    environment["PYTHONPATH"] = str(IMAGE)

    ended = run(
        [airflow / "python", "-c", LOAD, IMAGE / "webserver_config.py"], environment, check=False
    )

    assert ended.returncode == 1
    assert "ENTRA_CLIENT_ID is not set: it must be the application (client) ID" in ended.stderr
    assert "Traceback" not in ended.stderr
