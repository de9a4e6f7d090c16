"""The reference page and the JSON schema of the environment file say what the model says."""

import copy
import tomllib
from typing import Any

import pytest
from jsonschema import Draft7Validator

from tests.environment_files import DEV, FILES
from tests.fixtures import read_json
from tests.seed.company import SEED
from tools.environment_reference import FILES as DESCRIBED
from tools.environment_reference import Described, page, schema

ENVIRONMENT, OF_SEED = DESCRIBED
BOTH = pytest.mark.parametrize("described", DESCRIBED, ids=lambda one: one.page.stem)


@pytest.fixture(scope="module")
def editor() -> Draft7Validator:
    """What an editor checks a file with."""
    return Draft7Validator(read_json(ENVIRONMENT.schema))


def told(editor: Draft7Validator, values: dict[str, Any]) -> list[str]:
    return [error.message for error in editor.iter_errors(values)]


@BOTH
def test_the_schema_is_the_model_s(described: Described) -> None:
    assert read_json(described.schema) == schema(described), "run: make reference"


@BOTH
def test_the_page_is_the_model_s(described: Described) -> None:
    assert described.page.read_text() == page(described), "run: make reference"


@BOTH
def test_every_key_has_a_description(described: Described) -> None:
    whole = schema(described)
    tables = [whole, *whole["$defs"].values()]

    nameless = [
        key for table in tables for key, value in table["properties"].items()
        if not value.get("description")
    ]  # fmt: skip
    assert nameless == []


def test_the_schema_can_be_named_by_an_environment_file() -> None:
    named = DEV.read_text().splitlines()[0].removeprefix("#:schema ")

    assert (DEV.parent / named).resolve() == ENVIRONMENT.schema


def test_an_editor_finds_nothing_wrong_with_a_good_seed() -> None:
    editor = Draft7Validator(read_json(OF_SEED.schema))

    assert told(editor, tomllib.loads(SEED.read_text())) == []


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_an_editor_finds_nothing_wrong_with_a_good_file(editor: Draft7Validator, file: Any) -> None:
    assert told(editor, tomllib.loads(file.read_text())) == []


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("network", "egres", "nat"),
        ("network", "aks_nodes", "10.40.0.0"),
        ("network", "egress", "proxy"),
        ("postgres", "sku_name", "GP_Standard_D3ds_v5"),
        ("postgres", "backup_retention_days", 36),
        ("postgres", "storage_gib", 100),
        ("airflow", "image_repository", "Airflow"),
        ("single_sign_on", "owners", []),
    ],
)
def test_an_editor_marks_what_the_model_refuses(
    editor: Draft7Validator, dev_values: dict[str, Any], table: str, key: str, value: Any
) -> None:
    values = copy.deepcopy(dev_values)
    values[table][key] = value

    assert len(told(editor, values)) == 1
