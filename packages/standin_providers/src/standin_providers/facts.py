"""What bindings lose about a type: rules of the provider's own schema, and Azure's id of it.

`facts/<provider>.json` holds what the providers' own schemas say (`facts_writer` writes it), and
`facts/by_hand.json` what their code decides; a replacement under a condition is in `replacements`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any

from standin_providers.schema import Attribute, Block, Nested, NestedBlock

FOLDER = Path(__file__).parent / "facts"
_ANY = "*"  # facts that hold for every type of a provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What holds for one attribute or block of a type; a default is a string, as in Go."""

    sensitive: bool = False
    deprecated: bool = False
    write_only: bool = False
    computed: bool = False  # a block that Azure fills in where the configuration has none
    force_new: bool = False
    min_items: int = 0
    max_items: int = 0
    type: Any = None
    default: str | None = None
    one_of: tuple[str, ...] = ()
    between: tuple[float, ...] = ()
    length: tuple[int, ...] = ()
    elements_one_of: tuple[str, ...] = ()
    conflicts_with: tuple[str, ...] = ()
    required_with: tuple[str, ...] = ()
    exactly_one_of: tuple[str, ...] = ()
    at_least_one_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Of one type: `rules` by the path of what they are about, and an example of its id."""

    rules: Mapping[str, Fact] = field(default_factory=dict)
    id: str | None = None


def facts_of(provider: str, kind: str, type_: str) -> Facts:
    """Return what is known about a type; nothing, if it is not in the files."""
    rules: dict[str, Fact] = {}
    id_ = None
    for source in (_stored(provider), _stored("by_hand").get(provider, {})):
        known = source.get(kind, {})
        for found in (known.get(_ANY, {}), known.get(type_, {})):
            id_ = found.get("id", id_)
            for path, fact in found.get("rules", {}).items():
                rules[path] = _fact(fact, rules.get(path, Fact()))
    return Facts(rules=rules, id=id_)


def completed(block: Block, rules: Mapping[str, Fact], prefix: str = "") -> Block:
    """Return the block with the flags and limits that its binding lost.

    What ends in `_wo` and is beside its own version or revision is write-only in every provider:
    https://developer.hashicorp.com/terraform/plugin/framework/resources/write-only-arguments
    """
    write_only = {
        name
        for name in block.attributes
        if name.endswith("_wo") and {f"{name}_version", f"{name}_revision"} & set(block.attributes)
    }
    return Block(
        attributes={
            name: _attribute(attribute, rules, prefix + name, write_only=name in write_only)
            for name, attribute in block.attributes.items()
        },
        blocks={
            name: _nested_block(nested, rules, prefix + name)
            for name, nested in block.blocks.items()
        },
    )


def _attribute(
    attribute: Attribute, rules: Mapping[str, Fact], path: str, *, write_only: bool = False
) -> Attribute:
    fact = rules.get(path, Fact())
    nested = attribute.nested
    if nested:
        nested = Nested(
            nesting=nested.nesting,
            attributes={
                n: _attribute(a, rules, f"{path}.{n}") for n, a in nested.attributes.items()
            },
        )
    return replace(
        attribute,
        type=fact.type or attribute.type,
        nested=nested,
        sensitive=fact.sensitive,
        deprecated=fact.deprecated,
        write_only=fact.write_only or write_only,
    )


def _nested_block(nested: NestedBlock, rules: Mapping[str, Fact], path: str) -> NestedBlock:
    fact = rules.get(path, Fact())
    return replace(
        nested,
        block=completed(nested.block, rules, f"{path}."),
        min_items=fact.min_items or nested.min_items,
        max_items=fact.max_items or nested.max_items,
    )


@cache
def _stored(name: str) -> Mapping[str, Any]:
    path = FOLDER / f"{name}.json"
    stored: Mapping[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return stored


_LISTS = frozenset(f.name for f in fields(Fact) if str(f.type).startswith("tuple"))


def _fact(data: Mapping[str, Any], known: Fact) -> Fact:
    given: dict[str, Any] = {k: tuple(v) if k in _LISTS else v for k, v in data.items()}
    return replace(known, **given)
