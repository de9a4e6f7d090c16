"""What a change would do: the planned values, what is known after apply, what forces replacement."""

from collections.abc import Mapping
from typing import Any

from tools.rehearsal.standin.schema import Attribute, Block, NestedBlock
from tools.rehearsal.standin.values import UNKNOWN, Unknown

Values = Mapping[str, Any]


def planned(block: Block, proposed: Values, prior: Values | None) -> dict[str, Any]:
    """Return what Terraform proposes, with defaults and what only Azure can tell as unknown.

    Args:
        block: the schema of the values.
        proposed: configuration merged with what is known, as Terraform sends it.
        prior: what exists; None plans a creation.
    """
    known = prior or {}
    attributes = {
        name: _attribute(attribute, proposed.get(name), known.get(name), creating=prior is None)
        for name, attribute in block.attributes.items()
    }
    blocks = {
        name: _nested(nested, proposed.get(name), known.get(name))
        for name, nested in block.blocks.items()
    }
    return attributes | blocks


def _attribute(attribute: Attribute, value: Any, prior: Any, *, creating: bool) -> Any:
    if attribute.write_only:
        return None
    if value is None and attribute.computed and (creating or prior is not None):
        return UNKNOWN
    return value


def _nested(nested: NestedBlock, value: Any, prior: Any) -> Any:
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        return planned(nested.block, value, prior)
    before = prior if isinstance(prior, list) and nested.nesting == "list" else []
    return [
        item
        if isinstance(item, Unknown)
        else planned(nested.block, item, before[index] if index < len(before) else None)
        for index, item in enumerate(value)
    ]
