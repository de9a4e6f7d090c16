# ruff: noqa: D102, N802  (libcst calls these methods, and names them after its node classes)
"""Imports of names that live elsewhere now, or nowhere."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

import libcst as cst

from dag_migration.fixes.change import Change, module_of, one_import_a_line


class Moves(NamedTuple):
    """What to do with names that Airflow 3 does not have where they are imported from."""

    homes: Mapping[tuple[str, str], str]  # (module, name): the module that has it now
    unused: frozenset[tuple[str, str]]  # imported, gone and never used
    # (module, name): the module and the name of what does the same now
    successors: Mapping[tuple[str, str], tuple[str, str]] = MappingProxyType({})


class Imports(Change):
    """Takes names from the modules that have them now and drops what is gone and unused."""

    code = "MIG010"

    def __init__(self, moves: Moves) -> None:
        super().__init__()
        self.moves = moves

    def leave_ImportFrom(
        self, original_node: cst.ImportFrom, updated_node: cst.ImportFrom
    ) -> (
        "cst.BaseSmallStatement | cst.FlattenSentinel[cst.BaseSmallStatement] | cst.RemovalSentinel"
    ):
        module = module_of(updated_node)
        if not module or isinstance(updated_node.names, cst.ImportStar):
            return updated_node
        kept: list[cst.ImportAlias] = []
        homes: dict[str, list[cst.ImportAlias]] = {}
        for alias in updated_node.names:
            key = (module, str(alias.name.value))
            if key in self.moves.unused:
                self.note(original_node, f"Removed `{module}.{key[1]}`: gone, and not used here")
            elif successor := self.moves.successors.get(key):
                place, name = successor
                self.note(original_node, f"`{key[1]}` is now `{name}` of {place}")
                known = alias.asname or cst.AsName(cst.Name(key[1]))
                local = cst.ensure_type(known.name, cst.Name).value
                asname = None if local == name else known
                new = alias.with_changes(name=cst.Name(name), asname=asname)
                homes.setdefault(place, []).append(new)
            elif home := self.moves.homes.get(key):
                self.note(original_node, f"`{key[1]}` is imported from {home}, not {module}")
                homes.setdefault(home, []).append(alias)
            else:
                kept.append(alias)
        if len(kept) == len(updated_node.names):
            return updated_node
        imports = [_import_from(home, aliases) for home, aliases in homes.items()]
        if kept:
            # inside parentheses the last comma and its line break stay as they were
            last = updated_node.names[-1].comma if updated_node.lpar else cst.MaybeSentinel.DEFAULT
            kept[-1] = kept[-1].with_changes(comma=last)
            imports.insert(0, updated_node.with_changes(names=kept))
        return cst.FlattenSentinel(imports) if imports else cst.RemoveFromParent()

    def leave_Import(
        self, original_node: cst.Import, updated_node: cst.Import
    ) -> "cst.Import | cst.RemovalSentinel":
        kept = []
        for alias in updated_node.names:
            module = cst.Module([]).code_for_node(alias.name)
            if (module, "") in self.moves.unused and alias.asname:
                self.note(original_node, f"Removed `{module}`: gone, and not used here")
            else:
                kept.append(alias)
        if len(kept) == len(updated_node.names):
            return updated_node
        return updated_node.with_changes(names=_closed(kept)) if kept else cst.RemoveFromParent()

    def leave_SimpleStatementLine(
        self, original_node: cst.SimpleStatementLine, updated_node: cst.SimpleStatementLine
    ) -> "cst.SimpleStatementLine | cst.FlattenSentinel[cst.SimpleStatementLine]":
        return one_import_a_line(updated_node)


def _import_from(home: str, aliases: list[cst.ImportAlias]) -> cst.ImportFrom:
    module = cast("cst.Attribute | cst.Name", cst.parse_expression(home))
    return cst.ImportFrom(module, _closed(aliases))


def _closed(aliases: list[cst.ImportAlias]) -> list[cst.ImportAlias]:
    return [*aliases[:-1], aliases[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)]
