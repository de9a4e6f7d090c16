"""The schema of a Terraform type, in the shape of `terraform providers schema -json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

FLAGS = ("required", "optional", "computed", "sensitive", "deprecated", "write_only")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """An argument or exported attribute: of a cty `type`, or nested (framework providers)."""

    type: Any = None
    nested: "Nested | None" = None
    required: bool = False
    optional: bool = False
    computed: bool = False
    sensitive: bool = False
    deprecated: bool = False
    write_only: bool = False

    @property
    def cty(self) -> Any:
        """The cty type as JSON, whether nested or not."""
        return self.nested.cty if self.nested else self.type

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Attribute":
        """Read one entry of `attributes`."""
        nested = data.get("nested_type")
        return cls(
            type=data.get("type"),
            nested=Nested.from_json(nested) if nested else None,
            **{flag: True for flag in FLAGS if data.get(flag)},
        )

    def to_json(self) -> dict[str, Any]:
        """Write one entry of `attributes`."""
        kind = {"nested_type": self.nested.to_json()} if self.nested else {"type": self.type}
        return kind | {flag: True for flag in FLAGS if getattr(self, flag)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """The attributes of a nested attribute, and how many objects there are."""

    nesting: str
    attributes: Mapping[str, Attribute]

    @property
    def cty(self) -> Any:
        """The cty type as JSON."""
        return _wrapped(self.nesting, {n: a.cty for n, a in self.attributes.items()})

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Nested":
        """Read a `nested_type`."""
        attributes = {n: Attribute.from_json(a) for n, a in data["attributes"].items()}
        return cls(nesting=data["nesting_mode"], attributes=attributes)

    def to_json(self) -> dict[str, Any]:
        """Write a `nested_type`."""
        attributes = {name: a.to_json() for name, a in self.attributes.items()}
        return {"nesting_mode": self.nesting, "attributes": attributes}


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedBlock:
    """A block inside a block; `max_items` 0 is no limit."""

    nesting: str
    block: "Block"
    min_items: int = 0
    max_items: int = 0

    @property
    def cty(self) -> Any:
        """The cty type as JSON."""
        return _wrapped(self.nesting, self.block.cty[1])

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "NestedBlock":
        """Read one entry of `block_types`."""
        limits = {key: data[key] for key in ("min_items", "max_items") if key in data}
        return cls(nesting=data["nesting_mode"], block=Block.from_json(data["block"]), **limits)

    def to_json(self) -> dict[str, Any]:
        """Write one entry of `block_types`."""
        limits = {"min_items": self.min_items, "max_items": self.max_items}
        return {
            "nesting_mode": self.nesting,
            **{name: limit for name, limit in limits.items() if limit},
            "block": self.block.to_json(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The attributes and nested blocks of a resource, data source, provider or block."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: Mapping[str, NestedBlock] = field(default_factory=dict)

    @property
    def cty(self) -> Any:
        """The cty type as JSON."""
        attributes = {name: attribute.cty for name, attribute in self.attributes.items()}
        return ["object", attributes | {name: b.cty for name, b in self.blocks.items()}]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Block":
        """Read a `block`; absent parts are empty."""
        return cls(
            attributes={n: Attribute.from_json(a) for n, a in data.get("attributes", {}).items()},
            blocks={n: NestedBlock.from_json(b) for n, b in data.get("block_types", {}).items()},
        )

    def to_json(self) -> dict[str, Any]:
        """Write a `block`; empty parts are left out."""
        attributes = {name: a.to_json() for name, a in sorted(self.attributes.items())}
        blocks = {name: b.to_json() for name, b in sorted(self.blocks.items())}
        parts = {"attributes": attributes, "block_types": blocks}
        return {name: part for name, part in parts.items() if part}


def _wrapped(nesting: str, members: Mapping[str, Any]) -> Any:
    inner = ["object", dict(members)]
    return inner if nesting in ("single", "group") else [nesting, inner]
