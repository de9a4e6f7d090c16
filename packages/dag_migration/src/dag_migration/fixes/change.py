# ruff: noqa: N802  (libcst calls these methods, and names them after its node classes)
"""What every automatic change shares: it records what it does, by line."""

from typing import Any, ClassVar

import libcst as cst
from libcst.helpers import get_full_name_for_node
from libcst.metadata import BaseMetadataProvider, MetadataWrapper, PositionProvider

from dag_migration.analysis import Analysis
from dag_migration.model import Fix

NAMES = (cst.Attribute, cst.Name)


class Change(cst.CSTTransformer):
    """A transformer that records what it changes, by line."""

    # without libcst's full names: computing them would take most of the time
    METADATA_DEPENDENCIES: ClassVar[tuple[type[BaseMetadataProvider[Any]], ...]] = (
        PositionProvider,
    )
    code = ""

    def __init__(self, analysis: Analysis | None = None) -> None:
        """Prepare a change; `analysis` of the same text tells full names."""
        super().__init__()
        self.analysis = analysis
        self.fixes: list[Fix] = []

    def note(self, node: cst.CSTNode, message: str) -> None:
        """Record a change at a node of the tree as it was."""
        line = self.get_metadata(PositionProvider, node).start.line
        self.fixes.append(Fix(code=self.code, line=line, message=message))

    def name(self, node: cst.CSTNode) -> str:
        """Return the full dotted name that a node stands for, or ""."""
        written = get_full_name_for_node(node) if isinstance(node, NAMES) else None
        return self.analysis.full_name(written) if self.analysis and written else ""


class InsideStrings(Change):
    """A change that knows the f-strings around a place: code in them may not use their quotes."""

    def __init__(self, analysis: Analysis | None = None) -> None:
        """See Change."""
        super().__init__(analysis)
        self._strings: list[str] = []

    def visit_FormattedString(self, node: cst.FormattedString) -> None:
        """Enter an f-string."""
        self._strings.append(node.quote)

    def leave_FormattedString(
        self, original_node: cst.FormattedString, updated_node: cst.FormattedString
    ) -> cst.FormattedString:
        """Leave an f-string."""
        self._strings.pop()
        return updated_node

    @property
    def quotes(self) -> str:
        """The quotes that code inside of f-strings may use; "" outside of them."""
        if not self._strings:
            return ""
        return "'" if any('"' in quote for quote in self._strings) else '"'


def applied(change: Change, text: str, fixes: list[Fix]) -> str:
    """Return the text after one change, and add what it did to `fixes`."""
    module = cst.parse_module(text)
    result = MetadataWrapper(module, unsafe_skip_copy=True).visit(change).code
    fixes += change.fixes
    return result if change.fixes else text


def one_import_a_line(
    line: cst.SimpleStatementLine,
) -> "cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]":
    """Return imports that a change left on one line, joined by `;`, as lines of their own."""
    if len(line.body) < 2 or not all(
        isinstance(s, (cst.Import, cst.ImportFrom)) for s in line.body
    ):
        return line
    parts = [s.with_changes(semicolon=cst.MaybeSentinel.DEFAULT) for s in line.body]
    first = line.with_changes(body=parts[:1])
    return cst.FlattenSentinel([first, *(cst.SimpleStatementLine([s]) for s in parts[1:])])


def module_of(statement: cst.ImportFrom) -> str:
    """Return the module of an absolute `from ... import`, else ""."""
    if statement.module is None or statement.relative:
        return ""
    return cst.Module([]).code_for_node(statement.module)
