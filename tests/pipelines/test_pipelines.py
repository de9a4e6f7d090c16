"""Azure DevOps takes the pipelines."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from tests.conftest import read_json

ROOT = Path(__file__).resolve().parents[2]
PIPELINES = [
    ROOT / "pipelines" / "azure-pipelines.yml",  # those of image and DAGs: tests/images
    *sorted((ROOT / "pipelines" / "templates").glob("*.yml")),
]


@pytest.fixture(scope="module")
def schema(shared_data: Path) -> Draft7Validator:
    return Draft7Validator(read_json(shared_data / "azure-pipelines.service-schema.json"))


def parsed(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_the_pipeline_is_valid(schema: Draft7Validator, file: Path) -> None:
    errors = [error.message for error in schema.iter_errors(parsed(file))]

    assert errors == []


def test_the_schema_refuses_a_misspelt_key(schema: Draft7Validator) -> None:
    pipeline = {**parsed(ROOT / "pipelines" / "azure-pipelines.yml"), "stagess": []}

    assert not schema.is_valid(pipeline)


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_the_pipeline_names_no_secret(file: Path) -> None:
    text = file.read_text().lower()

    assert not [word for word in ("client_secret", "password", "access_key") if word in text]


@pytest.mark.parametrize("file", PIPELINES, ids=lambda file: file.name)
def test_every_template_that_is_named_exists(file: Path) -> None:
    def templates(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["template"]] if isinstance(node.get("template"), str) else []
            return own + [name for value in node.values() for name in templates(value)]
        if isinstance(node, list):
            return [name for value in node for name in templates(value)]
        return []

    missing = [name for name in templates(parsed(file)) if not (file.parent / name).is_file()]
    assert missing == []


def test_the_charts_are_there_before_the_tests_run() -> None:
    stage, *_ = parsed(ROOT / "pipelines" / "azure-pipelines.yml")["stages"]
    (job,) = stage["jobs"]
    scripts = [step["script"].split()[:2] for step in job["steps"] if "script" in step]

    assert ["make", "charts"] in scripts[: [line[0] for line in scripts].index(".venv/bin/pytest")]
