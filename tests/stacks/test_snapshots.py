"""What the stacks and releases of the tests' environments are, in YAML: a setting is a line.

Dev stands whole. Of prod, and of dev with both executors, stands what differs from dev, so that a
change of all is reviewed once.
"""

import difflib
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.single_file import SingleFileSnapshotExtension, WriteMode
from syrupy.location import PyTestLocation
from syrupy.types import SnapshotIndex

from conventions.stack_names import STACKS
from tests.fixtures import read_json

# the files are named by what they hold, and not by the test
pytestmark = pytest.mark.filterwarnings(r"ignore:\s*Can not relate snapshot:UserWarning")


class YamlExtension(SingleFileSnapshotExtension):
    """A file for each snapshot, named by what it holds."""

    _write_mode = WriteMode.TEXT
    file_extension = "yaml"

    @classmethod
    def get_file_basename(cls, *, test_location: PyTestLocation, index: SnapshotIndex) -> str:
        """Name the file by what it holds: `dev.airflow`, not by the test."""
        return str(index)


class DiffExtension(YamlExtension):
    """The same for what one page has in another way than the other."""

    file_extension = "diff"


def reviewed(stack: dict[str, Any]) -> dict[str, Any]:
    """Return a stack without what says nothing: cdktf's remarks, and the tags that all have."""
    kinds = ("terraform", "provider", "data", "ephemeral", "resource", "output")
    return {kind: _plain(stack[kind]) for kind in kinds if kind in stack}


def _plain(part: Any) -> Any:
    if isinstance(part, dict):
        return {k: _plain(v) for k, v in part.items() if k not in ("//", "tags")}
    if isinstance(part, list):
        return [_plain(element) for element in part]
    return part


def releases(stack: dict[str, Any]) -> dict[str, Any]:
    """Take the values out of the Helm releases of a stack, and return them by release."""
    found: dict[str, Any] = {}
    for name, release in stack.get("resource", {}).get("helm_release", {}).items():
        (text,) = release.pop("values")
        release["chart"] = release["chart"].split("/")[0]  # the rest of a local one is a digest
        # "$${" is how Terraform writes a "${" that is none of its own
        found[name] = json.loads(text)
    return found


def as_yaml(document: Any) -> str:
    """Return YAML in a fixed order, one value per line."""
    return yaml.safe_dump(document, sort_keys=True, width=10_000, allow_unicode=True)


def pages(stacks: dict[str, Any], environment: str) -> dict[str, str]:
    """Return the YAML of an environment: of each stack, and of the values of each release."""
    found: dict[str, str] = {}
    for name in STACKS:
        stack = reviewed(stacks[f"{name}-{environment}"])
        values = releases(stack)
        found[name] = as_yaml(stack)
        found |= {f"{name}.{release}.values": as_yaml(of) for release, of in values.items()}
    return found


def differences(before: str, after: str) -> str:
    """Return what the second of two pages has in another way, with a line of context."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=1, lineterm="")
    # without the numbers of lines: they change with whatever stands above
    return "".join(f"{line[:2] if line[:2] == '@@' else line}\n" for line in [*lines][2:])


PAGES = (
    *STACKS,
    "airflow.airflow.values",
    "airflow.cert_manager.values",
    "airflow.certificate.values",
    "airflow.migrations.values",
    "airflow.nginx_ingress.values",
    "airflow.prerequisites.values",
)


@pytest.fixture(scope="module")
def dev(stacks: dict[str, Any]) -> dict[str, str]:
    """The pages of dev, written once: YAML is slow to write."""
    return pages(stacks, "dev")


@pytest.fixture(scope="module")
def prod(stacks: dict[str, Any]) -> dict[str, str]:
    """The pages of prod, written once."""
    return pages(stacks, "prod")


@pytest.fixture(scope="module")
def both(with_both_executors: Path) -> dict[str, str]:
    """The pages of dev with both executors and room for tasks, written once."""
    files = with_both_executors.glob("stacks/*/cdk.tf.json")
    return pages({file.parent.name: read_json(file) for file in files}, "dev")


def test_each_stack_and_each_release_has_a_snapshot(
    dev: dict[str, str], prod: dict[str, str]
) -> None:
    assert sorted(dev) == sorted(prod) == sorted(PAGES)


@pytest.mark.parametrize("page", PAGES)
def test_dev_is_as_reviewed(dev: dict[str, str], page: str, snapshot: SnapshotAssertion) -> None:
    assert dev[page] == snapshot(extension_class=YamlExtension, name=f"dev.{page}")


@pytest.mark.parametrize("page", PAGES)
def test_prod_differs_from_dev_as_reviewed(
    dev: dict[str, str], prod: dict[str, str], page: str, snapshot: SnapshotAssertion
) -> None:
    found = differences(dev[page], prod[page])

    assert found == snapshot(extension_class=DiffExtension, name=f"prod.{page}")


@pytest.mark.parametrize("page", PAGES)
def test_both_executors_differ_from_dev_s_one_as_reviewed(
    dev: dict[str, str], both: dict[str, str], page: str, snapshot: SnapshotAssertion
) -> None:
    found = differences(dev[page], both[page])

    assert found == snapshot(extension_class=DiffExtension, name=f"both.{page}")
