"""Settings of a company beside Airflow's own: what is refused, and how."""

from typing import Any

import pytest

from environments.load import EnvironmentFileError, validate
from environments.model import Environment
from environments.notes import notes
from tests.environment_files import DEV, tables

GIT = {"dags": "git", "git": {"repository": "https://example.com/dags"}}
SSH = {"dags": "git", "git": {"repository": "ssh://git@example.com/dags"}}
ZONE = "/subscriptions/{}/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/{}"
OWN, FOREIGN = "11111111-1111-4111-8111-111111111111", "88888888-8888-4888-8888-888888888888"
FIXED = {"address": "10.40.15.254"}
REFUSALS: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "a tag of ours": ("tags", {"more": {"Owner": "x"}}, "Owner and owner", "rename"),
    "a tag twice": ("tags", {"more": {"a": "1", "A": "2"}}, "A and a", "delete one"),
    "a tag of a bad name": ("tags", {"more": {"a/b": "x"}}, "not of the required form", "business"),
    "a tag that Azure keeps": (
        "tags",
        {"more": {"azureX": "x"}},
        "not of the required",
        "business",
    ),
    "a tag of two lines": ("tags", {"more": {"a": "x\ny"}}, "not of the required form", "north"),
    "too many tags": (
        "tags",
        {"more": {f"t{number}": "x" for number in range(45)}},
        "51 tags with the 6",
        "delete 1",
    ),
    "a tag that is set and ignored": (
        "tags",
        {"more": {"unit": "x"}, "ignored": ["Unit"]},
        "Unit and unit",
        "delete one",
    ),
    "an extension that is none": (
        "postgres",
        {"extensions": ["postgiss"]},
        "not an extension of the server",
        'set "postgis"',
    ),
    "a namespace of the platform": (
        "airflow",
        {"task_namespaces": ["airflow"]},
        "airflow belongs to the platform",
        "delete it",
    ),
    "a namespace of Microsoft's": (
        "airflow",
        {"task_namespaces": ["kube-system"]},
        "kube-system belongs to the platform",
        "delete it",
    ),
    "a namespace twice": (
        "airflow",
        {"task_namespaces": ["spark", "spark"]},
        "names spark twice",
        "delete the second",
    ),
    "a namespace that is none": (
        "airflow",
        {"task_namespaces": ["Spark_1"]},
        "not of the required form",
        "spark",
    ),
    "ssh without a key": ("airflow", SSH, "nothing gives the key", "AIRFLOW_CONN_GIT_DEFAULT"),
    "ssh without a user": (
        "airflow",
        {"dags": "git", "git": {"repository": "ssh://example.com/dags"}},
        "not of the required form",
        "https://example.com/dags",
    ),
    "folders without that of the DAGs": (
        "airflow",
        {"dags": "git", "git": GIT["git"] | {"sparse_dirs": ["sql"]}},  # type: ignore[operator]
        "without the folder of the DAGs",
        'add "dags"',
    ),
    "a folder outside of the repository": (
        "airflow",
        {"dags": "git", "git": GIT["git"] | {"sparse_dirs": ["../x"]}},  # type: ignore[operator]
        "not of the required form",
        "dags",
    ),
    "an address outside of the nodes' subnet": (
        "ingress",
        {"address": "10.40.16.9"},
        "none of network.aks_nodes = 10.40.0.0/20",
        'set ingress.address = "10.40.15.254"',
    ),
    "an address that Azure keeps": ("ingress", {"address": "10.40.0.1"}, "none of", "10.40.15.254"),
    "no address at all": ("ingress", {"address": "x"}, "not an IPv4 address", "10.0.0.4"),
    "a private address for a public load balancer": (
        "ingress",
        FIXED | {"internal": False},
        "while ingress.internal = false",
        "delete it",
    ),
    "a record without an address": (
        "ingress",
        {"record_zone_id": ZONE.format(OWN, "example.com")},
        "without an address",
        "set ingress.address",
    ),
    "a zone of another name": (
        "ingress",
        FIXED | {"record_zone_id": ZONE.format(OWN, "example.org")},
        "the zone example.org does not hold",
        "correct the host",
    ),
    "a zone of another subscription": (
        "ingress",
        FIXED | {"record_zone_id": ZONE.format(FOREIGN, "example.com")},
        f"lies in the subscription {FOREIGN}",
        "the owner of the zone",
    ),
    "a zone that is none": (
        "ingress",
        FIXED | {"record_zone_id": "example.com"},
        "not of the required form",
        "privateDnsZones",
    ),
    "hours of nobody": (
        "hibernation",
        {"start_hour": 9, "stop_hour": 9},
        "less than two hours after start_hour = 9",
        "set 11",
    ),
    "a zone that is no zone": (
        "hibernation",
        {"time_zone": "Europe/Berlinn"},
        "not a time zone",
        'set "Europe/Berlin"',
    ),
    "a day twice": ("hibernation", {"days": ["Monday", "Monday"]}, "names Monday twice", "delete"),
    "no day at all": ("hibernation", {"days": []}, "too few", "Sunday"),
    "a request of no size": ("ingress", {"max_body_mib": 0}, "too small", "set 1"),
}


def made(table: str, given: dict[str, Any]) -> Environment:
    values = tables(DEV)
    values.setdefault(table, {}).update(given)
    return validate(values, DEV)


@pytest.mark.parametrize(
    ("table", "given", "problem", "fix"), REFUSALS.values(), ids=REFUSALS.keys()
)
def test_what_does_not_fit_is_refused_with_the_way_out(
    table: str, given: dict[str, Any], problem: str, fix: str
) -> None:
    with pytest.raises(EnvironmentFileError) as caught:
        made(table, given)

    (fault,) = caught.value.faults
    assert fault.key.startswith(table)
    assert problem in fault.problem
    assert fix in fault.fix
    assert fault.allowed


def test_ssh_with_a_connection_from_the_vault_is_taken() -> None:
    variables = {"AIRFLOW_CONN_GIT_DEFAULT": "git-connection"}

    git = made("airflow", SSH | {"env_from_key_vault": variables}).airflow.git

    assert git is not None
    assert git.port == 22


def test_a_synth_notes_that_a_stopped_cluster_is_not_upgraded() -> None:
    values = tables(DEV) | {"hibernation": {"time_zone": "Europe/Berlin"}}
    values["kubernetes"]["maintenance"] = {"day": "Sunday", "start_hour": 3}

    (note,) = notes(validate(values, DEV))

    assert (
        "from Sunday 03:00 UTC for 4 hours, lies where [hibernation] has the cluster stopped"
    ) in note
    assert "begins on Monday at 06:45 UTC" in note


@pytest.mark.parametrize(("day", "start_hour"), [("Tuesday", 12), ("Monday", 4)])
def test_a_synth_notes_nothing_of_a_window_that_reaches_into_its_hours(
    day: str, start_hour: int
) -> None:
    values = tables(DEV) | {"hibernation": {"time_zone": "Europe/Berlin", "start_hour": 7}}
    values["kubernetes"]["maintenance"] = {"day": day, "start_hour": start_hour, "hours": 4}

    assert list(notes(validate(values, DEV))) == []


@pytest.mark.parametrize(("executor", "count"), [("KubernetesExecutor", 1), ("CeleryExecutor", 0)])
def test_a_synth_notes_that_each_task_clones_the_history(executor: str, count: int) -> None:
    found = list(notes(made("airflow", GIT | {"executors": [executor]})))

    assert len(found) == count
    assert all("whole history" in note for note in found)


def test_without_git_there_is_nothing_to_note() -> None:
    assert list(notes(made("airflow", {}))) == []
