"""What was measured goes into a page."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools.bench_tasks.__main__ import app
from tools.bench_tasks.tables import NoPlaceError, Table


@pytest.fixture
def table() -> Table:
    """A table with a row."""
    made = Table("things", ("thing", "CPU", "times"), "a processor, 2 cores")
    made.add("one", 0.256, 1234.5)
    return made


def test_a_table_replaces_what_its_place_in_the_page_holds(table: Table, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- things -->\nold\n<!-- /things -->\nafter\n")

    table.write(page)

    assert page.read_text().splitlines() == [
        "before",
        "<!-- things -->",
        "",
        "| thing | CPU | times |",
        "| --- | ---: | ---: |",
        "| one | 0.26 | 1,234 |",
        "",
        "a processor, 2 cores",
        "",
        "<!-- /things -->",
        "after",
    ]


def test_a_page_without_a_place_for_it_is_left_alone(table: Table, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing of that name\n")

    with pytest.raises(NoPlaceError, match="has no place for this: <!-- things -->"):
        table.write(page)

    assert page.read_text() == "nothing of that name\n"


def test_a_question_that_nobody_measures_is_refused() -> None:
    done = CliRunner().invoke(app, ["disks"])

    assert done.exit_code == 2
    assert done.stderr.startswith("disks: not among pod")
