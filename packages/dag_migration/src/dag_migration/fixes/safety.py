"""What a change must not do: break the syntax, leave a name without its import, lose a comment."""

import ast
import builtins
import warnings
from collections import Counter

from dag_migration.analysis import Analysis
from dag_migration.fixes.edits import Edits, comments

_KNOWN = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__", "__path__", "__package__"}


def fault(before: str, after: str) -> str:
    """Return why a change must be dropped, or ""."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            new = Analysis(after)
            compile(new.tree, "<dag>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        return f"it would not compile: {getattr(error, 'msg', None) or error}"
    unknown = _unbound(new) - _unbound(Analysis(before))
    if unknown and not any(isinstance(n, ast.ImportFrom) and _star(n) for n in new.nodes):
        return f"`{min(unknown)}` would not be imported"
    return ""


def _star(node: ast.ImportFrom) -> bool:
    return any(alias.name == "*" for alias in node.names)


def _unbound(code: Analysis) -> set[str]:
    """Return the names that are read and bound nowhere in the file, whatever the scope."""
    read = {n.id for n in code.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    local = {
        (alias.asname or alias.name).split(".")[0]
        for n in code.nodes
        if isinstance(n, (ast.Import, ast.ImportFrom))
        for alias in n.names
    }
    return read - code.bound - local - _KNOWN


def with_comments(before: str, after: str) -> str:
    """Return `after` with the comments behind imports of `before` that a change has lost."""
    lost = Counter(c for _, c in comments(before)) - Counter(c for _, c in comments(after))
    if not lost:
        return after
    old, new = Analysis(before), Analysis(after)
    edits = Edits(after)
    lines = after.split("\n")
    for line, comment in comments(before):
        if not lost[comment]:
            continue
        names = {i.local for i in old.imports if i.line == line}
        names |= {i.qualified.rpartition(".")[2] for i in old.imports if i.line == line}
        for node in new.tree.body:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            local = {(a.asname or a.name).split(".")[0] for a in node.names}
            last = lines[(node.end_lineno or 1) - 1]
            if names & local and "#" not in last:
                edits.replace(edits.end(node), edits.end(node), f"  {comment}")
                lost[comment] -= 1
                break
    return edits.result()
