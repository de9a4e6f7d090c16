"""`make docs` builds a site that is whole, and that fetches nothing from anywhere."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests import ROOT
from tests.docs.conftest import build


class Parsed(HTMLParser):
    """What a page loads, links to, and can be linked to at."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(page.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect addresses and ids."""
        given = {key: value or "" for key, value in attrs}
        self.anchors |= {given[key] for key in ("id", "name") if given.get(key)}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "icon", "preconnect"):
            self.loads.append(given.get("href", ""))
        elif tag in ("script", "img", "iframe", "source"):
            self.loads.append(given.get("src", ""))


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Parsed]:
    return {page: Parsed(page) for page in site.rglob("*.html") if page.name != "404.html"}


def test_every_page_is_there(site: Path) -> None:
    sources = {f.relative_to(ROOT / "docs") for f in (ROOT / "docs").rglob("*.md")}
    built = {
        f.relative_to(site).with_name("README" if f.stem == "index" else f.stem).with_suffix(".md")
        for f in site.rglob("*.html")
        if f.name != "404.html"
    }

    assert built == sources


def test_no_page_loads_anything_from_elsewhere(pages: dict[Path, Parsed]) -> None:
    foreign = {load for page in pages.values() for load in page.loads if "//" in load}

    assert foreign == set()


def test_no_stylesheet_or_script_of_ours_names_another_host(site: Path) -> None:
    named = [f.name for f in site.rglob("*.css") if re.search(r"url\(['\"]?https?:", f.read_text())]

    assert named == []


def test_every_link_leads_to_a_page_and_an_anchor_that_are_there(
    pages: dict[Path, Parsed],
) -> None:
    broken = []
    for page, parsed in pages.items():
        for link in parsed.links:
            path, _, anchor = link.partition("#")
            if "://" in link or link.startswith("mailto:") or path.startswith("/"):
                continue
            target = (page.parent / path).resolve() if path else page
            target = target / "index.html" if target.is_dir() else target
            if not target.exists() or (
                anchor and target in pages and anchor not in pages[target].anchors
            ):
                broken.append(f"{page.name}: {link}")

    assert broken == []


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "README.md").write_text("# Home\n\n[away](nowhere.md#here)\n")
    settings = (ROOT / "mkdocs.yml").read_text()
    settings = settings[: settings.index("\nnav:")]
    for name in ("site.css", "javascripts/iframe-worker.js", "javascripts/tables.js"):
        settings = settings.replace(f"[{name}]", "[]")
    settings = settings.replace("tools/diagram", f"{ROOT}/tools/diagram")
    (tmp_path / "mkdocs.yml").write_text(settings)

    done = build(tmp_path / "site", tmp_path / "mkdocs.yml")

    assert done.returncode != 0
    assert "nowhere.md" in done.stderr
