"""Changes at places of the syntax tree, made in the text: layout and comments stay."""

import ast
import io
import re
import tokenize
from bisect import bisect_right

LINE_ENDS = re.compile(r"\r\n|\r|\n")


class Edits:
    """Collects replacements in a text and makes them all at once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts = [0, *(found.end() for found in LINE_ENDS.finditer(text))]
        self._made: dict[tuple[int, int], str] = {}

    def offset(self, line: int, column: int) -> int:
        """Return the place in the text of a line and a column in bytes, as `ast` counts."""
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return start + len(self.text[start:end].encode()[:column].decode())

    def start(self, node: ast.expr | ast.keyword | ast.stmt) -> int:
        """Return where a node starts."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: ast.expr | ast.keyword | ast.stmt) -> int:
        """Return where a node ends."""
        return self.offset(node.end_lineno or 0, node.end_col_offset or 0)

    def replace(self, start: int, end: int, new: str) -> None:
        """Write `new` instead of what is there; at one place several insertions follow."""
        self._made[start, end] = self._made.get((start, end), "") + new

    def remove(self, start: int, end: int) -> None:
        """Take an argument or an entry out, with its comma; its comment stays on its line.

        Args:
            start: where it starts.
            end: where it ends, without the comma.
        """
        end = self._after_comma(end)
        line = self._line_start(start)
        rest = self._line_end(end)
        if self.text[line:start].strip() or not self._only_comment(end, rest):
            blank = len(self.text[end:rest]) - len(self.text[end:rest].lstrip(" \t"))
            if end + blank == rest or self.text[end + blank] == "#":
                blank = 0
            if self._closes(end):  # the last one: the comma before it goes with it
                before = self.text[:start].rstrip()
                start = len(before) - before.endswith(",") if before.endswith(",") else start
            self.replace(start, end + blank, "")
        elif self.text[end:rest].strip():
            self.replace(start, rest - len(self.text[end:rest].lstrip(" \t")), "")
        else:
            self.replace(line, self._next_line(rest), "")

    def _after_comma(self, at: int) -> int:
        found = re.compile(r"\s*,").match(self.text, at)
        return found.end() if found else at

    def _closes(self, at: int) -> bool:
        return bool(re.compile(r"\s*[)}]").match(self.text, at))

    def _line_start(self, at: int) -> int:
        return self._starts[bisect_right(self._starts, at) - 1]

    def _line_end(self, at: int) -> int:
        found = LINE_ENDS.search(self.text, at)
        return found.start() if found else len(self.text)

    def _next_line(self, at: int) -> int:
        found = LINE_ENDS.match(self.text, at)
        return found.end() if found else at

    def _only_comment(self, start: int, end: int) -> bool:
        left = self.text[start:end].strip()
        return not left or left.startswith("#")

    def result(self) -> str:
        """Return the text with every change made."""
        pieces, at = [], 0
        for (start, end), new in sorted(self._made.items()):
            if start < at:  # inside of what another change took out
                continue
            pieces += [self.text[at:start], new]
            at = end
        return "".join(pieces) + self.text[at:]

    def import_after(self, tree: ast.Module, statement: str) -> bool:
        """Write an import below the first import of Airflow at the top level, if there is one."""
        for node in tree.body:
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if any(name.split(".")[0] == "airflow" for name in names):
                end = self.end(node)
                rest = self.text[end : self._line_end(end)].strip()
                if rest and not rest.startswith("#"):  # another statement on the same line
                    self.replace(end, end, f"; {statement}")
                else:
                    at = self._next_line(self._line_end(end))
                    mark = LINE_ENDS.search(self.text)
                    line_end = mark[0] if mark else "\n"
                    lead = "" if at > self._line_end(end) else line_end
                    self.replace(at, at, f"{lead}{statement}{line_end}")
                return True
        return False


def comments(text: str) -> list[tuple[int, str]]:
    """Return every comment of a text that can be read as Python, with its line."""
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    try:
        return [(t.start[0], t.string) for t in tokens if t.type == tokenize.COMMENT]
    except (tokenize.TokenError, SyntaxError):
        return []
