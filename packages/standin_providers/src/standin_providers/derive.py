"""Terraform schemas derived from the installed bindings, as the providers themselves give them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from standin_providers.schema import Attribute, Block, Nested, NestedBlock
from standin_providers.typescript import Hcl, Member, Module
from standin_providers.wheel import Wheel

# Framework providers have nested attributes where those of SDKv2 have lists of objects.
FRAMEWORK = frozenset({"helm"})

_NEW = re.compile(
    r"= new (?:cdktf\.)?(\w+?)(List|OutputReference|MapList|Map)"
    r"\(this, \"\w+\"(?:, (true|false))?\)"
)
_GETTER = re.compile(r"\.(get\w+Attribute|interpolationForAttribute)\(")
_GETTERS: Mapping[str, Any] = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
    "getNumberMapAttribute": ["map", "number"],
    "getBooleanMapAttribute": ["map", "bool"],
    "getAnyMapAttribute": "dynamic",
    "interpolationForAttribute": "dynamic",
}
_STORAGE: Mapping[str, Any] = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "any": "dynamic",
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
    "booleanList": ["list", "bool"],
    "stringMap": ["map", "string"],
    "numberMap": ["map", "number"],
    "booleanMap": ["map", "bool"],
    "anyMap": "dynamic",
    "stringListList": ["list", ["list", "string"]],
    "numberListList": ["list", ["list", "number"]],
}
_COMPLEX: Mapping[str, Any] = {
    "StringMap": ["map", "string"],
    "NumberMap": ["map", "number"],
    "BooleanMap": ["map", "bool"],
    "AnyMap": "dynamic",
    "StringMapList": ["list", ["map", "string"]],
    "StringListList": ["list", ["list", "string"]],
}


def derive(wheel: Wheel, kind: str, types: Iterable[str]) -> dict[str, Block]:
    """Return the blocks of the types that the binding has; `kind` is resource or data."""
    folders = {name: type_ for type_ in types for name in _folders(wheel, kind, type_)}
    derived = {}
    for text in wheel.sources(folders).values():
        module = Module(text)
        if (found := module.terraform_type) in folders.values():
            deriver = _Deriver(module, framework=wheel.provider in FRAMEWORK)
            derived[str(found)] = deriver.block(module.main_class)
    return derived


def derive_provider(wheel: Wheel) -> Block:
    """Return the block of the provider's own configuration."""
    module = Module(wheel.sources(["provider"])["provider"])
    return _Deriver(module, framework=wheel.provider in FRAMEWORK).provider()


def _folders(wheel: Wheel, kind: str, type_: str) -> tuple[str, ...]:
    if kind == "data":
        return ("data-" + type_.replace("_", "-"),)
    name = type_.removeprefix(f"{wheel.provider}_").replace("_", "-")
    return (name, f"{name}-resource")  # the suffix keeps clear of the words that jsii reserves


class _Deriver:
    def __init__(self, module: Module, *, framework: bool) -> None:
        self._module = module
        self._framework = framework

    def block(self, class_name: str, struct: str | None = None) -> Block:
        """The block that a class stands for; `struct` maps it where it is nested."""
        module = self._module
        hcl = module.struct_hcl(struct) if struct else module.class_hcl(class_name)
        parts = {m.name: self._member(m, hcl.get(m.name)) for m in module.members(class_name)}
        return _block(parts)

    def provider(self) -> Block:
        """A provider's class has no getters: everything stands in how it writes HCL."""
        name = self._module.main_class
        flags = {member.name: member.flags for member in self._module.members(name)}
        return _block(
            {
                key: self._configured(hcl, flags.get(key, {"optional": True}))
                for key, hcl in self._module.class_hcl(name).items()
                if key != "alias"  # Terraform's own, not the provider's
            }
        )

    def _member(self, member: Member, hcl: Hcl | None) -> Attribute | NestedBlock:
        new = _NEW.search(member.code)
        stem, suffix, is_set = new.groups() if new else ("", "", None)
        if suffix == "MapList" and self._module.has_class(f"{stem}MapOutputReference"):
            stem, suffix = f"{stem}Map", "List"
        if not self._module.has_class(f"{stem}OutputReference"):
            cty = _COMPLEX.get(stem + suffix) or _simple_type(hcl, member.code)
            return Attribute(type=cty, **member.flags)
        single = suffix == "OutputReference"
        nesting = (hcl.kind if hcl else "list") if single else _list_or_set(is_set)
        inner = self.block(f"{stem}OutputReference", stem)
        if hcl and _is_block(member.name, hcl, single=single):
            return _nested_block(nesting, inner, single=single, required=member.flags["required"])
        mode = "single" if nesting == "struct" else nesting
        if hcl and self._framework:
            nested = Nested(nesting=mode, attributes=_as_attributes(inner))
            return Attribute(nested=nested, **member.flags)
        cty = inner.cty if mode == "single" and not hcl else [_collection(mode), inner.cty]
        return Attribute(type=cty, **member.flags)

    def _configured(self, hcl: Hcl, flags: Mapping[str, Any]) -> Attribute | NestedBlock:
        if not hcl.struct or not self._module.has_struct(hcl.struct):
            return Attribute(type=_simple_type(hcl, ""), **flags)
        inner, single = self._struct(hcl.struct), not hcl.repeated_block
        required = flags.get("required", False)
        if not single or (hcl.kind == "list" and "listMapper" not in hcl.value):
            return _nested_block(hcl.kind, inner, single=single, required=required)
        mode = "single" if hcl.kind == "struct" else hcl.kind
        return Attribute(nested=Nested(nesting=mode, attributes=_as_attributes(inner)), **flags)

    def _struct(self, struct: str) -> Block:
        if self._module.has_class(f"{struct}OutputReference"):
            return self.block(f"{struct}OutputReference", struct)
        parts: dict[str, Attribute | NestedBlock] = {}
        for name, hcl in self._module.struct_hcl(struct).items():
            if hcl.struct and self._module.has_struct(hcl.struct):
                nesting = "single" if hcl.kind == "struct" else hcl.kind
                limit = 0 if "listMapper" in hcl.value else 1
                inner = self._struct(hcl.struct)
                parts[name] = NestedBlock(nesting=nesting, block=inner, max_items=limit)
            else:
                required = self._module.requires(struct, name)
                cty = _simple_type(hcl, "")
                parts[name] = Attribute(type=cty, required=required, optional=not required)
        return _block(parts)


def _block(parts: Mapping[str, Attribute | NestedBlock]) -> Block:
    return Block(
        attributes={n: p for n, p in parts.items() if isinstance(p, Attribute)},
        blocks={n: p for n, p in parts.items() if isinstance(p, NestedBlock)},
    )


def _is_block(name: str, hcl: Hcl, *, single: bool) -> bool:
    if hcl.repeated_block or name == "timeouts":
        return True
    return single and hcl.kind in ("list", "set")


def _nested_block(nesting: str, block: Block, *, single: bool, required: bool) -> NestedBlock:
    if nesting == "struct":
        return NestedBlock(nesting="single", block=block)
    return NestedBlock(nesting=nesting, block=block, min_items=int(required), max_items=int(single))


def _simple_type(hcl: Hcl | None, code: str) -> Any:
    if hcl:
        cty = _STORAGE[hcl.storage]
        return ["set", cty[1]] if hcl.kind == "set" and isinstance(cty, list) else cty
    getter = _GETTER.search(code)
    cty = _GETTERS[getter[1]] if getter else None
    return ["set", cty[1]] if isinstance(cty, list) and "Fn.tolist(" in code else cty


def _list_or_set(is_set: str | None) -> str:
    return "set" if is_set == "true" else "list"


def _collection(mode: str) -> str:
    return "list" if mode == "single" else mode


def _as_attributes(block: Block) -> dict[str, Attribute]:
    nested = {
        name: Attribute(
            nested=Nested(nesting=b.nesting, attributes=_as_attributes(b.block)), optional=True
        )
        for name, b in block.blocks.items()
    }
    return {**block.attributes, **nested}
