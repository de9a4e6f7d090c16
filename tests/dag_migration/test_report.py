"""The report: what a reader sees, in a real browser as well."""

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.dag_migration.conftest import Run
from tools.dag_migration import reference
from tools.dag_migration import report as reports
from tools.dag_migration.model import FileReport, Finding, Level, Report, Status

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
        FileReport(path="b/ten.py", status=Status.FIXED),
    ),
)


class _Links(HTMLParser):
    """Collects what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loaded += [v or "" for k, v in attrs if k == "src" or (tag == "link" and k == "href")]


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found and os.environ.get("CI"):
        pytest.fail("CI must have Chromium: apt-get install chromium")
    if not found:
        pytest.skip("no Chromium here: apt-get install chromium")
    return found


def opened(chromium: str, page: Path, actions: str, *options: str) -> str:
    """Open a page, do something on it as a reader would and return the document then."""
    text = page.read_text() + f"<script>{actions}</script>"
    copy = page.with_name(f"acted-{page.name}")
    copy.write_text(text)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    flags += ["--no-first-run", "--disable-sync", "--disable-component-update"]
    flags += [f"--user-data-dir={page.parent / 'profile'}", *options]
    done = subprocess.run(
        [chromium, *flags, "--dump-dom", copy.as_uri()],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


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
    assert text.count('scope="col"') == 4


def test_a_reader_can_filter_by_status(chromium: str, page: Path) -> None:
    act = "status.value = 'needs a person'; status.dispatchEvent(new Event('change'));"

    document = opened(chromium, page, act)

    assert "1 of 3 files" in document
    assert document.count('<tr data-status="ready" hidden="">') == 1


def test_a_reader_can_search(chromium: str, page: Path) -> None:
    act = "find.value = 'ten'; find.dispatchEvent(new Event('input'));"

    assert "1 of 3 files" in opened(chromium, page, act)


def test_a_reader_can_sort(chromium: str, page: Path) -> None:
    act = "document.querySelectorAll('th button')[1].click();"

    document = opened(chromium, page, act)

    statuses = re.findall(r'<tr data-status="([^"]+)"', document)
    assert statuses == ["needs a person", "fixed", "ready"]
    assert 'aria-sort="ascending"' in document


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
    text = reference.PAGE.read_text()

    assert reference.written(text) == text
