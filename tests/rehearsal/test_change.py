"""A change is reported as what it is: created, updated, replaced, deleted, refused, abandoned."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from terraform_runner.plan import Action, ResourceChange

from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import GROUP, Document, data, databases, document, lake, network
from tools.exit_status import Exit
from tools.rehearsal.data_loss import read_acknowledgements
from tools.rehearsal.rehearsal_report import RehearsalReport


def change(
    project: Project, before: dict[str, Document], after: dict[str, Document], **how: Any
) -> RehearsalReport:
    project.synthesize(before)
    project.commit()
    project.synthesize(after)
    return project.rehearse(reference="HEAD", **how)


def changes(report: RehearsalReport) -> dict[str, ResourceChange]:
    return {change.address: change for review in report.reviews for change in review.changes}


def acknowledge(project: Project, *, days: int) -> None:
    """Acknowledge that the container `logs` is deleted, until so many days from today."""
    until = datetime.now(UTC).date() + timedelta(days=days)
    (project.folder / "rehearsal.toml").write_text(
        '[[acknowledged]]\nstack = "data-dev"\naddress = "azurerm_storage_container.logs"\n'
        'action = "delete"\n'
        f'reason = "moved to the new container by hand"\nuntil = {until}\n'
    )


def test_a_renamed_network_is_replaced_and_its_subnets_too(project: Project) -> None:
    report = change(project, {"network-dev": network()}, {"network-dev": network("vnet-renamed")})

    found = changes(report)
    assert {address: c.action for address, c in found.items()} == {
        "azurerm_virtual_network.vnet": Action.REPLACE,
        "azurerm_subnet.pods": Action.REPLACE,
    }
    assert found["azurerm_virtual_network.vnet"].forced_by == ("name",)
    assert report.status is Exit.GOOD


def test_a_subnet_in_use_cannot_be_replaced_and_later_stacks_are_told_all_the_same(
    project: Project,
) -> None:
    before = {"network-dev": network(), "data-dev": data("dags", "logs")}

    report = change(
        project, before, {"network-dev": network("vnet-renamed"), "data-dev": data("dags")}
    )

    assert "InUseSubnetCannotBeDeleted" in report.problems[0].message
    assert "azurerm_storage_container.logs" in changes(report)


def test_a_new_tag_is_an_update_of_that_tag_alone(project: Project) -> None:
    report = change(
        project, {"network-dev": network()}, {"network-dev": network(tags={"owner": "data"})}
    )

    found = changes(report)
    assert {address: c.action for address, c in found.items()} == {
        "azurerm_virtual_network.vnet": Action.UPDATE
    }
    assert [a.path for a in found["azurerm_virtual_network.vnet"].attributes] == ["tags.owner"]


def test_a_removed_container_is_data_at_risk(project: Project) -> None:
    before = {"data-dev": lake("dags", "logs")}

    report = change(project, before, {**before, "data-dev": lake("dags")})

    assert [(loss.address, loss.action) for loss in report.losses] == [
        ("azurerm_storage_container.logs", "delete")
    ]
    assert report.status is Exit.DATA_AT_RISK


def test_an_acknowledged_loss_is_no_risk(project: Project) -> None:
    before = {"data-dev": lake("dags", "logs")}
    acknowledge(project, days=1)

    report = change(project, before, {**before, "data-dev": lake("dags")})

    assert report.losses[0].acknowledged == "moved to the new container by hand"
    assert report.status is Exit.GOOD


@pytest.mark.parametrize("until", ["2027-01-01", '"2027-01-01"', "2027-01-01T18:00:00"])
def test_the_last_day_is_taken_as_people_write_it(tmp_path: Path, until: str) -> None:
    file = tmp_path / "rehearsal.toml"
    file.write_text(
        '[[acknowledged]]\nstack = "data-dev"\naction = "delete"\nreason = "copied by hand"\n'
        f"address = 'azurerm_storage_container.lake[\"raw data\"]'\nuntil = {until}\n"
    )

    (entry,) = read_acknowledgements(file)

    assert entry.until == date(2027, 1, 1)
    assert entry.address == 'azurerm_storage_container.lake["raw data"]'


def test_an_acknowledgement_does_not_hold_after_its_last_day(project: Project) -> None:
    before = {"data-dev": lake("dags", "logs")}
    acknowledge(project, days=-1)

    report = change(project, before, {**before, "data-dev": lake("dags")})

    assert report.status is Exit.DATA_AT_RISK
    assert "out of date" in report.stale_acknowledgements[0]


def test_prevent_destroy_is_a_refusal_and_still_shows_the_change(project: Project) -> None:
    kept = lake("dags", account={"lifecycle": {"prevent_destroy": True}})
    before = {"data-dev": kept}
    moved = lake(
        "dags", account={"lifecycle": {"prevent_destroy": True}, "location": "northeurope"}
    )

    report = change(project, before, {**before, "data-dev": moved})

    review = next(review for review in report.reviews if review.stack == "data-dev")
    assert review.refused == ("azurerm_storage_account.lake",)
    assert changes(report)["azurerm_storage_account.lake"].forced_by == ("location",)


def test_nothing_changes_when_the_stacks_are_the_same(project: Project) -> None:
    stacks = {"network-dev": network(), "data-dev": data("dags")}

    report = change(project, stacks, stacks)

    assert not changes(report)
    assert report.status is Exit.GOOD


def test_a_removed_stack_is_told_to_leave_its_resources_behind(project: Project) -> None:
    report = change(
        project, {"network-dev": network(), "data-dev": lake()}, {"network-dev": network()}
    )

    notes = {review.stack: review.notes for review in report.reviews}
    assert "nothing manages them" in notes["data-dev"][0]


def test_a_moved_state_is_a_problem(project: Project) -> None:
    moved = network()
    moved["terraform"]["backend"]["azurerm"]["key"] = "elsewhere.tfstate"

    report = change(project, {"network-dev": network()}, {"network-dev": moved})

    assert any("its state moves to" in problem.message for problem in report.problems)
    assert report.status is Exit.FAILED


def test_a_database_server_in_another_subnet_is_replaced_and_its_data_is_lost(
    project: Project,
) -> None:
    report = change(project, {"network-dev": databases()}, {"network-dev": databases("two")})

    found = changes(report)
    server = "azurerm_postgresql_flexible_server.server"
    assert {address: c.action for address, c in found.items()} == {server: Action.REPLACE}
    assert found[server].forced_by == ("delegated_subnet_id",)
    assert report.losses[0].holds == "every database of the server, and its backups"
    assert report.status is Exit.DATA_AT_RISK


def test_a_renamed_construct_loses_its_data_and_is_told_how_to_keep_it(project: Project) -> None:
    before = {"data-dev": lake("dags")}
    renamed = lake("dags")
    containers = renamed["resource"]["azurerm_storage_container"]
    containers["flows"] = containers.pop("dags")

    report = change(project, before, {**before, "data-dev": renamed})

    old, new = "azurerm_storage_container.dags", "azurerm_storage_container.flows"
    notes = [note for review in report.reviews for note in review.notes]
    assert {address: c.action for address, c in changes(report).items()} == {
        old: Action.DELETE,
        new: Action.CREATE,
    }
    assert notes == [
        f"{new} is {old} under a new address: `move_from_id('{old}')` on the resource keeps it"
    ]
    assert report.status is Exit.DATA_AT_RISK


def test_a_moved_block_keeps_what_is_renamed(project: Project) -> None:
    before = {"data-dev": lake("dags")}
    renamed = lake("dags")
    containers = renamed["resource"]["azurerm_storage_container"]
    containers["flows"] = containers.pop("dags")
    move = {"from": "azurerm_storage_container.dags", "to": "azurerm_storage_container.flows"}
    renamed["moved"] = [move]

    report = change(project, before, {**before, "data-dev": renamed})

    assert not changes(report)
    assert report.status is Exit.GOOD


def test_a_resource_that_is_only_forgotten_loses_nothing(project: Project) -> None:
    before = {"data-dev": lake("dags")}
    forgetting = lake()
    forgotten = {"from": "azurerm_storage_container.dags", "lifecycle": {"destroy": False}}
    forgetting["removed"] = [forgotten]

    report = change(project, before, {**before, "data-dev": forgetting})

    actions = {address: c.action for address, c in changes(report).items()}
    assert actions == {"azurerm_storage_container.dags": Action.FORGET}
    assert report.status is Exit.GOOD


def test_a_replacement_that_creates_first_loses_what_the_old_one_held(project: Project) -> None:
    def account(name: str) -> Document:
        more = {"name": name, "lifecycle": {"create_before_destroy": True}}
        return lake(account=more)

    before = {"data-dev": account("stsampleone")}

    report = change(project, before, {**before, "data-dev": account("stsampletwo")})

    assert changes(report)["azurerm_storage_account.lake"].action is Action.REPLACE
    assert report.status is Exit.DATA_AT_RISK


def test_a_removed_environment_is_told_to_leave_its_resources_behind(project: Project) -> None:
    prod = document("network", {"azurerm_resource_group": {"group": GROUP}}, environment="prod")

    report = change(
        project, {"network-dev": network(), "network-prod": prod}, {"network-dev": network()}
    )

    gone = {review.stack: review.notes[0] for review in report.reviews if review.gone}
    assert list(gone) == ["network-prod"]
    assert "nothing manages them (1, of which 1 hold data)" in gone["network-prod"]


def test_another_version_of_a_provider_is_told(project: Project) -> None:
    older = network()
    older["terraform"]["required_providers"]["azurerm"]["version"] = "4.80.0"

    report = change(project, {"network-dev": older}, {"network-dev": network()})

    (note,) = report.reviews[0].notes
    assert note.startswith("provider azurerm 4.80.0 → 4.81.0: read its release notes")
    assert report.status is Exit.GOOD


def test_another_version_of_a_binding_is_told(project: Project) -> None:
    lock = project.folder / "requirements.lock"
    lock.write_text("cdktf-cdktf-provider-azurerm==14.22.0 \\\n    --hash=sha256:0\n")
    project.commit("requirements.lock")
    lock.write_text("cdktf-cdktf-provider-azurerm==14.23.1 \\\n    --hash=sha256:1\n")
    project.synthesize({"network-dev": network()})
    project.commit()

    report = project.rehearse(reference="HEAD")

    told = [note.message for note in report.notes]
    assert told == [
        "cdktf-cdktf-provider-azurerm 14.22.0 → 14.23.1: both sides are synthesized with the one "
        "that is installed"
    ]


def test_an_environment_that_could_not_be_deployed_does_not_hide_another(project: Project) -> None:
    def in_prod(name: str) -> Document:
        groups = {"group": {**GROUP, "name": name}}
        return document("network", {"azurerm_resource_group": groups}, environment="prod")

    broken = network(nonsense=True)

    report = change(
        project,
        {"network-dev": broken, "network-prod": in_prod("rg-one")},
        {"network-dev": network(), "network-prod": in_prod("rg-two")},
    )

    (problem,) = report.problems
    assert "the stacks as they were cannot be deployed, so no change is seen" in problem.message
    assert [loss.stack for loss in report.losses] == ["network-prod"]


def test_an_acknowledgement_for_a_stack_that_never_was_is_told(project: Project) -> None:
    acknowledge(project, days=1)

    report = change(project, {"network-dev": network()}, {"network-dev": network()})

    assert "there is no stack data-dev; there is: network-dev" in report.stale_acknowledgements[0]
