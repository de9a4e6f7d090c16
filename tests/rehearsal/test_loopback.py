"""The real azurerm deploys to the loopback Azure; skipped where there is no program of it."""

import json
import os
from functools import partial
from pathlib import Path

import pytest
from loopback_azure.resource_path import ResourcePath
from loopback_azure.resource_types import resource_types
from standin_providers.facts import facts_of
from standin_providers.identifiers import new_id
from terraform_runner.errors import BadInputError
from terraform_runner.plugins import HERE, usual_folder

from synthesis.reader import Synthesis
from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import GROUP, Document, document, network, write
from tests.seed.conftest import seeded
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse

__all__ = ["seeded"]
_ALERTS = ("azurerm_monitor_action_group", "azurerm_monitor_workspace")
_GROUP = "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg-elsewhere/providers"
_ELSEWHERE = {
    "azurerm_kubernetes_cluster.aks.name": "aks",
    "azurerm_data_protection_backup_vault.backup.id": (
        f"{_GROUP}/Microsoft.DataProtection/backupVaults/one"
    ),
    "data.terraform_remote_state.data_state.outputs.postgres_server_id": (
        f"{_GROUP}/Microsoft.DBforPostgreSQL/flexibleServers/one"
    ),
    "data.terraform_remote_state.network_state.outputs.nat_gateway_id": (
        f"{_GROUP}/Microsoft.Network/natGateways/one"
    ),
}


@pytest.fixture(scope="module")
def report(
    tmp_path_factory: pytest.TempPathFactory, real_providers: Path, synthesized: Path
) -> RehearsalReport:
    """One rehearsal of a network and of every alert: most of its time is the provider's waiting."""
    folder = tmp_path_factory.mktemp("project")
    write(folder, {"network-dev": network(), "alerts-dev": every_alert(synthesized)}, {})
    return rehearse(
        Request(project=folder, variables=os.environ, providers=real_providers, loopback=True)
    )


def test_the_real_azurerm_deploys_plans_nothing_more_and_destroys(report: RehearsalReport) -> None:
    assert report.problems == []
    assert {"plan again", "destroy"} <= {step.command for step in report.steps}


def test_a_deployment_with_every_alert_leaves_no_drift(report: RehearsalReport) -> None:
    (again,) = [s for s in report.steps if (s.stack, s.command) == ("alerts-dev", "plan again")]

    assert again.result == "no changes"


def test_a_good_report_says_whose_answers_it_rests_on(report: RehearsalReport) -> None:
    assert report.verified == (
        "Verified: schema, rules and graph by these providers themselves: azurerm 4.81.0; by "
        "stand-ins of these: none; Azure's answers are the loopback's."
    )


def test_terraforms_own_plugin_cache_is_searched(tmp_path: Path) -> None:
    program = tmp_path / f"registry.terraform.io/hashicorp/azurerm/4.81.0/{HERE}"
    program.mkdir(parents=True)
    (program / "terraform-provider-azurerm_v4.81.0_x5").touch(mode=0o755)

    assert usual_folder("azurerm", {"TF_PLUGIN_CACHE_DIR": str(tmp_path)}) == tmp_path


def test_loopback_without_providers_is_refused(project: Project, tmp_path: Path) -> None:
    request = Request(project=project.folder, variables={"HOME": str(tmp_path)}, loopback=True)

    with pytest.raises(BadInputError, match="no azurerm in Terraform's plugin cache"):
        request.check()


LATE = {
    "--late-roles": partial(Request, late_roles=600),
    "--busy-servers": partial(Request, busy_servers=600),
}


@pytest.mark.parametrize("option", LATE)
def test_late_answers_without_loopback_are_refused(project: Project, option: str) -> None:
    request = LATE[option](project=project.folder, variables={})

    with pytest.raises(BadInputError, match=f"{option} 600: only the Azure of --loopback"):
        request.check()


def test_a_stack_whose_provider_is_missing_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "terraform-provider-random").touch(mode=0o755)
    project.synthesize({"network-dev": network()})

    with pytest.raises(BadInputError, match="holds no azurerm"):
        project.rehearse(providers=tmp_path, loopback=True)


def test_the_loopback_knows_every_type_that_the_stacks_make(
    synthesized: Path, seeded: Path
) -> None:
    made = {
        type_: resource
        for stack in [*Synthesis.load(synthesized).stacks, *Synthesis.load(seeded).stacks]
        for type_, named in stack.document.get("resource", {}).items()
        for resource in named.values()
        if type_.startswith("azurerm_")
    }
    ids = {t: new_id(t, facts_of("azurerm", "resource", t).id, v, "any") for t, v in made.items()}

    # what has no id of Resource Manager's form lies in a vault, or joins two that have one
    parts = {t: own.partition("|")[0] for t, own in ids.items() if "/providers/" in own}
    asked = {t: ResourcePath.parse(own).type for t, own in parts.items()}
    assert len(asked) > 50
    assert {t for t, type_ in asked.items() if type_.lower() not in resource_types()} == set()


def every_alert(synthesized: Path) -> Document:
    """The alerts of prod's platform, over things that exist somewhere else."""
    stacks = Synthesis.load(synthesized).select("prod", "platform").stacks
    made = next(s for s in stacks if s.short_name == "platform").document["resource"]
    kept = {type_: named for type_, named in made.items() if type_ in _ALERTS or "alert" in type_}
    text = json.dumps(
        {"azurerm_resource_group": {"resource_group": {**GROUP, "name": "rg-alerts"}}, **kept}
    )
    for reference, told in _ELSEWHERE.items():
        text = text.replace(f"${{{reference}}}", told)
    return document("alerts", json.loads(text))
