"""The tables that the operator's pages hold of themselves.

`make reference` writes them again; a test fails where one is not so.
"""

import re
import tempfile
from collections import Counter
from pathlib import Path

from tests import ROOT
from tests.docs.pages import blocks
from tests.operator.shell import Call, run

CHAPTER = ROOT / "docs/how-to/operate/README.md"
REFERENCE = ROOT / "docs/reference/commands.md"
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
PAGES += sorted(page for page in (ROOT / "docs").rglob("*.md") if "decisions" not in page.parts)
HELD = ("az", "kubectl", "airflow", "SQL", "terraform", "make", "others")
_ROW = re.compile(r"^\| \[\w+\]\((alerts/[\w-]+\.md)\) \| \d \| [^|]+ \|", re.M)
_PAGES = re.compile(r"(\| page \|.*\n\| --- .*\n)(?:\|.*\n)*")


def alerts(text: str) -> str:
    """Return the chapter's text with what each runbook holds behind its alert."""
    return re.sub(
        _ROW.pattern + ".*$",
        lambda row: f"{_ROW.match(row[0])[0]} {_of_runbook(row[1])} |",  # type: ignore[index]
        text,
        flags=re.M,
    )


def _of_runbook(page: str) -> str:
    chapters = re.split(r"^## (.*)$", (CHAPTER.parent / page).read_text(), flags=re.M)[1:]
    texts = dict(zip(chapters[::2], chapters[1::2], strict=True))
    if "Look and fix" in texts:
        both = _link("a page of its own", page, "look-and-fix")
        return f"{both} | {both} | {_link(_commands(texts['Verify']), page, 'verify')}"
    cases = len(re.findall(r"^\| (?!---)", texts["Fix"], re.M)) - 1  # without the header
    look, verify = _commands(texts["Look"]), _commands(texts["Verify"])
    return " | ".join(
        (
            _link(look, page, "look"),
            _link(f"{cases} cases", page, "fix"),
            _link(verify, page, "verify"),
        )
    )


def _commands(text: str) -> str:
    lines = [
        line
        for block in re.findall(r"```(?:bash|sql)\n(.*?)```", text, re.S)
        for line in block.replace("\\\n", "").splitlines()
        if line.strip()
    ]
    inline = re.findall(r"`(?:kubectl|az) [^`]+`", text)
    count = len(lines) + len(inline)
    return f"{count} command{'s' if count > 1 else ''}" if count else "by eye"


def _link(text: str, page: str, anchor: str) -> str:
    return f"[{text}]({page}#{anchor})"


def judges(text: str, pages: dict[Path, list[Call]]) -> str:
    """Return the reference's text with who judges the commands of each page of the operator."""
    rows = []
    for page, calls in pages.items():
        if CHAPTER.parent not in page.parents:
            continue
        found = Counter(_judge(call) for call in calls)
        found.update(_judge(call.within) for call in calls if call.within)
        found["SQL"] += sum(block.count(";") for block in blocks(page, "sql"))
        if found.total():
            marks = " | ".join("x" if found[one] else "" for one in HELD)
            rows.append(f"| {_shown(page)} | {marks} |")
    return _PAGES.sub(lambda table: table[1] + "\n".join(rows) + "\n", text)


def _judge(call: Call) -> str:
    if call.words[0] in ("psql", "pg_dump", "pg_restore", "sh"):
        return "SQL"
    return call.words[0] if call.words[0] in HELD else "others"


def _shown(page: Path) -> str:
    place = page.relative_to(CHAPTER.parent)
    return f"[{place}](../how-to/operate/{place})"


def main() -> None:
    """Write the tables again."""
    CHAPTER.write_text(alerts(CHAPTER.read_text()))
    pages = {}
    for page in PAGES:
        with tempfile.TemporaryDirectory() as folder:
            pages[page] = run(page, Path(folder))[0]
    REFERENCE.write_text(judges(REFERENCE.read_text(), pages))


if __name__ == "__main__":
    main()
