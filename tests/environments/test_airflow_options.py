"""Options of Airflow: which there are, which the platform sets, and the keys named for them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from conventions.faults import Fault
from environments.airflow_config import (
    OPTIONS_FILE,
    airflow_options,
    options_of_the_platform,
)
from environments.load import EnvironmentFileError, validate
from helm_values.charts import AIRFLOW_VERSION
from tests.environment_files import DEV, tables
from tools.airflow_option_list import listed

ROOT = Path(__file__).resolve().parents[2]


def test_every_key_that_is_named_exists() -> None:
    places = options_of_the_platform().values()
    schema = json.loads((ROOT / "environments" / "environment.schema.json").read_text())
    named = [
        key for place in places for key in re.findall(r"\[(\w+)(?:\.\w+)*\](?: (\w+))?", place)
    ]

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


def test_the_list_is_that_of_the_image_s_airflow(airflow: Path) -> None:
    assert OPTIONS_FILE.read_text() == listed(airflow)
    assert airflow_options()[0] == AIRFLOW_VERSION


@pytest.mark.parametrize(
    ("section", "option", "value", "problem", "fix"),
    [
        ("core", "executor", "LocalExecutor", "set by the platform", "set [airflow] executor"),
        ("core", "parallelisms", 3, "no option of Airflow", "write core.parallelism"),
        ("nothing", "alike", 3, "no option of Airflow", "delete nothing.alike"),
        ("sentry", "sentry_dsn", "https://x", "may hold a secret", "AIRFLOW__SENTRY__SENTRY_DSN"),
        ("api", "default_wrap", "yes", "'yes' is not true or false", "write true or false"),
        ("core", "max_active_runs_per_dag", "3", "'3' is not a whole number", "a whole number"),
        ("core", "max_active_runs_per_dag", True, "True is not a whole number", "a whole number"),
        ("email", "from_email", "a\nb", "more than one line", "one line"),
        ("kubernetes_executor", "namespace", "x", "set by the platform", "nothing"),
        ("operators", "default_queue", "data", "set by the platform", "KEDA know the queue"),
        (
            "celery",
            "worker_enable_remote_control",
            False,
            "set by the platform",
            "whether it lives",
        ),
        ("celery", "worker_precheck", "True", "set by the platform", "no access to it"),
        ("celery", "ssl_active", "True", "set by the platform", "speaks no TLS"),
    ],
)
def test_an_option_is_refused_with_the_way_out(
    section: str, option: str, value: object, problem: str, fix: str
) -> None:
    (fault,) = _refused({section: {option: value}})

    assert fault.key == "airflow.config"
    assert problem in fault.problem
    assert f"{section}.{option}" in fault.problem
    assert fix in fault.fix


def test_all_wrong_options_are_reported_together() -> None:
    (fault,) = _refused({"core": {"executor": "x", "parallelisms": 3}})

    assert "core.executor" in fault.problem
    assert "core.parallelisms" in fault.problem


def test_a_sensitive_value_is_never_shown() -> None:
    (fault,) = _refused({"sentry": {"sentry_dsn": "https://topsecret"}})

    assert "topsecret" not in str(fault)


def _refused(config: dict[str, dict[str, object]]) -> tuple[Fault, ...]:
    values = tables(DEV)
    values["airflow"]["config"] = config
    with pytest.raises(EnvironmentFileError) as caught:
        validate(values, DEV)
    return caught.value.faults
