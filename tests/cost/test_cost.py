"""What is said of the price of an environment, and what is not."""

import time
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from synthesis.reader import Synthesis
from tests.cost.conftest import Cost
from tools.cost.cost_report import CostReport
from tools.cost.items import BY_USE, items, left_out
from tools.cost.prices import API, FILE, Price, Prices

# no bill has them: rules, rights, records, names, and what is billed with what they belong to
PRICED = {
    "container_registry",
    "kubernetes_cluster",
    "kubernetes_cluster_node_pool",
    "nat_gateway",
    "postgresql_flexible_server",
    "private_dns_zone",
    "private_endpoint",
    "public_ip_prefix",
}
FREE = {
    "consumption_budget_subscription",
    "data_protection_backup_instance_kubernetes_cluster",
    "data_protection_backup_policy_kubernetes_cluster",
    "disk_encryption_set",
    "federated_identity_credential",
    "key_vault_key",
    "key_vault_secret",
    "kubernetes_cluster_extension",
    "kubernetes_cluster_trusted_access_role_binding",
    "management_lock",
    "monitor_action_group",
    "monitor_activity_log_alert",
    "monitor_alert_processing_rule_action_group",
    "monitor_data_collection_rule",
    "monitor_data_collection_rule_association",
    "monitor_diagnostic_setting",
    "nat_gateway_public_ip_prefix_association",
    "network_security_group",
    "postgresql_flexible_server_active_directory_administrator",
    "postgresql_flexible_server_configuration",
    "postgresql_flexible_server_database",
    "private_dns_zone_virtual_network_link",
    "resource_group",
    "resource_group_policy_assignment",
    "role_assignment",
    "security_center_contact",
    "storage_container",
    "storage_management_policy",
    "subnet",
    "subnet_nat_gateway_association",
    "subnet_network_security_group_association",
    "user_assigned_identity",
    "virtual_network",
}


def line(text: str, what: str) -> list[str]:
    """Return the cells of one row."""
    (found,) = [row for row in text.splitlines() if row.startswith(f"| {what}, ")]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_every_type_of_the_stacks_is_priced_named_or_free(stacks: dict[str, Any]) -> None:
    made = {type_ for stack in stacks.values() for type_ in stack.get("resource", {})}
    azurerm = {type_ for type_ in made if type_.startswith("azurerm_")}

    assert azurerm - set(BY_USE) - {f"azurerm_{name}" for name in FREE | PRICED} == set()


def test_a_row_without_a_price_says_so(cost: Cost) -> None:
    done = cost("show", "--environment", "dev")

    assert done.exit_code == 0
    assert line(done.output, "node Standard_D4ds_v5")[2] == "no price"
    assert done.output.startswith("## ✅ Price of `dev`: no prices; fetch them: make prices")


@pytest.mark.parametrize(
    ("what", "count", "amount"),
    [
        ("node Standard_D4ds_v5", "1 to 3", "1,460 to 4,380 USD"),  # 730 hours a month
        ("spot node Standard_D4ds_v5", "0 to 6", "0 to 2,190 USD"),
        ("PostgreSQL server B_Standard_B2s", "1", "2,190 USD"),
        ("PostgreSQL storage, each GiB", "32", "3 USD"),
        ("private endpoint", "6", "44 USD"),
        ("registry Premium", "1", "730 USD"),
        ("NAT gateway StandardV2", "1", "219 USD"),  # one of the two regions comes first
    ],
)
def test_a_price_is_counted_for_a_month(
    cost: Cost, fetched: Result, what: str, count: str, amount: str
) -> None:
    assert line(cost("show", "--environment", "dev").output, what)[1:3] == [count, amount]


def test_room_for_tasks_and_workers_that_stay_keep_nodes(with_both_executors: Path) -> None:
    counted = {item.what: item for item in items(Synthesis.load(with_both_executors).stacks)}

    # a node has room for seven tasks, or for three workers: one node for either alone
    nodes = counted["spot node Standard_D4ds_v5"]
    assert (nodes.least, nodes.most) == (2, 6)


def test_a_price_stands_with_its_source_and_day(cost: Cost, fetched: Result) -> None:
    said = line(cost("show", "--environment", "dev").output, "node Standard_D4ds_v5")[3]

    assert said == f"2 / 1 Hour, {API}, {date.today()}"


def test_what_azure_does_not_name_is_told_and_stays_without(fetched: Result) -> None:
    assert fetched.exit_code == 1
    assert "no price: AKS control plane, tier Standard, westeurope: Azure names none" in (
        fetched.output
    )


def test_two_prices_that_fit_are_none(
    cost: Cost, rows: list[dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    rows.append({**rows[4], "retailPrice": 1.5})

    done: Result = request.getfixturevalue("fetched")

    assert "node Standard_D2ds_v5, westeurope: 2 different prices fit" in done.output


def test_a_quote_stays_and_goes_first(
    cost: Cost, home: Path, request: pytest.FixtureRequest
) -> None:
    quote = Price(
        item="node Standard_D4ds_v5, westeurope",
        amount=1.0,
        unit="1 Hour",
        source="quote 4711",
        read=date(2026, 11, 1),
    )
    Prices(currency="USD", rows=[quote]).write(home / FILE)

    request.getfixturevalue("fetched")

    said = line(cost("show", "--environment", "dev").output, "node Standard_D4ds_v5")
    assert said[2:] == ["730 to 2,190 USD", "1 / 1 Hour, quote 4711, 2026-11-01"]


def test_the_table_names_the_meter_of_each_row(home: Path, fetched: Result) -> None:
    table = tomllib.loads((home / FILE).read_text())

    (row,) = [row for row in table["price"] if row["item"].startswith("spot node")]
    assert row["meter"] == "Linux, D4ds v5 Spot, D4ds v5 Spot"


def test_another_currency_is_asked_for(cost: Cost, api: Any, home: Path) -> None:
    address = f"http://127.0.0.1:{api.server_address[1]}/"

    cost("fetch", "--source", address, "--currency", "EUR")

    assert {query["currencyCode"][0] for query in api.asked} == {"'EUR'"}
    assert tomllib.loads((home / FILE).read_text())["currency"] == "EUR"


def test_no_way_to_the_api_leaves_the_table_as_it_was(
    cost: Cost, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)

    done = cost("fetch", "--source", "http://127.0.0.1:1/")

    assert waited  # it asked again
    assert (done.exit_code, (home / FILE).exists()) == (2, False)
    assert "gives no prices" in done.output


def test_a_table_that_is_none_is_refused(cost: Cost, home: Path) -> None:
    (home / FILE).write_text('currency = "USD"\n[[price]]\nitem = "node"\n')

    done = cost("show")

    assert done.exit_code == 2
    assert "price[0].amount: missing" in done.output


def test_a_row_may_have_the_time_at_which_it_was_read(tmp_path: Path) -> None:
    row = 'item = "x"\namount = 1\nunit = "1 Hour"\nsource = "quote"\nread = 2026-11-01T10:00:00Z\n'
    (tmp_path / FILE).write_text(f'currency = "USD"\n[[price]]\n{row}')

    assert [row.read for row in Prices.read(tmp_path / FILE).rows] == [date(2026, 11, 1)]


def test_a_unit_that_is_no_time_is_refused(cost: Cost, home: Path) -> None:
    row = 'amount = 1\nunit = "1 Unit"\nsource = "quote"\nread = 2026-11-01\n'
    text = f'currency = "USD"\n[[price]]\nitem = "private endpoint, westeurope"\n{row}'
    (home / FILE).write_text(text)

    done = cost("show", "--environment", "dev")

    assert done.exit_code == 2
    assert "allowed: 1 Hour, 1/Day" in done.output


def test_what_depends_on_use_is_named(cost: Cost) -> None:
    said = cost("show", "--environment", "prod").output

    assert "- Log Analytics: each GB of logs, and their retention" in said


def test_a_change_shows_what_it_costs_more(synthesized: Path) -> None:
    stacks = Synthesis.load(synthesized).select("dev").stacks
    after = items(stacks)
    before = [item for item in after if not item.what.startswith("private endpoint")]
    price = Price(
        item="private endpoint, westeurope",
        amount=0.01,
        unit="1 Hour",
        source="quote",
        read=date(2026, 11, 1),
    )

    text = CostReport(
        environment="dev",
        items=after,
        left_out=left_out(stacks),
        prices=Prices(rows=[price]),
        before=before,
    ).to_markdown()

    assert "The change: +44 USD a month." in text
    assert "| private endpoint, westeurope | none | 6 | 0 | 44 USD |" in text


def test_a_change_that_costs_nothing_says_so(synthesized: Path) -> None:
    stacks = Synthesis.load(synthesized).select("dev").stacks

    text = CostReport(
        environment="dev", items=items(stacks), left_out=[], prices=Prices(), before=items(stacks)
    ).to_markdown()

    assert "The change adds nothing to it and takes nothing away." in text
