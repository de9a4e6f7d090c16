"""What a user does and sees."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.signin.conftest import Site
from tools.cluster.roles import FETCH


def sign_in(page: Page, site: Site) -> None:
    """Open a small page of Airflow without a session, and come back to it with one."""
    page.goto(f"{site.url}/api/v2/auth/login?next={site.url}/api/v2/version")
    assert page.url == f"{site.url}/api/v2/version"


def open_airflow(page: Page, site: Site, path: str = "/") -> None:
    """Open the user interface without a session, and wait until it is drawn."""
    page.goto(f"{site.url}{path}")
    expect(page.get_by_text("Dags", exact=True).first).to_be_visible(timeout=90_000)


def status(page: Page, method: str, path: str, body: Any = None) -> int:
    """Return the status that the API gives the user of this page."""
    answer: int = page.evaluate(FETCH, [method, path, body])
    return answer


def title(page: Page) -> str:
    """Return the heading of one of the sign-in's own pages."""
    return page.locator("h1").inner_text()
