"""The built site in a browser, opened from disk as an operator without a network has it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

PHONE, DESKTOP = 390, 1280
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = ["index", "reference/stacks", "reference/environment", "how-to/operate/index"]
PICTURE = "svg.picture"
PATIENCE_MILLISECONDS = 120_000  # on a machine that does other things too


@pytest.fixture(scope="module", params=[PHONE, DESKTOP])
def width(request: pytest.FixtureRequest) -> int:
    """How wide the screen is, in CSS pixels."""
    return int(request.param)


@pytest.fixture(scope="module")
def page(browser: Browser, width: int) -> Iterator[Page]:
    """A page of a browser with this screen, which each test leads elsewhere."""
    yield from opened(browser, width)


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    """A page of a browser on a phone, which may use the clipboard."""
    yield from opened(browser, PHONE, permissions=["clipboard-read", "clipboard-write"])


@pytest.fixture
def stranger(browser: Browser) -> Iterator[Page]:
    """A page of somebody who has never been here: the site remembers a reader's colours."""
    yield from opened(browser, PHONE)


def opened(browser: Browser, width: int, permissions: Sequence[str] = ()) -> Iterator[Page]:
    """Open a page; for each new one Chromium starts two processes."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, permissions=list(permissions)
    )
    context.set_default_timeout(PATIENCE_MILLISECONDS)
    yield context.new_page()
    context.close()


def address(site: Path, name: str) -> str:
    return (site / f"{name}.html").as_uri()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_no_wider_than_the_screen(page: Page, site: Path, width: int, name: str) -> None:
    page.goto(address(site, name))

    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") == width, scheme


def test_search_works_from_disk(page: Page, site: Path, width: int) -> None:
    page.goto(address(site, "index"))
    if width == PHONE:
        page.locator("label[for=__search]").first.click()
    page.locator(".md-search__input").click()

    page.locator(".md-search__input").press_sequentially("SnatPortsExhausted")

    expect(page.locator(".md-search-result__link").first).to_contain_text("SnatPortsExhausted")


def test_a_press_in_a_picture_leads_to_the_resource(page: Page, site: Path) -> None:
    page.goto(address(site, "reference/stacks"))

    page.locator(f"{PICTURE} a", has_text="NAT gateway").click()

    expect(page.locator("tr:has(:target)")).to_be_in_viewport()
    expect(page.locator("tr:has(:target)")).to_contain_text("azurerm_nat_gateway")


@pytest.mark.parametrize(
    ("scheme", "ink"), [("light", "rgb(27, 39, 51)"), ("dark", "rgb(230, 235, 240)")]
)
def test_a_picture_follows_the_colour_scheme(
    stranger: Page, site: Path, scheme: Literal["light", "dark"], ink: str
) -> None:
    stranger.emulate_media(color_scheme=scheme)
    stranger.goto(address(site, "reference/stacks"))

    text = stranger.locator(f"{PICTURE} text").first

    assert text.evaluate("e => getComputedStyle(e).fill") == ink


def test_a_cell_says_its_column_on_a_phone(phone: Page, site: Path) -> None:
    phone.goto(address(site, "reference/environment"))

    cell = phone.locator("table tbody tr").first.locator("td").nth(2)

    assert cell.evaluate("e => getComputedStyle(e, '::before').content") == '"default: "'


def test_a_command_can_be_copied(phone: Page, site: Path) -> None:
    phone.goto(address(site, "how-to/operate/index"))
    block = phone.locator(".highlight", has_text="az grafana dashboard create").first

    block.hover()
    block.locator(".md-code__button, .md-clipboard").first.click()

    assert "az grafana dashboard create" in phone.evaluate("navigator.clipboard.readText()")
