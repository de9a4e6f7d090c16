"""Schemas, values and diagnostics as messages of the plugin protocol."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from standin_providers.protocol import MESSAGES
from standin_providers.schema import FLAGS, Attribute, Block, NestedBlock
from standin_providers.values import encode

_NESTING = ("invalid", "single", "list", "set", "map", "group")  # their numbers in the protocol
_ERROR = 1

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error as Terraform shows it, and the attribute that it is about."""

    summary: str
    detail: str = ""
    path: Path = ()


def value_message(value: Any) -> Any:
    """A `DynamicValue`."""
    return MESSAGES["DynamicValue"](msgpack=encode(value))


def path_message(path: Path) -> Any:
    """An `AttributePath`."""
    steps = [
        {"element_key_int": step} if isinstance(step, int) else {"attribute_name": step}
        for step in path
    ]
    return MESSAGES["AttributePath"](steps=[MESSAGES["Step"](**step) for step in steps])


def imported_message(type_: str, state: Any) -> Any:
    """An imported resource."""
    return MESSAGES["Imported"](type_name=type_, state=state)


def diagnostics(refusals: Iterable[Refusal]) -> list[Any]:
    """A `Diagnostic` each."""
    return [
        MESSAGES["Diagnostic"](
            severity=_ERROR,
            summary=refusal.summary,
            detail=refusal.detail,
            attribute=path_message(refusal.path) if refusal.path else None,
        )
        for refusal in refusals
    ]


def schema_message(block: Block) -> Any:
    """A `Schema`."""
    return MESSAGES["Schema"](block=_block(block))


def _block(block: Block) -> Any:
    return MESSAGES["Block"](
        attributes=[_attribute(name, a) for name, a in sorted(block.attributes.items())],
        block_types=[_nested_block(name, b) for name, b in sorted(block.blocks.items())],
    )


def _nested_block(name: str, nested: NestedBlock) -> Any:
    return MESSAGES["NestedBlock"](
        type_name=name,
        block=_block(nested.block),
        nesting=_NESTING.index(nested.nesting),
        min_items=nested.min_items,
        max_items=nested.max_items,
    )


def _attribute(name: str, attribute: Attribute) -> Any:
    flags = {flag: getattr(attribute, flag) for flag in FLAGS}
    if not attribute.nested:
        return MESSAGES["Attribute"](name=name, type=json.dumps(attribute.type).encode(), **flags)
    nested = MESSAGES["Object"](
        attributes=[_attribute(n, a) for n, a in sorted(attribute.nested.attributes.items())],
        nesting=_NESTING.index(attribute.nested.nesting),
    )
    return MESSAGES["Attribute"](name=name, nested_type=nested, **flags)
