"""What a binding's generated TypeScript says: its classes, their attributes and HCL types."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_CLASS = re.compile(r"^export class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}", re.M | re.S)
_TO_HCL = re.compile(r"^export function (\w+)ToHclTerraform\(.*?^\}", re.M | re.S)
_MEMBER = re.compile(
    r"^\s*// (\w+) - computed: (\w+), optional: (\w+), required: (\w+)\n(.*\n.*\n.*)", re.M
)
_HCL = re.compile(
    r"^\s+(\w+): \{\n\s+value: (.*),\n\s+isBlock: \w+,"
    r"\n\s+type: \"(\w+)\",\n\s+storageClassType: \"(\w+)\"",
    re.M,
)


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute or block of a class: its flags and the code that declares and reads it."""

    name: str
    flags: Mapping[str, Any]
    code: str


@dataclass(frozen=True, slots=True)
class Hcl:
    """How a value is written in HCL: its mapper, its kind (list, set, ...) and storage class."""

    value: str
    kind: str
    storage: str

    @property
    def struct(self) -> str | None:
        """The struct that the value is mapped by, if it is not a plain value."""
        found = re.search(r"(?<!\.)\b(\w+)ToHclTerraform", self.value)
        return found[1][0].upper() + found[1][1:] if found else None

    @property
    def repeated_block(self) -> bool:
        """Whether the value is mapped as a list of blocks."""
        return "true)(" in self.value


class Module:
    """One generated source file."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _classes(self) -> Mapping[str, tuple[str, str]]:
        return {m[1]: (m[2], m[3]) for m in _CLASS.finditer(self._text)}

    @cached_property
    def _mappers(self) -> Mapping[str, str]:
        return {m[1][0].upper() + m[1][1:]: m[0] for m in _TO_HCL.finditer(self._text)}

    @property
    def terraform_type(self) -> str | None:
        """The type that the file binds; None for a provider."""
        found = re.search(r"tfResourceType = \"(\w+)\"", self._text)
        return found[1] if found else None

    @property
    def main_class(self) -> str:
        """The class that stands for the resource, data source or provider."""
        bases = ("TerraformResource", "TerraformDataSource", "TerraformProvider")
        return next(name for name, (base, _) in self._classes.items() if base in bases)

    def requires(self, struct: str, name: str) -> bool:
        """Whether a struct's interface demands the member; `name` is Terraform's."""
        found = re.search(rf"^export interface {struct} \{{\n(.*?)^\}}", self._text, re.M | re.S)
        head, *tail = name.split("_")
        camel = head + "".join(part.capitalize() for part in tail)
        return bool(found and f"readonly {camel}: " in found[1])

    def has_class(self, name: str) -> bool:
        """Whether the file declares the class."""
        return name in self._classes

    def has_struct(self, name: str) -> bool:
        """Whether the file maps the struct to HCL."""
        return name in self._mappers

    def members(self, class_name: str) -> list[Member]:
        """The attributes and blocks of a class, in the file's order."""
        return [
            Member(
                name, {"computed": c == "true", "optional": o == "true", "required": r == "true"}, t
            )
            for name, c, o, r, t in _MEMBER.findall(self._classes[class_name][1])
        ]

    def class_hcl(self, class_name: str) -> Mapping[str, Hcl]:
        """How a class writes its members in HCL."""
        return _hcl(self._classes[class_name][1])

    def struct_hcl(self, struct: str) -> Mapping[str, Hcl]:
        """How a struct's mapper writes its members in HCL."""
        return _hcl(self._mappers.get(struct, ""))


def _hcl(text: str) -> Mapping[str, Hcl]:
    return {m[1]: Hcl(m[2], m[3], m[4]) for m in _HCL.finditer(text)}
