"""No text of an environment file becomes an expression of Terraform's."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from environments.load import EnvironmentFileError, validate
from tests.synthesizing import synthesize_to

FILE = Path("dev.toml")
MARK = '${file("x")}'
IN_GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-x/providers/"
ZONES = f"{IN_GROUP}Microsoft.Network/privateDnsZones/"
ID = "33333333-3333-4333-8333-333333333333"
# One text at least of each kind that dev.toml of the tests does not hold
FURTHER: dict[str, Any] = {
    "tags": {"more": {"unit": "north"}, "ignored": ["CreatedBy"]},
    "network": {
        "hub": {"virtual_network_id": f"{IN_GROUP}Microsoft.Network/virtualNetworks/hub"},
        "dns": {"blob": f"{ZONES}privatelink.blob.core.windows.net"},
        "proxy": {"url": "http://proxy.example.com:3128", "address": "10.0.0.9"},
    },
    "key_vault": {"given_id": f"{IN_GROUP}Microsoft.KeyVault/vaults/kv"},
    "monitoring": {
        "given_workspace": {
            "id": f"{IN_GROUP}Microsoft.OperationalInsights/workspaces/w",
            "customer_id": ID,
        },
        "alert_webhooks": ["https://hooks.example.com/azure"],
        "alert_action_groups": [f"{IN_GROUP}Microsoft.Insights/actionGroups/ag"],
        "runbooks": "https://docs.example.com/airflow",
    },
    "airflow": {
        "dags": "git",
        "git": {"repository": "https://example.com/dags", "branch": "main"},
        "env": {"STAGE": "test"},
        "variables": {"currency": "EUR"},
        "connections": {"shop": {"conn_type": "http", "host": "h", "extra": {"a": "b"}}},
        "pools": {"shop": {"slots": 3, "description": "calls"}},
        "config": {"logging": {"log_format": "x"}},
        "chart_values": {"labels": {"x": "y"}},
    },
    "single_sign_on": {"role_names": {"admin": "A.Admin"}},
    "teams": {
        "sales": {"pipeline_issuer": "https://login.example.com/v2.0", "pipeline_subject": "s"}
    },
    "acknowledged": {"postgres 14": {"reason": "a longer reason than none", "until": "2027-03-31"}},
}


@pytest.fixture
def wide(dev_values: dict[str, Any]) -> dict[str, Any]:
    """Values of an environment that says much."""
    for table, values in FURTHER.items():
        dev_values[table] = {**dev_values.get(table, {}), **values}
    dev_values["key_vault"].pop("soft_delete_retention_days", None)
    validate(dev_values, FILE)
    return dev_values


def texts(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each text."""
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from texts(inner, (*at, key))
    elif isinstance(value, str):
        yield at


def marked(values: dict[str, Any], at: tuple[Any, ...], mark: str) -> dict[str, Any]:
    """Return a copy with a mark at the end of one text."""
    made = copy.deepcopy(values)
    place = made
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] += mark
    return made


def taken(values: dict[str, Any]) -> bool:
    """Say whether the values are those of an environment."""
    try:
        validate(values, FILE)
    except EnvironmentFileError:
        return False
    return True


def test_an_expression_is_refused_or_written_as_text(wide: dict[str, Any], tmp_path: Path) -> None:
    for at in list(texts(wide)):
        if taken(changed := marked(wide, at, MARK)):
            wide = changed

    synthesize_to(tmp_path, validate(wide, FILE))

    written = "".join(file.read_text() for file in tmp_path.glob("stacks/*/cdk.tf.json"))
    assert "$${file(" in written
    assert not re.findall(r'(?<!\$)\$\{file\(\\+"x', written)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("tags", {"more": {"unit": MARK}}),
        ("tags", {"more": {MARK: "north"}}),
        ("tags", {"more": {"unit": "%{ if true }north%{ endif }"}}),
        ("airflow", {"env": {"STAGE": "${TfToken[TOKEN.0]}"}}),
    ],
)
def test_the_refusal_names_the_expression(
    dev_values: dict[str, Any], table: str, values: dict[str, Any]
) -> None:
    dev_values[table] = {**dev_values[table], **values}

    with pytest.raises(EnvironmentFileError) as caught:
        validate(dev_values, FILE)

    assert any("takes for an expression" in fault.problem for fault in caught.value.faults)


def test_airflow_gets_what_looks_like_an_expression_to_terraform(
    dev_values: dict[str, Any],
) -> None:
    dev_values["airflow"]["env"] = {"GREETING": "hello ${NAME}"}

    assert validate(dev_values, FILE).airflow.env == {"GREETING": "hello ${NAME}"}
