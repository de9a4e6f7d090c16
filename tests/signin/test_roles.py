"""Each role signs in through a browser and sees what it may."""

from playwright.sync_api import Page

from tests.signin.conftest import Site
from tests.signin.identity_provider import IdentityProvider


def test_x(site: Site, entra: IdentityProvider, page: Page) -> None:
    entra.claims = {"roles": ["Airflow.Viewer"]}
    page.goto(site.url)
    page.wait_for_load_state("networkidle")
    print(page.url, page.content()[:3000])
    page.screenshot(path="/tmp/signin.png")
    print(site.log()[-6000:])
    assert 0
