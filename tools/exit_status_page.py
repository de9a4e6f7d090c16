"""Writes docs/reference/exit-statuses.md from the docstrings of the tools: `make reference`."""

import ast
import re
from collections.abc import Iterator

from conventions.company import PRODUCT

PAGE = PRODUCT / "docs" / "reference" / "exit-statuses.md"
_SAID = re.compile(r"exit status(?:es)?:\s+(.*?)(?:\n\n|$)", re.S | re.I)
_TEXT = """\
# Exit statuses

`make` answers every failure of a target with 2, whatever the tool ended with. A script that has to
tell one from another calls the tool itself, after `make synth`, from the folder of the checkout (in
a company's repository: `./product python -m ...`):

```bash
.venv/bin/python -m tools.plan --environment dev --markdown plan.md && status=0 || status=$?
case $status in
0) echo "nothing is lost" ;;
3) echo "data would be lost: ask somebody" ;;
*) exit $status ;;
esac
```

In a pipeline: a step that calls a tool fails at every status but 0, and its log says which. 130 is
Ctrl-C. 1 is also what ends any of them in the middle of its work: a disk that is full, a network
that is gone, a fault of the tool. The page is written from the tools by `make reference`.

| tool | target of `make` | exit status |
| --- | --- | --- |
"""


def page() -> str:
    """Return the page."""
    makefile = (PRODUCT / "Makefile").read_text(encoding="utf-8")
    rows = [f"| `{tool}` | {_target(makefile, tool)} | {said} |" for tool, said in _tools()]
    return _TEXT + "\n".join(rows) + "\n"


def _tools() -> Iterator[tuple[str, str]]:
    for file in sorted((PRODUCT / "tools").rglob("*.py")):
        text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        if found := _SAID.search(text):
            parts = file.relative_to(PRODUCT).with_suffix("").parts
            named = parts[:-1] if parts[-1] in ("__main__", "command_line") else parts
            yield ".".join(named), " ".join(found[1].split()).replace("|", "\\|")


def _target(makefile: str, tool: str) -> str:
    """Return the targets that run a tool; nothing where only pipelines do."""
    found: dict[str, None] = {}
    target = ""
    for line in makefile.splitlines():
        if named := re.match(r"([a-z-]+):.*## ", line):
            target = named[1]
        elif target and re.search(rf"-m {re.escape(tool)}\b(?!\.)", line):
            found[f"`{target}`"] = None
    return ", ".join(found)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
