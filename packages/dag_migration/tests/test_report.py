"""The report: what a reader sees, in a real browser as well."""

import re
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from dag_migration import reference
from dag_migration import report as reports
from dag_migration.model import FileReport, Finding, Inventory, Level, Report, Status
from playwright.sync_api import Browser, Page

from packages.dag_migration.tests.conftest import ROOT, Run

FINDING = Finding(
    code="MIG050",
    level=Level.PERSON,
    line=3,
    message="`<b>` and *stars*",
    todo="Do it",
    link="https://airflow.apache.org/",
)
REPORT = Report(
    airflow="3.3.2",
    files=(
        FileReport(path="a/one.py", status=Status.READY),
        FileReport(path="<script>alert(1)</script>.py", status=Status.PERSON, findings=(FINDING,)),
        FileReport(
            path="b/ten.py", status=Status.FIXED, inventory=Inventory(schedules=("x" * 200,))
        ),
    ),
)


class _Links(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [v or "" for k, v in attrs if k == "src" or (tag == "link" and k == "href")]


@pytest.fixture
def reader(browser: Browser, page: Path) -> Iterator[Page]:
    """The report, opened by somebody who notices what the page complains about."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    faults: list[str] = []
    tab.on("pageerror", lambda error: faults.append(str(error)))
    tab.on("console", lambda message: faults.append(message.text))
    tab.goto(page.as_uri())
    yield tab
    tab.close()
    assert faults == []


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The HTML report in a file."""
    file = tmp_path / "report.html"
    file.write_text(reports.html(REPORT))
    return file


def test_the_page_loads_nothing() -> None:
    links = _Links()

    links.feed(reports.html(REPORT))

    assert links.loaded == []
    assert "@import" not in reports.html(REPORT)


def test_names_of_files_cannot_become_markup() -> None:
    assert "<script>alert" not in reports.html(REPORT)
    assert "<b>" not in reports.html(REPORT).split("<tbody")[1]
    assert "\\*stars\\*" in reports.markdown(REPORT)


def test_controls_have_labels_and_the_table_a_caption() -> None:
    text = reports.html(REPORT)

    assert '<html lang="en">' in text
    assert len(re.findall(r"<label>[A-Z]\w+ <(?:input|select)", text)) == 2
    assert "<caption>" in text
    assert text.count('scope="col"') == 4 + 5


def names(reader: Page) -> list[str]:
    """Return the files that the reader sees, from top to bottom."""
    cells = reader.locator("#rows tr:visible td:first-child")
    return [name.strip() for name in cells.all_inner_texts()]


def test_a_reader_sees_first_what_needs_a_person(reader: Page) -> None:
    assert names(reader) == ["<script>alert(1)</script>.py", "b/ten.py", "a/one.py"]


def test_a_reader_sees_the_line_what_is_wrong_and_what_to_do(reader: Page) -> None:
    todo = reader.locator("#rows li").first

    assert todo.inner_text().split("\n")[:2] == ["Line 3 <b> and *stars*", "Do it"]


def test_a_reader_can_filter_by_status(reader: Page) -> None:
    reader.get_by_label("Status").select_option("fixed")

    assert names(reader) == ["b/ten.py"]
    assert reader.locator("#shown").inner_text() == "1 of 3 files"


def test_a_reader_can_search(reader: Page) -> None:
    reader.get_by_label("Find").fill("TEN")

    assert names(reader) == ["b/ten.py"]


def test_a_reader_finds_all_files_of_a_kind(reader: Page) -> None:
    reader.get_by_role("button", name="MIG050").click()

    assert names(reader) == ["<script>alert(1)</script>.py"]


def test_a_reader_can_sort(reader: Page) -> None:
    reader.get_by_role("button", name="File").click()

    assert names(reader) == ["<script>alert(1)</script>.py", "a/one.py", "b/ten.py"]


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_nothing_leaves_the_screen(reader: Page, width: int) -> None:
    reader.set_viewport_size({"width": width, "height": 800})

    assert reader.evaluate("document.documentElement.scrollWidth") <= width


def test_the_markdown_lists_what_a_person_must_do(migrated: Run) -> None:
    text = (migrated.target / "report.md").read_text()

    assert "### provider.py" in text
    assert "apache-airflow-providers-snowflake" in text


@pytest.mark.parametrize("name", ["old.py", "crlf.py"])
def test_the_diff_can_be_applied(migrated: Run, old_dags: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes((old_dags / name).read_bytes())
    whole = (migrated.target / "changes.diff").read_bytes()
    parts = re.split(rb"(?m)^(?=--- a/)", whole)
    [one] = [part for part in parts if part.startswith(f"--- a/{name}\n".encode())]

    subprocess.run(["git", "apply", "-"], input=one, cwd=tmp_path, check=True)

    assert (tmp_path / name).read_bytes() == (migrated.target / "dags" / name).read_bytes()


def test_the_reference_page_lists_every_finding() -> None:
    text = (ROOT / "docs" / "reference" / "dag-migration.md").read_text()

    assert reference.written(text) == text
