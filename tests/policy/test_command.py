"""`python -m tools.policy` says what is wrong, and exits as documented."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.environment_files import DEV
from tests.rehearsal.samples import write
from tools.policy import __main__ as command
from tools.policy import checkov

KEPT: dict[str, Any] = {"resource": {"azurerm_key_vault_key": {"k": {}}}}


def policy(*arguments: str) -> Result:
    own = ("--environments", str(DEV.parent))
    return CliRunner().invoke(command.app, [*arguments, *own])


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A synthesis of one stack, whose only resource breaks a rule of ours."""
    return write(tmp_path, {"data-prod": KEPT}) / "cdktf.out"


@pytest.fixture
def no_waivers(tmp_path: Path) -> str:
    (tmp_path / "waivers.toml").write_text("")
    return str(tmp_path / "waivers.toml")


@pytest.fixture
def without_checkov(monkeypatch: pytest.MonkeyPatch) -> None:
    """What checkov finds is tested in test_checkov.py; here it finds nothing."""
    monkeypatch.setattr(checkov, "scan", lambda folder: [])


def test_nothing_synthesized_exits_2_and_says_make_synth(tmp_path: Path, no_waivers: str) -> None:
    result = policy("--out", str(tmp_path), "--waivers", no_waivers)

    assert (result.exit_code, "run: make synth" in result.stderr) == (2, True)


def test_a_stack_that_is_no_json_exits_2(out: Path, no_waivers: str) -> None:
    (out / "stacks" / "data-prod" / "cdk.tf.json").write_text("{")

    result = policy("--out", str(out), "--waivers", no_waivers)

    assert (result.exit_code, "cannot be read" in result.stderr) == (2, True)


def test_a_malformed_waiver_file_exits_2(out: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("[[waiver]]\nrule = 1\n")

    result = policy("--out", str(out), "--waivers", str(tmp_path / "bad.toml"))

    assert (result.exit_code, "waiver[0].rule = 1" in result.stderr) == (2, True)


@pytest.mark.usefixtures("without_checkov")
def test_a_broken_rule_exits_1_with_its_place_and_fix(out: Path, no_waivers: str) -> None:
    result = policy("--out", str(out), "--waivers", no_waivers)

    assert result.exit_code == 1
    assert "broken data-prod: azurerm_key_vault_key.k: AOA-R10" in result.stdout
    assert "fix: fix the construct, or waive the rule" in result.stdout


@pytest.mark.usefixtures("without_checkov")
def test_json_holds_what_the_tables_hold(out: Path, no_waivers: str) -> None:
    result = policy("--out", str(out), "--waivers", no_waivers, "--json")

    answer = json.loads(result.stdout)
    assert answer["passed"] is False
    assert "AOA-R10" in {one["rule"] for one in answer["broken"]}


@pytest.mark.usefixtures("without_checkov")
def test_stacks_without_a_broken_rule_exit_0(out: Path, no_waivers: str) -> None:
    write(out.parent, {"data-dev": {}})

    assert policy("--out", str(out), "--waivers", no_waivers).exit_code == 0
