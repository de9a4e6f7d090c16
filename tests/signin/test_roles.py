"""Each app role signs in through a browser and sees what it may, and no more."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.signin.conftest import Site
from tests.signin.identity_provider import IdentityProvider
from tests.signin.steps import open_airflow, sign_in, status, title
from tools.cluster.roles import MAY, READ_CONNECTIONS, READ_DAGS, REQUESTS

MENU = {
    "Airflow.Viewer": {"Dags"},
    "Airflow.User": {"Dags"},
    "Airflow.Op": {"Dags", "Admin"},
    "Airflow.Admin": {"Dags", "Admin", "Security"},
}


@pytest.mark.parametrize("role", MAY)
def test_the_api_lets_a_role_do_what_it_may(
    site: Site, entra: IdentityProvider, page: Page, role: str
) -> None:
    entra.claims = {"roles": [role]}

    sign_in(page, site)

    assert {what: status(page, *asked) for what, asked in REQUESTS.items()} == MAY[role]


@pytest.mark.parametrize("role", MENU)
def test_a_role_is_given_the_menus_of_what_it_may_see(
    site: Site, entra: IdentityProvider, page: Page, role: str
) -> None:
    entra.claims = {"roles": [role]}
    sign_in(page, site)

    answer = page.evaluate("async () => (await fetch('/ui/auth/menus')).json()")

    entries = {*answer["authorized_menu_items"]}
    given = {"Dags"} & entries
    given |= {"Admin"} if {"Connections", "Config"} <= entries else set()
    given |= {"Security"} if answer["extra_menu_items"] else set()
    assert given == MENU[role]


@pytest.mark.parametrize("role", ["Airflow.Viewer", "Airflow.Admin"])
def test_the_menu_shows_what_a_role_is_given(
    site: Site, entra: IdentityProvider, page: Page, role: str
) -> None:
    entra.claims = {"roles": [role]}

    with page.expect_response(re.compile("/ui/auth/menus")):  # entries come with its answer
        open_airflow(page, site)
    page.wait_for_load_state("networkidle")

    navigation = page.get_by_role("button").or_(page.get_by_role("link"))
    for name in ("Dags", "Admin", "Security"):
        entry = navigation.filter(has_text=re.compile(f"^{name}$")).first
        expect(entry).to_be_visible(visible=name in MENU[role])


def test_several_roles_add_up(site: Site, entra: IdentityProvider, page: Page) -> None:
    entra.claims = {"roles": ["Airflow.Viewer", "Airflow.Op", "Other.Application"]}

    sign_in(page, site)

    assert status(page, *READ_CONNECTIONS) == 200


def test_a_lower_role_at_the_next_sign_in_takes_rights_away(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Admin"]}
    sign_in(page, site)
    page.context.clear_cookies()
    entra.claims = {"roles": ["Airflow.Viewer"]}

    sign_in(page, site)

    assert status(page, *READ_CONNECTIONS) == 403


def test_losing_every_role_ends_the_rights_of_an_open_session(
    site: Site, entra: IdentityProvider, browser: Browser, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Admin"]}
    sign_in(page, site)
    entra.claims = {"roles": []}
    other = browser.new_context(ignore_https_errors=True).new_page()

    other.goto(f"{site.url}/auth/login/azure")

    assert title(other) == "You have no role in this Airflow"
    assert status(page, *READ_CONNECTIONS) == 403
    other.context.close()


def test_two_accounts_with_one_email_address_stay_two(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Admin"], "oid": "first", "email": "shared@example.com"}
    sign_in(page, site)
    page.context.clear_cookies()
    entra.claims = {"roles": ["Airflow.Viewer"], "oid": "second", "email": "shared@example.com"}

    sign_in(page, site)

    assert [status(page, *READ_DAGS), status(page, *READ_CONNECTIONS)] == [200, 403]


def test_a_lower_role_counts_also_when_somebody_else_has_the_new_email_address(
    site: Site, entra: IdentityProvider, browser: Browser, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Viewer"], "oid": "holder", "email": "held@example.com"}
    sign_in(page, site)
    page.context.clear_cookies()
    entra.claims = {"roles": ["Airflow.Admin"], "oid": "demoted", "email": "old@example.com"}
    sign_in(page, site)
    entra.claims = {"roles": ["Airflow.Viewer"], "oid": "demoted", "email": "held@example.com"}
    other = browser.new_context(ignore_https_errors=True).new_page()

    sign_in(other, site)

    assert status(page, *READ_CONNECTIONS) == 403
    other.context.close()


def test_groups_that_overflow_the_token_change_nothing(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {
        "roles": ["Airflow.Viewer"],
        "_claim_names": {"groups": "src1"},
        "_claim_sources": {"src1": {"endpoint": "https://graph.microsoft.com/v1.0/me/groups"}},
    }

    sign_in(page, site)

    assert status(page, *READ_DAGS) == 200
    assert "group overage" in site.log()


def test_groups_that_overflow_the_token_give_no_role(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {"hasgroups": True, "groups": ["Airflow.Admin"]}

    page.goto(f"{site.url}/auth/login/azure")

    assert title(page) == "You have no role in this Airflow"


def test_a_user_without_an_email_address_signs_in(
    site: Site, entra: IdentityProvider, page: Page
) -> None:
    entra.claims = {"roles": ["Airflow.Viewer"], "email": None, "oid": "no-email"}

    sign_in(page, site)

    assert status(page, *READ_DAGS) == 200


def test_a_name_begins_no_line_of_the_log(site: Site, entra: IdentityProvider, page: Page) -> None:
    entra.claims = {"roles": ["Airflow.Viewer"], "given_name": "Ada\nforged by\u3000Ada"}

    sign_in(page, site)

    lines = [line for line in site.log().splitlines() if "forged by Ada" in line]
    assert not [line for line in lines if line.startswith("forged")]
    assert lines
