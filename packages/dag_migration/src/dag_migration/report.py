"""The report of a migration as Markdown, HTML, JSON and a diff."""

import difflib
import io
import re
from collections.abc import Iterable
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from dag_migration.model import Level, Report, Status

TEMPLATES = Path(__file__).with_name("report_templates")
_ORDER = {
    Status.PERSON: 0,
    Status.WAITS: 1,
    Status.FIXED: 2,
    Status.READY: 3,
    Status.OTHER: 4,
}
ASKS = {Level.PERSON: "a person", Level.WAITS: "something else first", Level.NOTICE: "nothing"}


def markdown(report: Report) -> str:
    """Return the report as Markdown."""
    return _render("report.md.j2", report)


def html(report: Report) -> str:
    """Return the report as one HTML page that needs no network."""
    return _render("report.html.j2", report)


def as_json(report: Report) -> str:
    """Return the report as JSON; without times, so that it changes only when a fact does."""
    return (
        report.model_dump_json(indent=2, exclude={"files": {"__all__": {"imported": {"seconds"}}}})
        + "\n"
    )


def diff(changes: Iterable[tuple[str, str, str]]) -> str:
    """Return a unified diff of (path, before, after)."""
    pieces: list[str] = []
    for path, before, after in changes:
        if before != after:
            pieces += difflib.unified_diff(_lines(before), _lines(after), f"a/{path}", f"b/{path}")
    return "".join(
        piece if piece.endswith("\n") else f"{piece}\n\\ No newline at end of file\n"
        for piece in pieces
    )


def _lines(text: str) -> list[str]:
    """Split at line feeds alone: a carriage return is part of the line, as git sees it."""
    return list(io.StringIO(text, newline="\n"))


def _render(name: str, report: Report) -> str:
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html.j2"]),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    jinja.filters |= {"md": _md, "code": _code}
    dags = sorted({dag.dag_id for file in report.files for dag in file.imported.dags})
    return jinja.get_template(name).render(
        report=report,
        counts={status.value: count for status, count in report.counts.items()},
        dag_counts={status.value: count for status, count in report.dag_files.items()},
        asks=ASKS,
        order={status.value: number for status, number in _ORDER.items()},
        inventory=list(report.inventory),
        dags=dags,
    )


def _md(text: str) -> str:
    """Escape what Markdown would take for markup, outside backticks."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(
        p if p.startswith("`") else re.sub(r"([\\*_<>\[\]#|])", r"\\\1", p) for p in parts
    )


def _code(text: str) -> Markup:
    """Escape for HTML, with backticks as code."""
    parts = re.split(r"`([^`]*)`", text)
    return Markup("").join(
        Markup("<code>{}</code>").format(p) if i % 2 else escape(p) for i, p in enumerate(parts)
    )
