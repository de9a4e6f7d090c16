"""The page of the documentation and its picture are what the tool says of the examples."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from tests import ROOT
from tests.attack_paths.conftest import HERE
from tests.environment_files import DEV
from tests.parts.skips import not_given
from tools.attack_paths.__main__ import app

PAGE = ROOT / "docs" / "reference" / "attack-paths.md"
PICTURE = ROOT / "docs" / "pictures" / "attack-paths.svg"


@pytest.fixture(scope="module")
def written(synthesized: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like docs/, with the page and the picture as the tool writes them."""
    docs = tmp_path_factory.mktemp("docs")
    for file in (PAGE, PICTURE):
        (docs / file.relative_to(ROOT / "docs")).parent.mkdir()
    arguments = ["--out", str(synthesized), "--on", "2027-01-01"]
    arguments += [
        "--environments",
        str(DEV.parent),
        "--accepted",
        str(HERE / "accepted_paths.toml"),
    ]
    for option, file in (("--page", PAGE), ("--picture", PICTURE)):
        arguments += [option, str(docs / file.relative_to(ROOT / "docs"))]
    ended = CliRunner().invoke(app, arguments)
    assert ended.exit_code == 0, ended.output
    if "left out" in ended.output:
        not_given("Airflow's chart is not here; `make charts` downloads it")
    return docs


@pytest.mark.parametrize("file", [PAGE, PICTURE], ids=lambda file: file.name)
def test_what_the_documentation_shows_is_what_the_tool_writes(
    written: Path, file: Path, request: pytest.FixtureRequest
) -> None:
    now = (written / file.relative_to(ROOT / "docs")).read_text()
    if request.config.option.update_snapshots:
        file.write_text(now)

    assert file.read_text() == now, "write it again: pytest tests/attack_paths --snapshot-update"


def test_the_picture_has_every_start_and_goal_and_names_no_other_host(written: Path) -> None:
    picture = (written / "pictures" / "attack-paths.svg").read_text()
    texts = " ".join(ElementTree.fromstring(picture).itertext())

    assert "a DAG author" in texts
    assert "administrator of the" in texts
    assert picture.count("http") == 1  # the name of the format
