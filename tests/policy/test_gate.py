"""Broken rules pass only with a waiver, and waivers only with something to excuse."""

from dataclasses import replace
from io import StringIO

from rich.console import Console

from tools.policy.gate import judge
from tools.policy.policy_report import show
from tools.policy.results import Result
from tools.policy.waivers import Waiver

BROKEN = Result(
    environment="prod",
    stack="data",
    rule="CKV_AZURE_33",
    resource="azurerm_storage_account.lake",
    title="Logs queues",
    problem="queue_properties",
)
KEPT = replace(BROKEN, rule="CKV_AZURE_3", problem=None)
WAIVER = Waiver(
    rule="CKV_AZURE_33",
    resource="azurerm_storage_account.*",
    environments=["prod"],
    reason="No queue is used anywhere.",
)


def test_rules_that_are_kept_pass() -> None:
    assert judge([KEPT], []).passed


def test_a_broken_rule_without_a_waiver_fails() -> None:
    verdict = judge([KEPT, BROKEN], [])

    assert (verdict.passed, verdict.broken) == (False, [BROKEN])


def test_a_broken_rule_with_a_waiver_passes() -> None:
    verdict = judge([BROKEN], [WAIVER])

    assert (verdict.passed, verdict.waived) == (True, [(BROKEN, WAIVER)])


def test_a_waiver_of_another_rule_excuses_nothing() -> None:
    assert judge([replace(BROKEN, rule="CKV_AZURE_34")], [WAIVER]).broken


def test_a_waiver_of_another_resource_excuses_nothing() -> None:
    assert judge([replace(BROKEN, resource="azurerm_key_vault.v")], [WAIVER]).broken


def test_a_waiver_of_another_environment_excuses_nothing() -> None:
    assert judge([replace(BROKEN, environment="dev")], [WAIVER]).broken


def test_a_waiver_that_excuses_nothing_is_stale() -> None:
    verdict = judge([KEPT], [WAIVER])

    assert (verdict.passed, [stale.waiver for stale in verdict.stale]) == (False, [WAIVER])


def test_a_waiver_is_stale_in_each_environment_by_itself() -> None:
    both = WAIVER.model_copy(update={"environments": ["dev", "prod"]})

    kept = replace(KEPT, environment="dev")
    assert [stale.environment for stale in judge([BROKEN, kept], [both]).stale] == ["dev"]


def test_a_waiver_of_an_environment_that_is_not_there_is_left_alone() -> None:
    gone = WAIVER.model_copy(update={"environments": ["prod", "renamed"]})

    assert judge([BROKEN], [gone]).passed


def test_a_waiver_of_the_product_excuses_and_is_never_stale() -> None:
    assert judge([BROKEN], [], lasting=[WAIVER]).passed
    assert judge([KEPT], [], lasting=[WAIVER]).passed


def test_a_waiver_of_every_environment_covers_each() -> None:
    every = WAIVER.model_copy(update={"environments": ["*"]})

    assert judge([BROKEN, replace(BROKEN, environment="live")], [every]).broken == []


LIKE_DEV = Waiver.model_validate(WAIVER.model_dump(exclude={"environments"}) | {"like": "dev"})


def test_a_waiver_of_a_kind_covers_each_environment_that_is_like_it() -> None:
    dev, test = (replace(BROKEN, environment=name) for name in ("dev", "test"))

    assert judge([dev, test, BROKEN], [LIKE_DEV], {"test": "dev"}).broken == [BROKEN]


def test_a_waiver_of_a_kind_is_stale_where_no_environment_of_it_needs_it() -> None:
    dev, test = replace(KEPT, environment="dev"), replace(BROKEN, environment="test")

    assert judge([dev, test], [LIKE_DEV], {"test": "dev"}).passed
    assert [one.environment for one in judge([dev], [LIKE_DEV]).stale] == ["like dev"]


def test_a_waiver_of_every_environment_that_none_needs_is_stale() -> None:
    every = WAIVER.model_copy(update={"environments": ["*"]})

    assert [stale.environment for stale in judge([KEPT], [every]).stale] == ["*"]


def test_what_the_gate_tells_keeps_its_brackets() -> None:
    found = replace(BROKEN, resource="azurerm_route.out", problem="open to [/subscriptions/x]")
    waiver = WAIVER.model_copy(update={"reason": "Accepted in [OPS-12] by the owner."})
    told = StringIO()

    show(judge([BROKEN, found], [waiver]), Console(file=told, width=200))

    assert "found: open to [/subscriptions/x]" in told.getvalue()
    assert "Accepted in [OPS-12] by the owner." in told.getvalue()
