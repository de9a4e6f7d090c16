"""The command that writes a secret, against a Key Vault data plane."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.airflow_home import IMAGE
from tests.runtime.authority import Authority
from tests.runtime.vault import LoopbackVaults, loopback_vaults

VAULT = "kvdsairflowdev"
SHOP = '{"conn_type": "postgres", "host": "shop", "password": "hunter2"}'
Put = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def vaults(
    tmp_path_factory: pytest.TempPathFactory, token_endpoint: Authority
) -> Iterator[LoopbackVaults]:
    """One vault."""
    with loopback_vaults(tmp_path_factory.mktemp("vault"), token_endpoint, VAULT) as made:
        yield made


@pytest.fixture
def put(airflow: Path, vaults: LoopbackVaults) -> Put:
    """Run the command as somebody who is signed in, with a value on standard input."""

    def run(*arguments: str, value: str = "", **changed: Any) -> subprocess.CompletedProcess[str]:
        environment = os.environ | vaults.environment | {"PYTHONPATH": str(IMAGE)}
        environment |= {"VAULT_ACCESS_TOKEN": vaults.entra.token} | changed
        command = [str(airflow / "python"), "-m", "airflow_azure.put_secret", "--vault", VAULT]
        return subprocess.run(
            [*command, *arguments],
            env=environment,
            input=value,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_a_connection_is_written_under_the_name_that_airflow_asks_for(
    put: Put, vaults: LoopbackVaults
) -> None:
    done = put("--connection", "shop_db", value=f"{SHOP}\n")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"connection shop_db is in {VAULT}; tasks read the new value within a minute\n"
    )
    assert vaults.value(VAULT, "airflow-connections-shop-db") == SHOP


def test_a_variable_is_written_as_it_is(put: Put, vaults: LoopbackVaults) -> None:
    put("--variable", "rate", value="a = b\nc")

    assert vaults.value(VAULT, "airflow-variables-rate") == "a = b\nc"


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("", "the value is empty"),
        ("hunter2", "neither JSON nor a URI; for example "),
        ('{"password": "hunter2",}', "no JSON, at character 24; for example "),
        ('{"host": "shop", "password": "hunter2"}', "it has no conn_type; for example "),
    ],
)
def test_what_is_no_connection_is_refused_and_not_shown(put: Put, value: str, fault: str) -> None:
    done = put("--connection", "odd", value=value)

    assert done.returncode == 2
    assert done.stderr.startswith(f"connection odd: {fault}")
    assert "hunter2" not in done.stderr


def test_a_name_that_key_vault_cannot_have_is_refused(put: Put) -> None:
    done = put("--connection", "shop.db", value=SHOP)

    assert done.returncode == 2
    assert "'shop.db' cannot be a secret's name: letters, digits, _ and - only" in done.stderr


def test_without_rights_it_says_which_group_to_be_in(put: Put, vaults: LoopbackVaults) -> None:
    with vaults.without_rights(VAULT):
        done = put("--connection", "shop_db", value=SHOP)

    assert done.returncode == 1
    assert "you must be in the group that owns the vault" in done.stderr


def test_outside_of_the_network_it_says_so(put: Put, vaults: LoopbackVaults) -> None:
    with vaults.away():
        done = put("--connection", "shop_db", value=SHOP)

    assert done.returncode == 1
    assert "reached from inside its network only: VPN, or the jump host" in done.stderr


def test_a_missing_token_comes_with_the_command_that_gets_one(put: Put) -> None:
    done = put("--connection", "shop_db", value=SHOP, VAULT_ACCESS_TOKEN="")

    assert done.returncode == 2
    assert "az account get-access-token --resource https://vault.azure.net" in done.stderr
