"""What surrounds the code: continuous integration, GitHub's files, decision records."""

import json
import os
import re
import subprocess
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests import ROOT
from tests.own_values import kept
from tests.rooms import LONG

SCHEMAS = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
GITHUB = ROOT / ".github"
RECORDS = sorted((ROOT / "docs" / "decisions").glob("0*.md"))


def faults(content: Any, schema: str) -> list[str]:
    """What a published schema has against a file."""
    published = json.loads((SCHEMAS / f"{schema}.json").read_text())
    validator = jsonschema.validators.validator_for(published)(published)
    return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(content)]


def would_run(*arguments: str) -> str:
    """The commands of a make target, as make prints them without running any."""
    # not what the make was told that runs these tests
    outside = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["make", "--dry-run", *arguments],
        cwd=ROOT,
        env=outside,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize(
    "file",
    [
        ".ci/run",
        ".github/workflows/ci.yml",
        "pipelines/product.yml",
        "CONTRIBUTING.md",
    ],
)
def test_the_sequence_of_checks_is_written_once(file: str) -> None:
    text = (ROOT / file).read_text()

    assert "make ci" in text or "make --no-print-directory ci" in text
    assert not re.search(r"(?:script|run): make (?:check|test|policy|docs)\b", text)


def test_the_tests_are_the_last_thing_that_ci_runs() -> None:
    steps = re.search(r"^CI_STEPS := (.*)$", (ROOT / "Makefile").read_text(), re.M)

    assert steps
    assert steps[1].split()[-1] == "test"


def test_the_charts_are_there_before_the_tests_run() -> None:
    commands = would_run("ci")

    assert "tools.charts" in commands
    assert commands.index("tools.charts") < commands.index(".venv/bin/pytest -n")


def test_ci_runs_every_test_once_in_place_or_with_other_environment_files() -> None:
    commands = would_run("ci")

    (elsewhere,) = re.findall(r"-m tests\.own_values (.*) -n", commands)
    (here,) = re.findall(r"bin/pytest -n .*", commands)
    assert {*elsewhere.split()} == {*re.findall(r"--ignore=(\S+)", here)}


def test_every_room_that_begins_first_is_there() -> None:
    assert [room for room in LONG if not (ROOT / room).is_dir()] == []


def test_all_of_them_run_where_somebody_asks_for_the_tests() -> None:
    assert "--ignore" not in would_run("test")


@pytest.mark.parametrize("file", [".github/workflows/ci.yml", "pipelines/product.yml"])
def test_a_pipeline_keeps_the_results_of_both(file: str) -> None:
    (pattern,) = re.findall(r'"(\*.*\.xml)"', (ROOT / file).read_text())
    (in_place,) = re.findall(r"make ci PYTEST=(--junitxml=\S+)", (ROOT / file).read_text())

    for option in (in_place, kept(in_place)):
        assert fnmatch(Path(option.partition("=")[2]).name, pattern)
    assert kept(in_place) != in_place


def test_a_pipeline_gets_the_results_of_the_tests_as_a_file() -> None:
    assert "--junitxml=results.xml" in would_run("test", "PYTEST=--junitxml=results.xml")


@pytest.mark.parametrize("workflow", sorted(GITHUB.glob("workflows/*.yml")), ids=lambda f: f.name)
def test_github_accepts_the_workflow(workflow: Path) -> None:
    # YAML 1.1 reads the key `on` as true
    content = {
        "on" if key is True else key: value
        for key, value in yaml.safe_load(workflow.read_text()).items()
    }

    assert faults(content, "github-workflows") == []


@pytest.mark.parametrize("workflow", sorted(GITHUB.glob("workflows/*.yml")), ids=lambda f: f.name)
def test_every_action_is_pinned_to_a_commit(workflow: Path) -> None:
    used = re.findall(r"uses: (\S+)", workflow.read_text())

    assert [action for action in used if not re.search(r"@[0-9a-f]{40}$", action)] == []


@pytest.mark.parametrize(
    "form", sorted(GITHUB.glob("ISSUE_TEMPLATE/[!c]*.yml")), ids=lambda f: f.name
)
def test_github_accepts_the_form_of_an_issue(form: Path) -> None:
    assert faults(yaml.safe_load(form.read_text()), "github-issue-forms") == []


def test_renovate_accepts_its_configuration() -> None:
    assert faults(json.loads((ROOT / "renovate.json").read_text()), "renovate") == []


def test_renovate_reads_the_pin_of_every_chart_of_an_index() -> None:
    manager = json.loads((ROOT / "renovate.json").read_text())["customManagers"][0]
    pattern = manager["matchStrings"][0].replace("(?<", "(?P<")
    pins = "\n".join(file.read_text() for file in (ROOT / "helm_values").rglob("charts.py"))

    found = {match["depName"] for match in re.finditer(pattern, pins)}

    assert found == {"airflow", "cert-manager"}  # NGINX is in a registry, which has no index


@pytest.mark.parametrize("record", RECORDS, ids=lambda file: file.stem[:4])
def test_every_decision_record_has_a_date_and_a_status(record: Path) -> None:
    assert re.search(
        r"^\*\*Date:\*\* \d{4}-\d\d-\d\d\. "
        r"\*\*Status:\*\* (proposed|accepted|superseded by \[\d{4}\]\(\S+\))\.$",
        record.read_text(),
        re.M,
    )


def test_a_missing_number_among_the_decision_records_is_explained() -> None:
    numbers = {int(record.name[:4]) for record in RECORDS}
    missing = set(range(1, max(numbers))) - numbers
    explained = (ROOT / "docs" / "decisions" / "README.md").read_text()

    assert [number for number in missing if f"There is no {number:04}." not in explained] == []


def test_the_changelog_has_a_section_for_the_version_of_the_project() -> None:
    version = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(), re.M)

    assert version
    assert version[1] in (ROOT / "CHANGELOG.md").read_text()


def test_every_hook_runs_a_program_of_the_locked_environment() -> None:
    (repository,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]

    programs = [hook["entry"].split()[0] for hook in repository["hooks"]]
    assert repository["repo"] == "local"
    assert [program for program in programs if not (ROOT / program).exists()] == []
