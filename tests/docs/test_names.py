"""What the documentation names exists: make targets, files, resources, alerts' runbooks."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from observability.alerts import Alert, celery_alerts, database_alerts, prometheus_alerts
from observability.cluster import CLUSTER_ALERTS
from observability.egress import EGRESS_ALERTS
from tests import ROOT
from tests.docs.pages import PAGES, blocks, code, commands, name

ALERTS: list[Alert] = [
    *prometheus_alerts(),
    *celery_alerts(),
    *database_alerts(max_connections=50),
    *CLUSTER_ALERTS,
    *EGRESS_ALERTS,
]
TARGETS = set(re.findall(r"^([a-z-]+(?: [a-z-]+)*):", (ROOT / "Makefile").read_text(), re.M))
TARGETS = {target for line in TARGETS for target in line.split()}
# of a DAG author's own repository, whose Makefile the template brings
TEAM_TARGETS = set(
    re.findall(
        r"^([a-z-]+):",
        (ROOT / "templates/dag-repository/Makefile.jinja").read_text(),
        re.M,
    )
)
FOLDERS = {
    path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")
} - {"cdktf.out", "node_modules", "site", "sbom"}
OF_THE_READER = re.compile(r"environments/\w+\.toml")  # a company names its environments
FOR_AUTHORS = ("docs/training/", "docs/how-to/authors/", "docs/how-to/serve-dag-authors.md")


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    known = TARGETS | (TEAM_TARGETS if name(page).startswith(FOR_AUTHORS) else set())
    called = {
        word
        for command in commands(page)
        for words in re.findall(r"(?:^|&& |; )make ((?:[a-z-]+ ?)+)", command)
        for word in words.split()
    }

    assert called - known == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_file_of_the_project_that_is_named_exists(page: Path) -> None:
    named = {
        text
        for text in code(page)
        if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?", text) and text.split("/")[0] in FOLDERS
    }
    mine = {"dags/weekday.py", *(text for text in named if OF_THE_READER.fullmatch(text))}

    # the page of claims names tests from their folder on
    missing = {
        t for t in named - mine if not (ROOT / t).exists() and not (ROOT / "tests" / t).exists()
    }
    if name(page).startswith(FOR_AUTHORS):
        missing = {text for text in missing if not text.startswith(("dags/", "dbt/"))}
    assert missing == set()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_test_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)", page.read_text())

    def exists(file: str, test: str) -> bool:
        found = (ROOT / "tests").rglob(Path(file).name)
        return any(f"def {test}(" in each.read_text() for each in found)

    missing = [f"{file}::{test}" for file, test in named if not exists(file, test)]
    assert missing == []


@pytest.fixture(scope="module")
def resources(stacks: dict[str, Any]) -> set[str]:
    """The names of all resources of dev and prod."""
    text = json.dumps([stack["resource"] for stack in stacks.values()])
    return set(re.findall(r'"name": "([^"$]+)"', text))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_resource_that_a_command_names_is_one_that_the_stacks_make(
    page: Path, resources: set[str]
) -> None:
    text = "\n".join([*blocks(page, "bash"), *code(page)])
    text = re.sub(r"\$environment|<environment>", "dev", text)
    named = re.findall(
        r"\b(?:rg|aks|vnet|id|log|pep|bvault)-\w+-(?:dev|prod)(?:-[a-z]+)*|"
        r"\w+-dev\.private\.postgres\.database\.azure\.com",
        text,
    )

    unknown = set(named) - resources
    assert unknown == set()


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_has_a_runbook_of_its_name_and_severity(alert: Alert) -> None:
    text = (ROOT / alert.runbook).read_text()

    assert text.startswith(f"# {alert.name}\n")
    assert f"**Severity {alert.severity}.**" in text


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_runbook_says_what_to_look_at_what_to_fix_and_how_to_see_that_it_is_over(
    alert: Alert,
) -> None:
    text = (ROOT / alert.runbook).read_text()

    chapters = re.findall(r"^## (.*)$", text, re.M)
    assert [one for one in chapters if one != "Afterwards"] in (
        ["Look", "Fix", "Verify"],
        ["Look and fix", "Verify"],
    )


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_every_alert_is_in_the_table_of_the_chapter(alert: Alert) -> None:
    table = (ROOT / "docs/how-to/operate/README.md").read_text()

    assert f"[{alert.name}](alerts/{Path(alert.runbook).name}) | {alert.severity} |" in table


def test_no_runbook_is_left_of_an_alert_that_is_gone() -> None:
    pages = {file.name for file in (ROOT / "docs/how-to/operate/alerts").iterdir()}

    assert pages == {Path(alert.runbook).name for alert in ALERTS}


def test_the_mail_of_an_alert_names_its_runbook(stacks: dict[str, Any]) -> None:
    platform = stacks["platform-dev"]["resource"]
    groups = platform["azurerm_monitor_alert_prometheus_rule_group"].values()
    told = [rule["annotations"]["remedy"] for group in groups for rule in group["rule"]]
    told += [alert["description"] for alert in platform["azurerm_monitor_metric_alert"].values()]

    named = {match[1] for text in told if (match := re.search(r"Runbook: (\S+\.md)$", text))}
    of_celery = {alert.runbook for alert in celery_alerts()}
    assert named == {alert.runbook for alert in ALERTS} - of_celery


@pytest.mark.parametrize(
    "kind",
    ["azurerm_monitor_activity_log_alert", "azurerm_monitor_alert_processing_rule_action_group"],
)
def test_an_alert_that_azure_raises_by_itself_names_its_page(
    kind: str, stacks: dict[str, Any]
) -> None:
    rules = stacks["platform-dev"]["resource"][kind].values()

    pages = [rule["description"].rpartition("Runbook: ")[2] for rule in rules]
    assert [page for page in pages if not (ROOT / page).is_file()] == []
