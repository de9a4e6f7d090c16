"""The page of limits has the numbers of the code, and each alert that it promises."""

import re

import pytest
from azure_facts.limits import FEDERATED_CREDENTIALS

from environments.airflow import Airflow
from environments.facts import max_connections
from environments.kubernetes import NodePool
from helm_values.airflow.settings import tuned
from observability.alerts import LONGEST_WAIT_MINUTES, SHARE_OF_CONNECTIONS, database_alerts
from tests import ROOT

PAGE = (ROOT / "docs/how-to/operate/capacity.md").read_text()
ROWS = re.findall(r"^\| (\d+) GiB[^|]*\| (\d+) \| (\d+) \| `(\w+)` \|$", PAGE, re.M)


def row(limit: str) -> str:
    (found,) = re.findall(rf"^\| {limit} \|.*$", PAGE, re.M)
    return str(found)


@pytest.mark.parametrize(("memory", "connections", "alert", "sku"), ROWS)
def test_the_connections_are_those_that_the_alert_is_set_by(
    memory: str, connections: str, alert: str, sku: str
) -> None:
    most = max_connections(sku)
    (rule,) = (
        one
        for one in database_alerts(max_connections=most)
        if one.name == "DatabaseConnectionsExhausted"
    )

    assert (int(connections), int(alert)) == (most, rule.threshold)


def test_every_size_of_memory_has_its_row() -> None:
    assert [memory for memory, *_ in ROWS] == ["2", "4", "8", "16", "32", "64"]


@pytest.mark.parametrize(
    ("limit", "number"),
    [
        ("connections of the database", f"{SHARE_OF_CONNECTIONS:.0%}".replace("%", " %")),
        ("storage of the database", "at 85 %"),
        ("tasks at a time", f"{Airflow.model_fields['parallelism'].default} unless set"),
        ("tasks at a time", f"{LONGEST_WAIT_MINUTES} minutes"),
        ("pods of a node", f"{NodePool.model_fields['max_pods'].default} unless set"),
        ("connections to one destination on the internet", "64,512 an address, 16 addresses"),
        ("federated credentials of an identity", f"| {FEDERATED_CREDENTIALS} |"),
    ],
)
def test_a_limit_has_the_number_of_the_code(limit: str, number: str) -> None:
    assert number in row(limit)


def test_the_starts_of_pods_are_those_that_the_scheduler_is_set_to() -> None:
    values = {option: value for _, option, value in tuned(Airflow.model_construct())}

    assert f"{values['worker_pods_creation_batch_size']} at a time" in row("starts of task pods")
