"""Values made to fit a schema: what a state, a file or an import gives, and nothing else."""

import json
from collections.abc import Mapping
from typing import Any

from standin_providers.schema import Block, NestedBlock

Values = Mapping[str, Any]


def fitted(block: Block, values: Values) -> dict[str, Any]:
    """Return the values that the schema has; those that are not given are empty."""
    return {name: _typed(a.cty, values.get(name)) for name, a in block.attributes.items()} | {
        name: _nested(nested, values.get(name)) for name, nested in block.blocks.items()
    }


def _typed(cty: Any, value: Any) -> Any:
    """A value of any type comes from a state with its type, and goes as a pair of both."""
    if cty == "dynamic" and isinstance(value, dict) and set(value) == {"type", "value"}:
        return [json.dumps(value["type"]).encode(), value["value"]]
    return value


def _nested(nested: NestedBlock, value: Any) -> Any:
    if nested.nesting in ("single", "group"):
        return fitted(nested.block, value) if isinstance(value, dict) else None
    if nested.nesting == "map":
        return {key: fitted(nested.block, item) for key, item in (value or {}).items()}
    return [fitted(nested.block, item) for item in value or [] if isinstance(item, dict)]
