"""The house rules, from what an import showed to what an author reads."""

from pathlib import Path
from typing import Any

import pytest
from check_dags.findings import Finding
from check_dags.rules import findings_of, line_of_dag

BOTH = ("KubernetesExecutor", "CeleryExecutor")
GOOD: dict[str, Any] = {
    "dag_id": "orders",
    "owners": ["sales"],
    "tags": ["orders"],
    "doc": True,
    "access_control": False,
    "pods": [],
    "executors": [],
    "starts_of_dbt": 1,
    "not_retried": [],
}


def file_with(tmp_path: Path, dag: dict[str, Any], **facts: Any) -> dict[str, Any]:
    """Return the facts of one file that defines one DAG."""
    file = tmp_path / "orders.py"
    file.write_text("from airflow.sdk import DAG\n\nDAG('orders')\n")
    return {"file": str(file), "seconds": 0.1, "talks": [], "dags": [dag], **facts}


def test_a_dag_that_follows_the_rules_has_no_findings(tmp_path: Path) -> None:
    assert list(findings_of([file_with(tmp_path, GOOD)], 5, BOTH)) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"owners": ["airflow"]}, "owner"),
        ({"owners": ["airflow", "sales"]}, "owner"),
        ({"owners": []}, "owner"),
        ({"tags": []}, "tags"),
        ({"doc": False}, "doc"),
        ({"not_retried": ["load"]}, "retries"),
        ({"executors": ["task load: no worker listens to the queue big"]}, "executor"),
        ({"starts_of_dbt": 4}, "dbt-pods"),
    ],
)
def test_each_broken_rule_is_found_at_the_line_of_its_dag(
    tmp_path: Path, change: dict[str, Any], rule: str
) -> None:
    found = list(findings_of([file_with(tmp_path, GOOD | change)], 5, BOTH))

    assert [(finding.rule, finding.line) for finding in found] == [(rule, 3)]


def test_a_slow_import_is_told_with_both_times(tmp_path: Path) -> None:
    [found] = findings_of([file_with(tmp_path, GOOD, seconds=7.25)], 5, BOTH)

    assert found.problem == "importing the file took 7.2 s, 5 s are allowed"


def test_a_line_that_talks_twice_is_told_once(tmp_path: Path) -> None:
    talk = {"file": "orders.py", "line": 9, "what": "a network connection"}

    found = list(findings_of([file_with(tmp_path, GOOD, talks=[talk, talk])], 5, BOTH))

    assert [(finding.rule, finding.line) for finding in found] == [("import-io", 9)]


def test_of_two_dags_in_a_file_the_right_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text("@dag()\ndef one():\n    ...\n\n\n@dag(dag_id='two')\ndef other():\n    ...\n")

    assert (line_of_dag(file, "one"), line_of_dag(file, "two")) == (1, 6)


def test_a_message_for_azure_stays_on_one_line() -> None:
    finding = Finding(Path("a.py"), 3, "import", "50% of it\nis wrong", "Correct it.")

    assert finding.as_azure() == (
        "##vso[task.logissue type=error;sourcepath=a.py;linenumber=3;code=import]"
        "[import] 50%AZP25 of it is wrong Correct it."
    )


def test_the_name_of_a_file_gives_the_pipeline_no_command() -> None:
    file = Path("x];a=b\n##vso[task.setvariable variable=PATH]evil.py")
    finding = Finding(file, 1, "import", "gone\r\n##vso[task.complete]", "100 %")

    line = finding.as_azure()

    assert line.splitlines() == [line]
    assert line.startswith(
        "##vso[task.logissue type=error;sourcepath=x%5D%3Ba=b%0A##vso[task.setvariable variable="
        "PATH%5Devil.py;linenumber=1;code=import]"
    )


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        ("airflow_client", "get-a-package.md"),
        ("pandas", "get-a-package.md"),
        ("airflow.operators.subdag", "correct the line"),
    ],
)
def test_a_package_that_is_missing_is_told_how_to_get(
    tmp_path: Path, module: str, advice: str
) -> None:
    error = f"ModuleNotFoundError: No module named '{module}'"
    facts = {"file": str(tmp_path / "orders.py"), "error": error, "line": 1, "dags": []}

    (found,) = findings_of([facts], 5, BOTH)

    assert advice in str(found)
