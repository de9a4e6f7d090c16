"""The pictures of the stacks: true to what was synthesized, and every part of them leads on."""

import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from synthesis.resources import EnvironmentStacks
from tests import ROOT
from tests.attack_paths.conftest import of_environment
from tools.diagram import model, page
from tools.diagram.__main__ import app
from tools.diagram.model import Diagram

PAGE = ROOT / "docs" / "reference" / "stacks.md"
PICTURES = ROOT / "docs" / "pictures"


@pytest.fixture(scope="module")
def prod(stacks: dict[str, Any]) -> EnvironmentStacks:
    """The production environment of the tests."""
    return of_environment(stacks, "prod")


@pytest.fixture(scope="module")
def diagram(prod: EnvironmentStacks) -> Diagram:
    """What is drawn of it."""
    return model.read(prod)


@pytest.fixture(scope="module")
def written(diagram: Diagram) -> dict[Path, str]:
    """What the documentation should hold."""
    head = PAGE.read_text().partition("## ")[0].rstrip() + "\n"
    drawn = {PICTURES / f"{name}.svg": svg for name, svg in page.pictures(diagram).items()}
    return {PAGE: page.markdown(diagram, "../pictures", head), **drawn}


@pytest.mark.parametrize("name", ["stacks.md", "stacks.svg", "rights.svg", "network-paths.svg"])
def test_what_the_documentation_shows_is_what_the_stacks_hold(
    written: dict[Path, str], name: str, request: pytest.FixtureRequest
) -> None:
    file, now = next((file, text) for file, text in written.items() if file.name == name)
    if request.config.option.update_snapshots:
        file.write_text(now)

    assert file.read_text() == now, "draw it again: pytest tests/diagram --snapshot-update"


def test_every_resource_of_every_stack_has_a_row(diagram: Diagram, prod: EnvironmentStacks) -> None:
    ids = set(re.findall(r'id="([^"]+)"', page.html(diagram)))

    assert {f"{one.stack}.{one.address}" for one in prod.resources()} <= ids


def test_whatever_is_pressed_in_a_picture_leads_to_a_row(diagram: Diagram) -> None:
    text = page.html(diagram)
    ids = set(re.findall(r'id="([^"]+)"', text))
    links = set(re.findall(r'href="#([^"]+)"', text))

    assert links > {"stack-network", "data-reads-network", "rights-0", "network-0"}
    assert links - ids == set()


def test_a_stack_shows_each_value_that_it_reads(diagram: Diagram, prod: EnvironmentStacks) -> None:
    shown = {stack.name: stack.reads for stack in diagram.stacks}["airflow"]
    read = set(re.findall(r"outputs\.(\w+)", str(prod.documents["airflow"])))

    assert {name for names in shown.values() for name in names} == read


def test_every_role_that_is_given_is_a_line(diagram: Diagram, prod: EnvironmentStacks) -> None:
    given = prod.resources(
        "azurerm_role_assignment",
        "azurerm_postgresql_flexible_server_active_directory_administrator",
    )

    assert len(diagram.rights) == len(given)


def test_the_page_of_an_environment_asks_no_host(diagram: Diagram) -> None:
    loads = re.findall(r'(?:src|href)="(?!#)([^"]+)"', page.html(diagram))

    assert [load for load in loads if "//" in load] == []


def test_each_environment_gets_a_page(synthesized: Path, tmp_path: Path) -> None:
    given = ["--out", str(synthesized), "--to", str(tmp_path / "drawn")]

    ended = CliRunner().invoke(app, given)

    assert ended.exit_code == 0, ended.output
    assert sorted(f.name for f in (tmp_path / "drawn").iterdir()) == ["dev.html", "prod.html"]


def test_nothing_is_drawn_where_nothing_was_synthesized(tmp_path: Path) -> None:
    ended = CliRunner().invoke(app, ["--out", str(tmp_path), "--to", str(tmp_path / "drawn")])

    assert ended.exit_code == 2
    assert "make synth" in ended.output
    assert not (tmp_path / "drawn").exists()
