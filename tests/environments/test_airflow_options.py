"""The keys of the environment file that the DAG migration names for options of an airflow.cfg."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def test_every_key_that_is_named_exists() -> None:
    places = tomllib.loads((ROOT / "tools" / "airflow_options.toml").read_text()).values()
    schema = json.loads((ROOT / "environments" / "environment.schema.json").read_text())
    named = [key for place in places for key in re.findall(r"`\[(\w+)\](?: (\w+))?`", place)]

    missing = [key for key in named if not _exists(schema, *key)]

    assert named
    assert missing == []


def _exists(schema: dict[str, Any], table: str, key: str) -> bool:
    section = schema["properties"].get(table)
    if section is None or not key:
        return section is not None
    reference = section.get("$ref") or section["anyOf"][0]["$ref"]
    properties: dict[str, Any] = schema["$defs"][reference.rpartition("/")[2]]["properties"]
    return key in properties
