"""checkov really runs over the synthesized stacks, and the verdict is the one that we publish."""

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from synthesis.resources import EnvironmentStacks
from tests import environment_files
from tests.parts.skips import missing
from tools.policy import checkov, policy_report, rules, waivers
from tools.policy.__main__ import OURS
from tools.policy.corrections import corrected
from tools.policy.errors import GateError
from tools.policy.gate import Verdict, judge
from tools.policy.results import Result

# An environment `worse` beside the real ones: prod's cluster with its local account switched on, in
# the tier above Standard, and its registry in a region without zones
WORSE = "platform-worse"


@pytest.fixture(scope="module")
def scanned(
    a_program: None, synthesized: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[Result]:
    folder = tmp_path_factory.mktemp("scanned")
    shutil.copytree(synthesized / "stacks", folder / "stacks")
    worse = json.loads((folder / "stacks" / "platform-prod" / "cdk.tf.json").read_text())
    worse["resource"]["azurerm_kubernetes_cluster"]["aks"]["local_account_disabled"] = False
    worse["resource"]["azurerm_kubernetes_cluster"]["aks"]["sku_tier"] = "Premium"
    (registry,) = worse["resource"]["azurerm_container_registry"].values()
    registry |= {"location": "westus", "zone_redundancy_enabled": False}
    for account in worse["resource"]["azurerm_storage_account"].values():
        account["account_replication_type"] = "ZRS"
    network = {"address_space": ["10.50.0.0/16"], "dns_servers": ["10.0.0.4"]}
    worse["resource"]["azurerm_virtual_network"] = {"spoke": network}
    (folder / "stacks" / WORSE).mkdir()
    (folder / "stacks" / WORSE / "cdk.tf.json").write_text(json.dumps(worse, indent=2))
    try:
        return checkov.scan(folder)
    except GateError as error:
        if "cannot be installed" in str(error):
            missing(str(error))
        raise


@pytest.fixture(scope="module")
def verdict(scanned: list[Result], stacks: dict[str, Any]) -> Verdict:
    results = [result for result in scanned if result.environment != "worse"]
    for environment in ("dev", "prod"):
        own = {
            name.removesuffix(f"-{environment}"): content
            for name, content in stacks.items()
            if name.endswith(f"-{environment}")
        }
        results += rules.apply(EnvironmentStacks(environment, own))
    excuses = [*waivers.load(OURS), *waivers.load(environment_files.WAIVERS)]
    return judge(results, excuses)


def test_where_no_result_can_be_kept_checkov_runs_all_the_same(
    scanned: list[Result], synthesized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = Path("stacks", "network-dev")
    shutil.copytree(synthesized / stack, tmp_path / stack)
    monkeypatch.setattr(checkov, "ROOT", Path("/sys"))  # where root may not write either

    found = checkov.scan(tmp_path)

    assert {(result.rule, result.problem) for result in found} == {
        (result.rule, result.problem)
        for result in scanned
        if (result.environment, result.stack) == ("dev", "network")
    }


def test_another_fault_of_the_disk_does_not_make_checkov_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".cache").write_text("a file stands here")
    monkeypatch.setattr(checkov, "ROOT", tmp_path)

    with pytest.raises(FileExistsError):
        checkov.scan(tmp_path)


def test_no_rule_is_broken_without_a_waiver(verdict: Verdict) -> None:
    assert list(verdict.broken) == []


def test_no_waiver_is_stale(verdict: Verdict) -> None:
    assert list(verdict.stale) == []


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_clusters_keep_20_of_20_rules(verdict: Verdict, environment: str) -> None:
    assert policy_report.aks_score(verdict, environment) == (20, 20)


def test_prod_breaks_no_rule_but_those_that_ask_for_something_worse(verdict: Verdict) -> None:
    used = {waiver.rule for result, waiver in verdict.waived if result.environment == "prod"}

    assert used == {
        "CKV2_AZURE_21",
        "CKV2_AZURE_33",
        "CKV2_AZURE_40",
        "CKV2_AZURE_57",
        "CKV_AZURE_33",
        "CKV_AZURE_164",
        "CKV_AZURE_166",
    }


def test_a_mistake_in_a_stack_is_found_at_its_address(scanned: list[Result]) -> None:
    found = [result for result in scanned if result.environment == "worse" and result.failed]

    assert ("CKV_AZURE_141", "azurerm_kubernetes_cluster.aks") in {
        (result.rule, result.resource) for result in found
    }


@pytest.mark.parametrize(
    ("tier", "region", "broken"),
    [
        ("Premium", "westus", set()),
        ("Free", "westus", {"CKV_AZURE_170"}),
        ("Premium", "westeurope", {"CKV_AZURE_233"}),
    ],
)
def test_a_rule_that_knows_less_than_azure_is_corrected(
    scanned: list[Result], stacks: dict[str, Any], tier: str, region: str, broken: set[str]
) -> None:
    platform = deepcopy(stacks["platform-prod"])
    platform["resource"]["azurerm_kubernetes_cluster"]["aks"]["sku_tier"] = tier
    (registry,) = platform["resource"]["azurerm_container_registry"].values()
    registry |= {"location": region, "zone_redundancy_enabled": False}
    of_worse = [result for result in scanned if result.environment == "worse"]

    found = corrected(of_worse, [EnvironmentStacks("worse", {"platform": platform})])

    named = {"CKV_AZURE_170", "CKV_AZURE_233"}
    assert named <= {result.rule for result in of_worse if result.failed}
    assert named & {result.rule for result in found if result.failed} == broken


@pytest.mark.parametrize(
    ("region", "replication", "broken"),
    [("polandcentral", "ZRS", False), ("polandcentral", "LRS", True), ("westeurope", "ZRS", True)],
)
def test_copies_in_all_zones_are_the_most_that_a_region_without_a_pair_has(
    scanned: list[Result], stacks: dict[str, Any], region: str, replication: str, broken: bool
) -> None:
    platform = deepcopy(stacks["platform-prod"])
    for account in platform["resource"]["azurerm_storage_account"].values():
        account |= {"location": region, "account_replication_type": replication}
    of_worse = [result for result in scanned if result.environment == "worse"]

    found = corrected(of_worse, [EnvironmentStacks("worse", {"platform": platform})])

    assert any(result.failed for result in found if result.rule == "CKV_AZURE_206") is broken


@pytest.mark.parametrize(("server", "broken"), [("10.0.0.4", False), ("8.8.8.8", True)])
def test_name_servers_of_a_hub_are_those_of_the_network(
    scanned: list[Result], server: str, broken: bool
) -> None:
    spoke = {"resource": {"azurerm_virtual_network": {"spoke": {"dns_servers": [server]}}}}
    of_worse = [result for result in scanned if result.environment == "worse"]

    found = corrected(of_worse, [EnvironmentStacks("worse", {"platform": spoke})])

    assert any(result.failed for result in found if result.rule == "CKV_AZURE_183") is broken


def test_every_result_names_a_terraform_address(scanned: list[Result]) -> None:
    assert [
        r.resource for r in scanned if not r.resource.startswith(("azurerm_", "azuread_"))
    ] == []


@pytest.mark.usefixtures("a_program")
def test_checkov_that_cannot_be_installed_is_named_with_the_fix(
    synthesized: Path, tmp_path: Path
) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("checkov==0.0.0 --hash=sha256:" + "0" * 64 + "\n")

    with pytest.raises(GateError, match=r"cannot be installed.*\n.*\n    fix: check the network"):
        checkov.scan(synthesized, lock)
