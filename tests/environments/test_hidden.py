"""A secret that was pasted into an environment file never stands in the refusal."""

import base64
import copy
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from environments.hidden import HIDDEN, RENEW, may_be_secret
from environments.load import EnvironmentFileError, read, validate
from tests import environment_files
from tests.examples import examples

Path_ = tuple[str, ...]
VALUES = tomllib.loads(environment_files.DEV.read_text())
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def text(random: Random, alphabet: str, length: int) -> str:
    return "".join(random.choices(alphabet, k=length))


SECRETS: dict[str, Callable[[Random], str]] = {
    "Entra's": lambda r: f"{text(r, LETTERS, 3)}8Q~{text(r, LETTERS + '0123456789~._-', 34)}",
    "storage key": lambda r: base64.b64encode(r.randbytes(64)).decode(),
    "Fernet key": lambda r: base64.urlsafe_b64encode(r.randbytes(32)).decode(),
    "connection string": lambda r: f"AccountName=x;AccountKey={text(r, LETTERS, 12)}",
    "address with a password": lambda r: f"postgresql://airflow:{text(r, LETTERS, 9)}@db/airflow",
    "access signature": lambda r: f"https://x.example/c?sv=1&sig={text(r, LETTERS, 20)}",
    "Azure DevOps token": lambda r: text(r, "abcdefghijklmnopqrstuvwxyz234567", 52),
    "private key": lambda r: f"-----BEGIN PRIVATE KEY-----\n{text(r, LETTERS, 40)}",
}


# What stands in a secret and is none
PUBLIC = (
    "postgresql://airflow: https://x.example/c?sv=1 AccountName=x;AccountKey= "
    "-----BEGIN PRIVATE KEY-----\n"
)


def keys(values: dict[str, Any], path: Path_ = ()) -> Iterator[Path_]:
    """Yield every key of the file, and an unknown one in each table."""
    yield (*path, "unknown")
    for key, value in values.items():
        yield (*path, key)
        if isinstance(value, dict):
            yield from keys(value, (*path, key))


def refusal(path: Path_, value: Any) -> str:
    values = copy.deepcopy(VALUES)
    table = values
    for part in path[:-1]:
        table = table[part]
    table[path[-1]] = value
    try:
        validate(values, Path("env.toml"))
    except EnvironmentFileError as error:
        return str(error)
    return ""


@examples(100)
@given(
    secret=st.builds(
        lambda kind, seed: SECRETS[kind](Random(seed)),
        st.sampled_from(sorted(SECRETS)),
        st.integers(0, 999),
    ),
    path=st.sampled_from(sorted(keys(VALUES))),
    wrap=st.sampled_from([lambda v: v, lambda v: [v], lambda v: {"inner": v}]),
)
def test_no_refusal_holds_a_part_of_a_secret(
    secret: str, path: Path_, wrap: Callable[[str], Any]
) -> None:
    message = refusal(path, wrap(secret))

    assume(message)
    parts = {secret[at : at + 9] for at in range(len(secret) - 8)}
    assert {part for part in parts if part in message and part not in PUBLIC} == set()


@pytest.mark.parametrize("key", ["password", "client_secret", "api_key", "SAS_TOKEN"])
def test_a_key_that_is_named_like_a_secret_hides_any_value(key: str) -> None:
    assert "hunter2" not in refusal((key,), "hunter2")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("single_sign_on", "client_secret"), "hunter2 "),
        (("single_sign_on", "client_secret"), "'hunter2'."),
        (("single_sign_on", "client_secret"), "https://hunter2/x"),
        (("airflow", "secret_owners"), "hunter2"),
        (("airflow", "secret_owners"), ["20262026202620262026202620262026 "]),
        (("key_vault", "secrets_version"), "20262026"),
        (("password",), 20262026),
    ],
)
def test_a_hidden_value_stands_nowhere_in_the_refusal(path: Path_, value: Any) -> None:
    message = refusal(path, value)

    assert HIDDEN in message
    assert "hunter2" not in message
    assert "20262026" not in message


def test_a_secret_in_capitals_is_not_told_in_small_letters() -> None:
    message = refusal(("ingress", "host"), "QwErTyUiOpAsDfGhJkLzXcVbNm.EXAMPLE.com")

    assert HIDDEN in message
    assert "qwertyuiop" not in message


def test_the_refusal_says_to_renew_the_secret() -> None:
    message = refusal(("password",), "hunter2")

    assert HIDDEN in message
    assert RENEW in message


def test_the_value_of_a_label_is_hidden_too(tmp_path: Path) -> None:
    secret = SECRETS["Fernet key"](Random(1))
    file = tmp_path / "env.toml"
    file.write_text(environment_files.DEV.read_text() + f'\n[tags]\n"a/b/c" = "{secret}"\n')

    with pytest.raises(EnvironmentFileError) as refused:
        read(file)

    assert secret not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        "/subscriptions/88888888-8888-4888-8888-888888888888/resourceGroups/rg-Hub01-WestEurope"
        "/providers/Microsoft.Network/virtualNetworks/vnet-hub-weu-001",
        "Standard_E16ads_v5-not-a-size",
        "sha256:0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9",
        "4f2c9d14f2c9d14f2c9d14f2c9d14f2c9d14f2c9",
        "airflow-dev-westeurope-2.corp.contoso-services.example.com",
        "NetworkSecurityGroupOfTheSubnet1",
        "privatelink.postgres.database.azure.com",
        "2026-13-45T99:99:99Z",
        "git@ssh.dev.azure.com:v3/contoso/data-platform/dags",
    ],
)
def test_a_wrong_value_that_is_no_secret_stays_readable(value: str) -> None:
    assert not may_be_secret(value)
