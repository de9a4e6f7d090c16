"""A pull request is told what is lost first; no value breaks its tables, or a terminal's lines."""

from io import StringIO

from rich.console import Console
from terraform_runner.differences import AttributeChange
from terraform_runner.plan import Action, ResourceChange

from tools.rehearsal.data_loss import Loss
from tools.rehearsal.markdown_report import to_markdown
from tools.rehearsal.provider_sources import PLAYED
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.review import StackReview
from tools.rehearsal.terminal_report import tell_report


def report(*reviews: StackReview, losses: tuple[Loss, ...] = ()) -> RehearsalReport:
    return RehearsalReport(
        stacks=["data-dev"],
        reference="main",
        seconds=1.0,
        verified=PLAYED,
        steps=[],
        problems=[],
        notes=[],
        reviews=reviews,
        losses=losses,
    )


def updated(path: str, before: object, after: object) -> StackReview:
    attribute = AttributeChange(path=path, before=before, after=after)
    change = ResourceChange(
        address="helm_release.airflow",
        type="helm_release",
        action=Action.UPDATE,
        attributes=(attribute,),
    )
    return StackReview(stack="airflow-dev", changes=(change,))


def test_a_loss_that_nobody_acknowledged_is_the_headline() -> None:
    lost = Loss(stack="data-dev", address="a.b", action="delete", holds="every blob")

    text = to_markdown(report(losses=(lost,)))

    assert text.startswith("## 🛑 Rehearsal of the change since `main`: data would be lost")
    assert "| data-dev | `a.b` | delete | every blob | **no** |" in text


def test_helm_values_are_shown_as_the_lines_that_differ() -> None:
    text = to_markdown(report(updated("values.0", "a: 1\nb: 2\n", "a: 1\nb: 3\n")))

    assert "    -b: 2\n    +b: 3\n" in text
    assert "a: 1" not in text


def test_a_value_cannot_leave_its_place() -> None:
    text = to_markdown(report(updated("tags.x", "old", "`|</details>\n# heading")))

    assert "\n# heading" not in text
    assert "`'\\|</details> # heading`" in text


def test_the_same_change_of_many_resources_is_told_once() -> None:
    one = updated("tags.cost-center", "4711", "4712").changes[0]
    two = ResourceChange(
        address="azurerm_subnet.pods",
        type="azurerm_subnet",
        action=one.action,
        attributes=one.attributes,
    )

    text = to_markdown(report(StackReview(stack="data-dev", changes=(one, two))))

    assert "- update 2 resources: `helm_release.airflow`, `azurerm_subnet.pods`\n" in text
    assert text.count("`4711` → `4712`") == 1


def test_what_is_lost_is_told_before_what_is_updated() -> None:
    deleted = ResourceChange(address="a.b", type="a", action=Action.DELETE)
    review = StackReview(stack="data-dev", changes=(*updated("tags.x", "1", "2").changes, deleted))

    text = to_markdown(report(review))

    assert text.index("- **delete** `a.b`") < text.index("- update `helm_release.airflow`")


def test_a_long_list_of_resources_is_folded() -> None:
    many = tuple(
        ResourceChange(address=f"a.b{number}", type="a", action=Action.CREATE)
        for number in range(9)
    )

    text = to_markdown(report(StackReview(stack="data-dev", changes=many)))

    assert "- create 9 resources: <details><summary>which</summary>`a.b0`, " in text


def test_stacks_that_are_gone_are_told_in_one_place() -> None:
    gone = [StackReview(stack=name, notes=("it is gone",), gone=True) for name in ("a-x", "b-x")]

    text = to_markdown(report(*gone))

    assert "### No longer in the code\n\n- **a-x**: it is gone\n- **b-x**: it is gone\n" in text
    assert "| a-x (gone) |" in text


def test_a_reason_in_brackets_is_told_as_it_was_written() -> None:
    reason = "moved by [OPS-12], see [/wiki/move]"
    lost = Loss(
        stack="data-dev", address="a.b", action="delete", holds="blobs", acknowledged=reason
    )
    told = StringIO()

    tell_report(Console(file=told, soft_wrap=True), report(losses=(lost,)))

    assert f"(acknowledged: {reason})" in told.getvalue()
