"""What a change would do: planned values, those known after apply, what forces replacement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from standin_providers.facts import Fact
from standin_providers.protocol_messages import Path
from standin_providers.schema import Attribute, Block, Nested, NestedBlock
from standin_providers.values import UNKNOWN, Unknown, items_of

Values = Mapping[str, Any]
_NONE = Fact()
_EMPTY: tuple[Any, ...] = (None, "", [], {})


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans the resources of one type by its schema and its rules."""

    block: Block
    rules: Mapping[str, Fact]

    def plan(self, proposed: Values, prior: Values | None) -> dict[str, Any]:
        """Return the proposed values with defaults, and unknown where only Azure can tell.

        Args:
            proposed: the configuration merged with what is known, as Terraform sends it.
            prior: what exists; None plans a creation.
        """
        return self._block(self.block, proposed, prior, "")

    def replacing(self, planned: Values, prior: Values) -> list[Path]:
        """Return the attributes whose change the resource does not survive."""
        return list(self._replacing(self.block, planned, prior, (), ""))

    def _block(self, block: Block, new: Values, old: Values | None, at: str) -> dict[str, Any]:
        known = old or {}
        attributes = {
            name: self._attribute(
                a, new.get(name), known.get(name), at + name, creating=old is None
            )
            for name, a in block.attributes.items()
        }
        blocks = {
            name: self._nested(nested, new.get(name), known.get(name), at + name)
            for name, nested in block.blocks.items()
        }
        return attributes | blocks

    def _attribute(
        self, attribute: Attribute, new: Any, old: Any, at: str, *, creating: bool
    ) -> Any:
        if attribute.write_only:
            return None
        if new is None and (default := self._fact(at).default) is not None:
            return _typed(attribute.type, default)
        if new is None and attribute.computed and (creating or old is not None):
            return UNKNOWN
        if attribute.nested and isinstance(new, (dict, list)):
            return self._nested_attribute(attribute.nested, new, old, at)
        return new

    def _nested_attribute(self, nested: Nested, new: Any, old: Any, at: str) -> Any:
        block = Block(attributes=nested.attributes)
        if nested.nesting == "single":
            return self._block(block, new, old, f"{at}.")
        if nested.nesting == "map":
            known = old if isinstance(old, dict) else {}
            return {k: self._block(block, v, known.get(k), f"{at}.") for k, v in new.items()}
        return self._items(block, new, old, f"{at}.", ordered=nested.nesting == "list")

    def _nested(self, nested: NestedBlock, new: Any, old: Any, at: str) -> Any:
        if isinstance(new, dict):
            return self._block(nested.block, new, old, f"{at}.")
        if not isinstance(new, list):
            return new
        if not new and (self._fact(at).computed or is_azures_own(nested)):
            return UNKNOWN if old is None and is_azures_own(nested) else (old or [])
        ordered = nested.nesting == "list"
        return self._items(nested.block, new, old, f"{at}.", ordered=ordered)

    def _items(self, block: Block, new: list[Any], old: Any, at: str, *, ordered: bool) -> Any:
        known = old if isinstance(old, list) and ordered else []
        return [
            item
            if not isinstance(item, dict)
            else self._block(block, item, known[i] if i < len(known) else None, at)
            for i, item in enumerate(new)
        ]

    def _replacing(
        self, block: Block, new: Values, old: Values, path: Path, at: str
    ) -> Iterator[Path]:
        for name in block.attributes:
            if self._fact(at + name).force_new and _differs(new.get(name), old.get(name)):
                yield (*path, name)
        for name, nested in block.blocks.items():
            after, before = new.get(name), old.get(name)
            if self._fact(at + name).force_new and _count(after) != _count(before):
                yield (*path, name)
            elif nested.nesting == "set":
                if self._forcing(nested, after, at + name) != self._forcing(
                    nested, before, at + name
                ):
                    yield (*path, name)
            else:
                yield from self._replacing_items(nested, after, before, (*path, name), at + name)

    def _replacing_items(
        self, nested: NestedBlock, new: Any, old: Any, path: Path, at: str
    ) -> Iterator[Path]:
        after, before = items_of(new), items_of(old)
        for index, item in enumerate(after):
            known = before[index] if index < len(before) else {}
            yield from self._replacing(nested.block, item, known, (*path, index), f"{at}.")
        gone = before[len(after) :]
        if any(
            True for item in gone for _ in self._replacing(nested.block, {}, item, (), f"{at}.")
        ):
            yield path  # what is removed has no index any more

    def _forcing(self, nested: NestedBlock, items: Any, at: str) -> set[str]:
        """The part of a set that a resource cannot change."""
        names = [n for n in nested.block.attributes if self._fact(f"{at}.{n}").force_new]
        return {repr([item.get(name) for name in names]) for item in items_of(items) if names}

    def _fact(self, path: str) -> Fact:
        return self.rules.get(path, _NONE)


def is_azures_own(nested: NestedBlock) -> bool:
    """Whether Azure fills the block in: everything in it is computed, nothing required."""
    attributes = nested.block.attributes.values()
    return bool(attributes) and all(a.computed for a in attributes) and not nested.block.blocks


def _typed(cty: Any, default: str) -> Any:
    if cty == "bool":
        return default == "true"
    if cty == "number":
        return float(default) if "." in default else int(default)
    return default


def _differs(new: Any, old: Any) -> bool:
    return new != old and not (new in _EMPTY and old in _EMPTY)


def _count(value: Any) -> int:
    """How many blocks there are; an unknown number is like no other."""
    if isinstance(value, Unknown):
        return -1
    return len(value) if isinstance(value, list) else int(value is not None)
