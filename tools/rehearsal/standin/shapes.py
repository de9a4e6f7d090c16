"""Values made to fit a schema: what a state, a file or an import gives, and nothing else."""

from collections.abc import Mapping
from typing import Any

from tools.rehearsal.standin.schema import Block, NestedBlock

Values = Mapping[str, Any]


def fitted(block: Block, values: Values) -> dict[str, Any]:
    """Return the values that the schema has; those that are not given are empty."""
    return {name: values.get(name) for name in block.attributes} | {
        name: _nested(nested, values.get(name)) for name, nested in block.blocks.items()
    }


def _nested(nested: NestedBlock, value: Any) -> Any:
    if nested.nesting in ("single", "group"):
        return fitted(nested.block, value) if isinstance(value, dict) else None
    if nested.nesting == "map":
        return {key: fitted(nested.block, item) for key, item in (value or {}).items()}
    return [fitted(nested.block, item) for item in value or [] if isinstance(item, dict)]
