"""The values against the chart's own schema, keys and defaults, without rendering anything."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from helm_values.charts import AIRFLOW
from helm_values.merge import Values
from tests.helm_values.rendering import unpacked
from tools.charts import find
from tools.rendered_chart import loaded

ROOT = Path(__file__).resolve().parents[2]

# What is said even where it equals the chart's default: numbers of the environment file, and what
# the sign-in relies on.
SAID_ALL_THE_SAME = {
    "executor",
    "dagProcessor.replicas",
    "scheduler.replicas",
    "triggerer.replicas",
    "config.core.auth_manager",
    "config.fab.enable_proxy_fix",
    "config.metrics.statsd_prefix",
    "ingress.apiServer.path",
}


@pytest.fixture(scope="module")
def chart(tmp_path_factory: pytest.TempPathFactory, reference: Callable[[str], Path]) -> Path:
    """Schema and defaults of the pinned chart; of an older one where that is all there is."""
    if find(AIRFLOW).is_file():
        return unpacked(AIRFLOW, tmp_path_factory.mktemp("chart"))
    return reference("airflow-chart-1.21.0")


@pytest.fixture(scope="module")
def defaults(chart: Path) -> Any:
    return loaded((chart / "values.yaml").read_text())


def test_every_set_of_values_fits_the_chart_s_schema(values: Values, chart: Path) -> None:
    schema = json.loads((chart / "values.schema.json").read_text())

    faults = jsonschema.Draft7Validator(schema).iter_errors(values)

    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == []


def test_every_top_level_key_is_one_of_the_chart_s(values: Values, defaults: Any) -> None:
    assert set(values) <= set(defaults)  # the schema lets a misspelt one pass


def test_no_value_repeats_the_chart_s_default(values: Values, defaults: Any) -> None:
    repeated = {path for path, value in leaves(values) if value == found(defaults, path)}

    assert repeated - SAID_ALL_THE_SAME == set()


def leaves(values: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value that is no table with its path."""
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def found(values: Any, path: str) -> Any:
    """Return the value at a path, or something that equals nothing."""
    for key in path.split("."):
        if not isinstance(values, dict) or key not in values:
            return object()
        values = values[key]
    return values


def test_the_reference_page_names_every_key(values: Values) -> None:
    page = (ROOT / "docs" / "reference" / "chart-values.md").read_text()

    assert [key for key in values if f"`{key}" not in page] == []
