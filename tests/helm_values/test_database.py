"""How components reach the metadata database."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from conventions.components import LONG_RUNNING, Component
from helm_values.airflow.release import airflow_values
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values

CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def address(values: Values, component: str) -> Any:
    (url,) = [v["value"] for v in values[component]["env"] if v["name"] == CONN]
    return urlsplit(url)


@pytest.mark.parametrize("component", LONG_RUNNING, ids=lambda component: component.name)
def test_each_component_signs_in_to_the_database_as_its_own_identity(
    values_of_dev: Values, infra: Infrastructure, component: Component
) -> None:
    found = address(values_of_dev, component.chart_key)

    assert found.username == infra.identities[component].name


@pytest.mark.parametrize("component", [component.chart_key for component in LONG_RUNNING])
def test_no_address_of_the_database_holds_a_password(values_of_dev: Values, component: str) -> None:
    assert address(values_of_dev, component).password is None


def test_the_server_s_certificate_and_name_are_checked(values_of_dev: Values) -> None:
    query = parse_qs(address(values_of_dev, "scheduler").query)

    assert query["sslmode"] == ["verify-full"]


def test_a_component_waits_for_migrations_with_the_address_it_will_use(
    values_of_dev: Values,
) -> None:
    scheduler = values_of_dev["scheduler"]

    assert scheduler["waitForMigrations"]["env"][0] in scheduler["env"]


def test_workers_do_not_know_the_database(values: Values) -> None:
    kinds = [values["workers"][key] for key in ("kubernetes", "celery") if key in values["workers"]]

    assert kinds
    assert not [v for workers in kinds for v in workers["env"] if v["name"].startswith(CONN)]


def test_components_use_the_pooler_where_there_is_one(environments: Any, infra: Any) -> None:
    values = airflow_values(environments["prod"], infra)

    assert address(values, "scheduler").port == 6432


def test_async_sessions_go_past_the_pooler(environments: Any, infra: Any) -> None:
    env = airflow_values(environments["prod"], infra)["apiServer"]["env"]

    (url,) = [v["value"] for v in env if v["name"] == f"{CONN}_ASYNC"]
    assert (urlsplit(url).scheme, urlsplit(url).port) == ("postgresql+asyncpg", 5432)


def test_the_chart_does_not_lay_its_empty_local_settings_over_the_image_s(values: Values) -> None:
    assert values["airflowLocalSettings"] == ""
