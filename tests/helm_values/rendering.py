"""Charts through Helm's own library, and what is asked of their objects."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from helm_values.charts import Chart
from helm_values.merge import Values
from tests.parts.skips import not_given
from tools.charts import download, find
from tools.rendered_chart import Objects, objects_of

# NGINX's schema names Kubernetes' own by an address; the same definitions are at hand.
ADDRESS = re.compile(r"https://[^\"]+/v([\d.]+)\.\d+/_definitions\.json#/definitions/")
# It reads the schemas, two megabytes, for each object again.
kubernetes_validate.utils.schema_contents = cache(kubernetes_validate.utils.schema_contents)
DEFINITIONS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"


def unpacked(chart: Chart, folder: Path) -> Path:
    """Return a chart's folder, with a schema that needs no network; skip where it is not there."""
    helm = pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")
    file = find(chart)
    if not file.is_file():
        not_given(f"the chart {file.name} is not in {file.parent}; `make charts` downloads it")
    helm.expand(folder, download(chart, file.parent))
    schema = folder / chart.name / "values.schema.json"
    local = ADDRESS.sub(
        lambda found: f"file://{DEFINITIONS}/v{found[1]}.0-local/_definitions.json#/$defs/",
        schema.read_text(),
    )
    schema.write_text(local)
    return folder / chart.name


def render(folder: Path, chart: Chart, values: Values) -> Objects:
    """Return what a chart makes of its values, which have to fit its schema."""
    helm = pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")
    with helm.Chart.load(folder) as loaded:
        loaded.validate_schema(values)
    return objects_of(folder, chart, values)


def validate(objects: Objects, version: str) -> None:
    """Let a version of Kubernetes refuse objects; what several kinds of values make, once.

    Raises:
        kubernetes_validate.ValidationError: it refuses a field, or does not know it.
    """
    for found in objects:
        _validate(json.dumps(found), version)


@cache
def _validate(text: str, version: str) -> None:
    kubernetes_validate.validate(json.loads(text), version, strict=True)


def named(objects: Objects, kind: str, name: str) -> dict[str, Any]:
    """Return the one object of a kind and a name."""
    (found,) = [o for o in objects if (o["kind"], o["metadata"]["name"]) == (kind, name)]
    return found
