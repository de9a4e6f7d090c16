"""`python -m dag_migration.reference PAGE`: writes the table of findings into a Markdown page."""

import sys
from pathlib import Path
from string import Formatter

from dag_migration.report import ASKS
from dag_migration.rules import RULES

START, END = "<!-- findings -->", "<!-- /findings -->"


def table() -> str:
    """Return the project's own findings as Markdown."""
    lines = ["| Code | Asks for | What | What to do |", "| --- | --- | --- | --- |"]
    for rule in sorted(RULES):
        asks = ASKS[rule.level]
        what, todo = _open(rule.message), _open(rule.todo) or "Use its successor."
        link = rule.link if "{" not in rule.link else "https://airflow.apache.org/docs/"
        lines.append(f"| [{rule.code}]({link}) | {asks} | {what} | {todo} |")
    return "\n".join(lines)


def _open(text: str) -> str:
    """Return a text with its places open: what is filled in differs from file to file."""
    parts = Formatter().parse(text)
    return "".join(before + ("…" if name and name != "hint" else "") for before, name, *_ in parts)


def written(text: str) -> str:
    """Return the page with the table brought up to date."""
    head, _, rest = text.partition(START)
    return f"{head}{START}\n\n{table()}\n\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(written(page.read_text()))
