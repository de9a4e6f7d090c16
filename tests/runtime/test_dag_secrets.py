"""Connections and variables of DAGs: from a Key Vault data plane, as the API server asks it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from helm_values.airflow.dag_secrets import dag_secret_values
from tests.helm_values.infrastructure import INFRASTRUCTURE
from tests.runtime.airflow_home import AirflowHome, Conversation
from tests.runtime.authority import Authority
from tests.runtime.vault import LoopbackVaults, loopback_vaults

SHARED, SALES = INFRASTRUCTURE.dag_vault_name, INFRASTRUCTURE.team_vault_names["sales-data"]
PREAMBLE = """
from concurrent.futures import ThreadPoolExecutor
from airflow.configuration import ensure_secrets_loaded
from airflow.models import Connection, Variable
from airflow_azure import key_vault
from airflow_azure.key_vault import KeyVaultSecrets, SecretUnavailableError

backend = ensure_secrets_loaded()[0]
client = backend._vaults[""].client

def put(name, value, team=""):
    backend._vaults[team].client.set_secret(name, value)

def connection(conn_id):
    return Connection.get_connection_from_secrets(conn_id)

def password(conn_id):
    return connection(conn_id).password

def error(call, *arguments):
    try:
        return f"no error: {call(*arguments)}"
    except Exception as raised:
        status = getattr(raised, "status_code", None)
        return f"{type(raised).__name__} {status}: {raised}"

def later(seconds):
    # as if the time had passed
    answers = backend._answers._kept
    for key, kept in list(answers.items()):
        answers[key] = kept._replace(asked=kept.asked - seconds)
    for vault in backend._vaults.values():
        vault._away_until -= seconds
"""


@pytest.fixture(scope="module")
def vaults(
    tmp_path_factory: pytest.TempPathFactory, token_endpoint: Authority
) -> Iterator[LoopbackVaults]:
    """The vault of all teams, and one of a team."""
    folder = tmp_path_factory.mktemp("vaults")
    with loopback_vaults(folder, token_endpoint, SHARED, SALES) as made:
        yield made


@pytest.fixture(scope="module")
def api_server(
    airflow: Path, tmp_path_factory: pytest.TempPathFactory, vaults: LoopbackVaults
) -> Iterator[Conversation]:
    """A process with the API server's variables, as synthesized."""
    home = AirflowHome(airflow, tmp_path_factory.mktemp("home"), dict(vaults.environment))
    values = dag_secret_values(INFRASTRUCTURE)
    home.environment |= {v["name"]: v["value"] for v in values["apiServer"]["env"]}
    home.environment["AIRFLOW_CONN_DATA_LAKE"] = '{"conn_type": "wasb", "host": "ours"}'
    with home.conversation(PREAMBLE) as process:
        yield process


@pytest.fixture
def asks(api_server: Conversation, vaults: LoopbackVaults) -> Conversation:
    """The process, with no answer kept, and a vault with a connection."""
    api_server.eval("backend._answers.__init__()")
    api_server.eval("[setattr(v, '_away_until', 0) for v in backend._vaults.values()]")
    api_server.eval(
        """put("airflow-connections-shop-api", '{"conn_type": "http",
        "host": "shop", "password": "of the shop"}')""".replace("\n", " ")
    )
    vaults.asked.clear()
    return api_server


def test_a_connection_is_read_as_the_pod_s_identity(asks: Conversation) -> None:
    assert asks.eval("password('shop_api')") == "of the shop"


def test_a_variable_is_read(asks: Conversation) -> None:
    asks.eval("put('airflow-variables-rate', '7')")

    assert asks.eval("Variable.get_variable_from_secrets('rate')") == "7"


def test_what_is_not_there_is_not_defined(asks: Conversation) -> None:
    told = asks.eval("error(password, 'nothing')")

    assert told == "AirflowNotFoundException 404: The conn_id `nothing` isn't defined"


@pytest.mark.parametrize("name", ["etl.rate", "rate of today", "größe", "x" * 200])
def test_a_name_that_key_vault_cannot_have_is_left_to_airflow_s_database(
    asks: Conversation, vaults: LoopbackVaults, name: str
) -> None:
    assert asks.eval(f"Variable.get_variable_from_secrets({name!r})") is None
    assert vaults.asked == []


def test_500_tasks_that_start_together_are_one_call(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    told = asks.eval("list(ThreadPoolExecutor(40).map(password, ['shop_api'] * 500))")

    assert told == ["of the shop"] * 500
    assert vaults.asked == [f"{SHARED}/secrets/airflow-connections-shop-api"]


def test_what_the_vault_does_not_have_is_not_asked_for_again_at_once(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    asks.eval("[error(password, 'nothing') for _ in range(50)]")

    assert len(vaults.asked) == 1


def test_a_new_value_counts_after_a_minute(asks: Conversation) -> None:
    asks.eval("put('airflow-variables-day', 'one')")
    before = asks.eval("Variable.get_variable_from_secrets('day')")
    asks.eval("put('airflow-variables-day', 'two')")
    at_once = asks.eval("Variable.get_variable_from_secrets('day')")

    asks.eval("later(60)")

    assert (before, at_once) == ("one", "one")
    assert asks.eval("Variable.get_variable_from_secrets('day')") == "two"


def test_the_platform_s_own_connections_are_never_asked_for(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    asks.eval("""put("airflow-connections-data-lake", '{"conn_type": "wasb", "host": "other"}')""")

    assert asks.eval("connection('data_lake').host") == "ours"
    assert vaults.asked == []


def test_a_name_that_begins_with_a_team_s_lies_in_the_team_s_vault(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    asks.eval("put('airflow-variables-sales-data-rate', 'ours', team='sales-data')")
    asks.eval("put('airflow-variables-sales-data-rate', 'of another team')")

    assert asks.eval("Variable.get_variable_from_secrets('sales_data_rate')") == "ours"
    assert vaults.asked == [f"{SALES}/secrets/airflow-variables-sales-data-rate"]


def test_a_team_s_name_in_capitals_leads_to_its_vault_too(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    asks.eval("Variable.get_variable_from_secrets('SALES_DATA_RATE')")

    assert vaults.asked == [f"{SALES}/secrets/airflow-variables-SALES-DATA-RATE"]


def test_a_team_s_vault_defines_nothing_for_others(asks: Conversation) -> None:
    asks.eval("put('airflow-variables-tax', 'of sales', team='sales-data')")

    assert asks.eval("Variable.get_variable_from_secrets('tax')") is None


def test_a_vault_that_is_away_is_an_error_that_says_so(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    with vaults.away():
        told = asks.eval("error(password, 'never_asked')")

    start = f"SecretUnavailableError 503: Key Vault https://{SHARED}{'.vault.azure.net/'} has no "
    assert told.startswith(f"{start}answer for connection 'never_asked': ")
    assert told.endswith(
        "Check its private endpoint and the DNS record, and the pod's workload identity"
    )


def test_behind_a_vault_that_is_away_nobody_waits_twice(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    with vaults.away():
        asks.eval("error(password, 'never_asked')")
    told = asks.eval("error(password, 'another')")
    asks.eval("later(10)")

    assert told.startswith("SecretUnavailableError 503: ")
    assert asks.eval("password('shop_api')") == "of the shop"


def test_a_vault_that_is_away_changes_nothing_for_what_was_asked_before(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    asks.eval("password('shop_api')")
    asks.eval("later(600)")

    with vaults.away():
        told = asks.eval("password('shop_api')")

    assert told == "of the shop"


def test_lost_rights_are_an_error_although_the_answer_is_known(
    asks: Conversation, vaults: LoopbackVaults
) -> None:
    asks.eval("password('shop_api')")
    asks.eval("later(600)")

    with vaults.without_rights(SHARED):
        told = asks.eval("error(password, 'shop_api')")

    assert told.startswith("SecretUnavailableError 424: ")
    assert "Caller is not authorized to perform action" in told
    assert "the role Key Vault Secrets User on the vault" in told


def test_a_refused_sign_in_is_named(asks: Conversation, token_endpoint: Authority) -> None:
    asks.eval("len([backend._vaults[''].__dict__.pop('client')])")
    token_endpoint.refuses = True
    try:
        told = asks.eval("error(password, 'shop_api')")
    finally:
        token_endpoint.reset()

    assert "AADSTS700213: No matching federated identity record" in told


@pytest.mark.parametrize("value", ["just a word", "{not json}", '["a"]'])
def test_a_secret_that_is_no_connection_is_named_and_never_shown(
    asks: Conversation, value: str
) -> None:
    asks.eval(f"put('airflow-connections-odd', {value!r})")

    told = asks.eval("error(password, 'odd')")

    assert told.startswith("SecretUnavailableError 424: secret airflow-connections-odd in ")
    assert value not in told
