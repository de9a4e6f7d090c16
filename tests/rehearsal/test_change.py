"""A change is told as what it is: created, updated, replaced, deleted, refused, abandoned."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.rehearsal.conftest import Project
from tests.rehearsal.samples import Document, data, network
from tools.rehearsal.errors import Exit
from tools.rehearsal.plan import Action, ResourceChange
from tools.rehearsal.report import Report


def change(
    project: Project, before: dict[str, Document], after: dict[str, Document], **how: Any
) -> Report:
    project.synthesize(before)
    project.commit()
    project.synthesize(after)
    return project.rehearse(reference="HEAD", **how)


def changes(report: Report) -> dict[str, ResourceChange]:
    return {change.address: change for review in report.reviews for change in review.changes}


def acknowledge(project: Project, *, address: str, action: str, days: int) -> None:
    until = datetime.now(UTC).date() + timedelta(days=days)
    (project.folder / "rehearsal.toml").write_text(
        f'[[acknowledged]]\nstack = "data-dev"\naddress = "{address}"\naction = "{action}"\n'
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
    before = {"network-dev": network(), "data-dev": data("dags", "logs")}

    report = change(project, before, {**before, "data-dev": data("dags")})

    assert [(loss.address, loss.action) for loss in report.losses] == [
        ("azurerm_storage_container.logs", "delete")
    ]
    assert report.status is Exit.DATA_AT_RISK


def test_an_acknowledged_loss_is_no_risk(project: Project) -> None:
    before = {"network-dev": network(), "data-dev": data("dags", "logs")}
    acknowledge(project, address="azurerm_storage_container.logs", action="delete", days=1)

    report = change(project, before, {**before, "data-dev": data("dags")})

    assert report.losses[0].acknowledged == "moved to the new container by hand"
    assert report.status is Exit.GOOD


def test_an_acknowledgement_does_not_hold_after_its_last_day(project: Project) -> None:
    before = {"network-dev": network(), "data-dev": data("dags", "logs")}
    acknowledge(project, address="azurerm_storage_container.logs", action="delete", days=-1)

    report = change(project, before, {**before, "data-dev": data("dags")})

    assert report.status is Exit.DATA_AT_RISK
    assert "out of date" in report.stale_acknowledgements[0]


def test_prevent_destroy_is_a_refusal_and_still_shows_the_change(project: Project) -> None:
    kept = data("dags", account={"lifecycle": {"prevent_destroy": True}})
    before = {"network-dev": network(), "data-dev": kept}
    moved = data(
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
        project, {"network-dev": network(), "data-dev": data()}, {"network-dev": network()}
    )

    notes = {review.stack: review.notes for review in report.reviews}
    assert "nothing manages them" in notes["data-dev"][0]


def test_a_moved_state_is_a_problem(project: Project) -> None:
    moved = network()
    moved["terraform"]["backend"]["azurerm"]["key"] = "elsewhere.tfstate"

    report = change(project, {"network-dev": network()}, {"network-dev": moved})

    assert any("its state moves to" in problem.message for problem in report.problems)
    assert report.status is Exit.FAILED
