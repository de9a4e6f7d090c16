"""Reference data: fetched by the real Terraform, kept with its digest in the user's cache."""

import json
from pathlib import Path

import pytest
from terraform_runner.errors import BadInputError

from tools.reference_data import PROVIDERS, DataMissingError, Provider, fetch, find

BUILT_IN = Provider("terraform", "terraform.io/builtin/terraform", "")  # needs no registry
NOBODY = Provider("nobody", "localhost:1/nobody/nobody", "1.0.0")
NAME = PROVIDERS[0].file


def test_a_schema_is_what_terraform_says_of_the_provider(terraform: Path, tmp_path: Path) -> None:
    file = fetch(BUILT_IN, tmp_path / "cache")

    assert (
        "triggers_replace"
        in (
            json.loads(file.read_text())["resource_schemas"]["terraform_data"]["block"][
                "attributes"
            ]
        )
    )


def test_what_is_in_the_cache_is_not_fetched_again(terraform: Path, tmp_path: Path) -> None:
    file = fetch(BUILT_IN, tmp_path)
    written = file.stat().st_mtime_ns

    assert fetch(BUILT_IN, tmp_path).stat().st_mtime_ns == written


def test_a_provider_that_cannot_be_had_leaves_nothing_and_says_why(
    terraform: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadInputError, match=r"(?s)no nobody 1\.0\.0: .*fix: run it where"):
        fetch(NOBODY, tmp_path / "cache")

    assert not (tmp_path / "cache").exists()


def test_data_beside_the_checkout_comes_first(tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / NAME).write_text("{}")

    assert find(NAME, beside=beside, cache=tmp_path) == beside / NAME


def test_a_file_of_the_cache_is_found(terraform: Path, tmp_path: Path) -> None:
    file = fetch(BUILT_IN, tmp_path)

    assert find(file.name, beside=tmp_path / "nowhere", cache=tmp_path) == file


def test_a_changed_file_of_the_cache_is_refused(terraform: Path, tmp_path: Path) -> None:
    file = fetch(BUILT_IN, tmp_path)
    file.write_text(file.read_text() + " ")

    with pytest.raises(DataMissingError, match="is not what was fetched; delete it"):
        find(file.name, beside=tmp_path / "nowhere", cache=tmp_path)


@pytest.mark.parametrize(
    ("name", "how"),
    [(NAME, "`make reference-data` fetches it"), ("azurerm-rules.json", "no public source has it")],
)
def test_what_is_missing_is_named_with_the_way_to_get_it(
    tmp_path: Path, name: str, how: str
) -> None:
    with pytest.raises(DataMissingError, match=f"{name} is in neither .*; {how}"):
        find(name, beside=tmp_path, cache=tmp_path)
