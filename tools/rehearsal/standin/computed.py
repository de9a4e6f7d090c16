"""What Azure would answer for the values that only it knows: deterministic and realistic."""

import uuid
from collections.abc import Mapping
from typing import Any

from tools.rehearsal.standin.schema import Block
from tools.rehearsal.standin.values import Unknown

_NAMESPACE = uuid.UUID("6f6e2d61-7a75-5265-8000-616972666c6f")


def resolved(type_: str, block: Block, planned: Mapping[str, Any]) -> dict[str, Any]:
    """Return the planned values with every unknown one decided."""
    identity = str(uuid.uuid5(_NAMESPACE, f"{type_}/{planned.get('name')}"))
    return {
        name: _value(attribute.cty, planned.get(name), identity)
        for name, attribute in block.attributes.items()
    } | {name: planned.get(name) for name in block.blocks}


def _value(cty: Any, value: Any, identity: str) -> Any:
    if not isinstance(value, Unknown):
        return value
    if cty == "string":
        return identity
    return {"bool": False, "number": 0}.get(cty) if isinstance(cty, str) else []
