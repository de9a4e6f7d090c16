"""Variables, connections and pools of the environment file: what is refused, and how."""

from typing import Any

import pytest

from conventions.faults import Fault
from environments.load import EnvironmentFileError, validate
from tests.environment_files import DEV, tables

REFUSALS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an option of Airflow as a variable": (
        {"env": {"AIRFLOW__CORE__PARALLELISM": "1"}},
        "AIRFLOW__CORE__PARALLELISM has a table of its own",
        "[airflow.config.<section>]",
    ),
    "a connection as a variable": (
        {"env": {"AIRFLOW_CONN_X": "http://x"}},
        "has a table of its own",
        "[airflow.connections.<id>]",
    ),
    "a variable of the platform": (
        {"env": {"AZURE_CLIENT_ID": "x"}},
        "AZURE_CLIENT_ID is set by the platform",
        "delete AZURE_CLIENT_ID",
    ),
    "a variable named as a secret": (
        {"env": {"DB_PASSWORD": "abc"}},
        "DB_PASSWORD = (hidden",
        "airflow.env_from_key_vault",
    ),
    "a value that looks like a secret": (
        {"env": {"STORE": "AccountKey=abc"}},
        "STORE = (hidden",
        "airflow.env_from_key_vault",
    ),
    "a name that is none": ({"env": {"A-B": "x"}}, "not of the required form", "STAGE"),
    "a number": ({"env": {"A": 1}}, "a whole number where text", 'write A = "1"'),
    "a secret of the platform": (
        {"env_from_key_vault": {"X": "airflow-fernet-key"}},
        "which no task may read",
        "give the name of one",
    ),
    "a secret of the platform in capitals, as Key Vault takes it": (
        {"env_from_key_vault": {"X": "Airflow-JWT-Secret"}},
        "which no task may read",
        "give the name of one",
    ),
    "an option that the platform sets": (
        {"env_from_key_vault": {"AIRFLOW__CORE__FERNET_KEY": "mine"}},
        "AIRFLOW__CORE__FERNET_KEY is set by the platform",
        "a key of its own",
    ),
    "a secret in two spellings": (
        {"env_from_key_vault": {"X": "mine", "Y": "Mine"}},
        "spells one secret in two ways",
        "write it alike",
    ),
    "a connection of the platform": (
        {"connections": {"warehouse": {"conn_type": "http"}}},
        "warehouse is a connection of the platform",
        "rename warehouse",
    ),
    "a connection with a password": (
        {"connections": {"shop": {"conn_type": "http", "password": "x"}}},
        "a password: what stands here can be read",
        "Key Vault",
    ),
    "a connection with a secret among its extras": (
        {"connections": {"shop": {"conn_type": "http", "extra": {"api_key": "abc"}}}},
        "shop.api_key = (hidden",
        "Key Vault",
    ),
    "a connection without a type": (
        {"connections": {"shop": {"host": "x"}}},
        "missing",
        "add conn_type",
    ),
    "a variable that is a secret": (
        {"variables": {"api_token": "abc"}},
        "api_token = (hidden",
        "Key Vault",
    ),
    "a secret among the chart's values": (
        {"chart_values": {"env": {"x": "AccountKey=abc"}}},
        "x = (hidden",
        "Key Vault",
    ),
    "a pool without slots": ({"pools": {"shop": {}}}, "missing", "add slots"),
    "a pool of less than nothing": ({"pools": {"shop": {"slots": -1}}}, "too small", "set 0"),
    "a pool of a name that Airflow refuses": (
        {"pools": {"a b": {"slots": 1}}},
        "not of the required form",
        "shop_api",
    ),
}


@pytest.mark.parametrize(("given", "problem", "fix"), REFUSALS.values(), ids=REFUSALS.keys())
def test_what_the_file_may_not_give_is_refused_with_the_way_out(
    given: dict[str, Any], problem: str, fix: str
) -> None:
    (fault,) = _refused(airflow=given)

    assert fault.key.startswith(f"airflow.{next(iter(given))}")
    assert problem in fault.problem
    assert fix in fault.fix
    assert fault.allowed


@pytest.mark.parametrize("spelled", ["entra-secret", "Entra-Secret"])
def test_tasks_may_not_read_the_secret_of_the_sign_in(spelled: str) -> None:
    (fault,) = _refused(
        airflow={"env_from_key_vault": {"X": spelled}},
        single_sign_on={"client_secret": "entra-secret"},
    )

    assert "each task could sign in as the application" in fault.problem


def test_tasks_may_not_read_the_private_key_of_the_host() -> None:
    (fault,) = _refused(
        airflow={"env_from_key_vault": {"X": "Host-TLS"}},
        ingress={"certificate": "key_vault", "key_vault_certificate": "host-tls"},
    )

    assert "each task could read the private key of the host" in fault.problem


@pytest.mark.parametrize("value", ["https://login.example.com/token", "true", "300", ""])
def test_a_name_like_a_secret_s_may_hold_what_is_none(value: str) -> None:
    made = tables(DEV)
    made["airflow"]["env"] = {"TOKEN_SETTING": value}

    assert validate(made, DEV).airflow.env == {"TOKEN_SETTING": value}


def _refused(**changes: dict[str, Any]) -> tuple[Fault, ...]:
    values = tables(DEV)
    for table, given in changes.items():
        values[table] |= given
    with pytest.raises(EnvironmentFileError) as caught:
        validate(values, DEV)
    return tuple(caught.value.faults)
