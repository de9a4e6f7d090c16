"""A plan's JSON is read as what happens to resources, with secrets masked."""

from typing import Any

import pytest
from terraform_runner.differences import differences
from terraform_runner.plan import Action, Plan


def entry(actions: list[str], **change: Any) -> dict[str, Any]:
    """An entry of `resource_changes`."""
    values = {"actions": actions, "before": {}, "after": {}, "after_unknown": {}, **change}
    return {"address": "a.b", "type": "a", "mode": "managed", "change": values}


@pytest.mark.parametrize(
    ("actions", "action"),
    [
        (["create"], Action.CREATE),
        (["update"], Action.UPDATE),
        (["delete", "create"], Action.REPLACE),
        (["create", "delete"], Action.REPLACE),
        (["delete"], Action.DELETE),
        (["forget"], Action.FORGET),
    ],
)
def test_terraforms_actions_have_one_name_each(actions: list[str], action: Action) -> None:
    plan = Plan.parse({"resource_changes": [entry(actions)]})

    assert [change.action for change in plan.changes] == [action]


@pytest.mark.parametrize("actions", [["no-op"], ["read"]])
def test_reading_is_no_change(actions: list[str]) -> None:
    assert Plan.parse({"resource_changes": [entry(actions)]}).empty


def test_a_changed_output_makes_a_plan_not_empty() -> None:
    assert not Plan.parse({"output_changes": {"id": {"actions": ["update"]}}}).empty


def test_a_difference_is_told_at_its_leaf() -> None:
    change = {
        "before": {"tags": {"owner": "a", "kept": "x"}, "rule": [{"port": 1}, {"port": 2}]},
        "after": {"tags": {"owner": "b", "kept": "x"}, "rule": [{"port": 1}, {"port": 3}]},
    }

    found = {d.path: (d.before, d.after) for d in differences(change)}

    assert found == {"tags.owner": ("a", "b"), "rule.1.port": (2, 3)}


def test_a_secret_is_masked_wherever_it_stands() -> None:
    change = {
        "before": {"rule": [{"key": "old"}]},
        "after": {"rule": [{"key": "new"}]},
        "before_sensitive": {"rule": [{"key": True}]},
        "after_sensitive": {"rule": [{"key": True}]},
    }

    told = str(list(differences(change)))

    assert "rule.0.key" in told
    assert "old" not in told
    assert "new" not in told


def test_what_azure_will_decide_is_told_as_unknown() -> None:
    change = {"before": {"id": "x"}, "after": {}, "after_unknown": {"id": True}}

    assert [d.after for d in differences(change)] == ["(known after apply)"]
