"""The report as a comment on a pull request."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from terraform_runner.differences import UNKNOWN, AttributeChange
from terraform_runner.plan import Action, ResourceChange

from tools.exit_status import Exit
from tools.rehearsal.data_loss import Loss
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.review import StackReview

_SHOWN_LINES = 20
_SHOWN_ADDRESSES = 4
_SHOWN_CHARACTERS = 80
_ICONS = {Exit.GOOD: "✅", Exit.FAILED: "❌", Exit.BAD_INPUT: "❌", Exit.DATA_AT_RISK: "🛑"}


def to_markdown(report: RehearsalReport) -> str:
    """Return the report as Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: RehearsalReport) -> Iterator[str]:
    subject = f"change since `{report.reference}`" if report.reference else "deployment"
    yield f"## {_ICONS[report.status]} Rehearsal of the {subject}: {report.verdict}"
    yield ""
    if report.losses:
        yield from _losses(report.losses)
    if report.reference:
        yield from _summary(report)
    for review in report.reviews:
        yield from () if review.gone else _review(review)
    if gone := [review for review in report.reviews if review.gone]:
        yield from ["", "### No longer in the code", ""]
        for review in gone:
            yield from (f"- **{review.stack}**: {_inline(note)}" for note in review.notes)
    for heading, found in (("Problems", report.problems), ("Notes", report.notes)):
        if found:
            yield from ["", f"### {heading}", ""]
            yield from (f"- {_named(entry.stack)}{_inline(entry.message)}" for entry in found)
    if report.stale_acknowledgements:
        yield from ["", "### Stale acknowledgements", ""]
        yield from (f"- {_inline(told)}" for told in report.stale_acknowledgements)
    yield from ["", f"{report.meaning} {len(report.stacks)} stacks in {report.seconds:.1f} s."]


def _losses(losses: Sequence[Loss]) -> Iterator[str]:
    yield from [
        "### Data that would be lost",
        "",
        "| stack | resource | what | lost | acknowledged |",
    ]
    yield "| --- | --- | --- | --- | --- |"
    for loss in losses:
        said = _inline(loss.acknowledged) if loss.acknowledged else "**no**"
        yield f"| {loss.stack} | `{loss.address}` | {loss.action} | {loss.holds} | {said} |"
    yield ""


def _summary(report: RehearsalReport) -> Iterator[str]:
    shown = (Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE)
    yield f"| stack | {' | '.join(shown)} |"
    yield f"| --- |{' ---: |' * len(shown)}"
    for review in report.reviews:
        counts = Counter(change.action for change in review.changes)
        name = f"{review.stack} (gone)" if review.gone else review.stack
        yield f"| {name} | {' | '.join(str(counts[a] or '') for a in shown)} |"


def _review(review: StackReview) -> Iterator[str]:
    if not (review.changes or review.refused or review.notes):
        return
    yield from ["", f"### {review.stack}", ""]
    for address in review.refused:
        yield f"- **refused**: `prevent_destroy` keeps `{address}`; the deployment will fail"
    yield from (f"- {_inline(note)}" for note in review.notes)
    alike: dict[str, list[ResourceChange]] = {}
    for change in review.changes:
        alike.setdefault(repr(replace(change, address="", type="")), []).append(change)
    # what is lost comes first; what a tag does to thirty resources can wait
    for changes in sorted(alike.values(), key=lambda group: not group[0].action.loses):
        yield from _change(changes)


def _change(alike: Sequence[ResourceChange]) -> Iterator[str]:
    """Tell of a change; a tag that changes on thirty resources is one piece of news."""
    change = alike[0]
    forced = ", ".join(f"`{path}`" for path in change.forced_by)
    action = f"**{change.action}**" if change.action.loses else str(change.action)
    addresses = ", ".join(f"`{each.address}`" for each in alike)
    folded = f"<details><summary>which</summary>{addresses}</details>"
    shown = folded if len(alike) > _SHOWN_ADDRESSES else addresses
    count = f"{len(alike)} resources: " if len(alike) > 1 else ""
    yield f"- {action} {count}{shown}" + (f", forced by {forced}" if forced else "")
    for attribute in change.attributes:
        # of what is replaced, every computed attribute is new: only the rest is worth reading
        told = change.action is not Action.REPLACE or attribute.after != UNKNOWN
        if told or attribute.path in change.forced_by:
            yield from _attribute(attribute)


def _attribute(attribute: AttributeChange) -> Iterator[str]:
    before, after = attribute.before, attribute.after
    if isinstance(before, str) and isinstance(after, str) and "\n" in before:
        yield f"  - `{attribute.path}`:"
        lines = list(
            difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")
        )
        yield "    ```diff"
        yield from (f"    {line}" for line in lines[2 : 2 + _SHOWN_LINES])
        if len(lines) > 2 + _SHOWN_LINES:
            yield f"    # {len(lines) - 2 - _SHOWN_LINES} more lines"
        yield "    ```"
    else:
        yield f"  - `{attribute.path}`: {_value(before)} → {_value(after)}"


def _value(value: object) -> str:
    text = "none" if value is None else str(value)
    cut = text
    if len(text) > _SHOWN_CHARACTERS:
        # Azure's ids differ at their end
        tail = text[-_SHOWN_CHARACTERS:]
        cut = f"…{tail}" if text.startswith("/") else f"{text[:_SHOWN_CHARACTERS]}…"
    return f"`{_inline(cut).replace('`', chr(39))}`"


def _named(stack: str) -> str:
    return f"**{stack}**: " if stack else ""


def _inline(text: str) -> str:
    """Keep a text on one line and inside its table cell."""
    return " ".join(text.split()).replace("|", "\\|")
