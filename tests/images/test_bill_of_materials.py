"""`make sbom` writes what the locks say, with licences and what needs what."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.fixtures import read_json
from tests.images.test_dockerfile import pins


@pytest.fixture(scope="module")
def bill(dbt: Path) -> Any:
    """The smaller of the two bills; the other is written by the same rule."""
    file = ROOT / "sbom" / "dbt.cdx.json"
    file.unlink(missing_ok=True)
    subprocess.run(["make", "sbom/dbt.cdx.json"], cwd=ROOT, check=True, capture_output=True)
    return read_json(file)


def test_it_names_exactly_the_packages_of_the_lock(bill: Any) -> None:
    named = {part["name"].lower().replace("_", "-"): part["version"] for part in bill["components"]}

    assert named == pins("dbt-requirements")


def test_it_is_of_the_format_that_scanners_read(bill: Any) -> None:
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")


def test_it_names_licences_and_what_needs_what(bill: Any) -> None:
    [dbt] = [part for part in bill["components"] if part["name"] == "dbt-core"]
    [needs] = [part for part in bill["dependencies"] if part["ref"] == dbt["bom-ref"]]

    assert dbt["licenses"]
    assert any(other.startswith("jinja2") for other in map(str.lower, needs["dependsOn"]))
