"""A contract that lacks a field on one side is refused by mypy, before anything is synthesized."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "stacks" / "contracts.py"
# The bindings are skipped: contracts have no type of theirs, and reading them takes a minute.
SETTINGS = """
[mypy]
explicit_package_bases = true
check_untyped_defs = true
[mypy-cdktf.*,cdktf_cdktf_provider_azurerm.*,cdktf_cdktf_provider_azuread.*,constructs.*,pydantic.*]
follow_imports = skip
ignore_missing_imports = true
[mypy-cdktf_cdktf_provider_helm.*,cdktf_cdktf_provider_kubernetes.*]
follow_imports = skip
ignore_missing_imports = true
"""
CONTRACTS = ("NetworkOutputs", "DataOutputs", "IdentityOutputs", "PlatformOutputs")
# read, and not imported: with contracts comes cdktf, and with that a Node
FIELDS = [
    (made.name, field.target.id)
    for made in ast.parse(SOURCE.read_text()).body
    if isinstance(made, ast.ClassDef) and made.name in CONTRACTS
    for field in made.body
    if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
]
KINDS = r"(str|str \| None|WorkloadIdentity|DagVault)\b|Mapping\[str, DagVault\]"
FIELD = re.compile(rf"^    \w+: ({KINDS})(?!.* = ).*\n", re.MULTILINE)  # and no argument


def errors(contracts: str, folder: Path) -> str:
    """What mypy says of the stacks with this text in place of stacks/contracts.py."""
    shadow, settings = folder / "contracts.py", folder / "mypy.ini"
    shadow.write_text(contracts)
    settings.write_text(SETTINGS)
    command = [sys.executable, "-m", "mypy", f"--config-file={settings}", "--package=stacks"]
    command += [f"--cache-dir={folder}", "--shadow-file", str(SOURCE), str(shadow)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the runs of mypy share: the later ones read only what differs."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture(scope="module")
def without_fields(cache: Path) -> str:
    """What mypy says when every field of every contract is gone: one run tells of all of them."""
    return errors(FIELD.sub("", SOURCE.read_text()), cache)


@pytest.mark.parametrize(("contract", "field"), FIELDS)
def test_a_removed_field_is_missed_where_it_is_published_and_where_it_is_read(
    without_fields: str, contract: str, field: str
) -> None:
    published = f'Unexpected keyword argument "{field}" for "{contract}"'
    read = f'"{contract}" has no attribute "{field}"'

    assert published in without_fields
    assert read in without_fields


def test_a_new_field_is_missed_where_it_is_not_published(cache: Path) -> None:
    stack = re.compile(r"^    stack = .*\n", re.MULTILINE)
    added = stack.sub(r"\g<0>    added: str\n", SOURCE.read_text())

    found = errors(added, cache)

    for contract in CONTRACTS:
        assert f'Missing named argument "added" for "{contract}"' in found


def test_the_stacks_as_they_are_satisfy_their_contracts(cache: Path) -> None:
    assert "Outputs" not in errors(SOURCE.read_text(), cache)
