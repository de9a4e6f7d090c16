"""What the synthesized stacks ask of each provider: its version and the types they use."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KINDS = ("resource", "data", "ephemeral")
_REGISTRY = "registry.terraform.io"
_OPENTOFU_REGISTRY = "registry.opentofu.org"
BUILT_IN = "terraform"  # serves terraform_data and terraform_remote_state itself


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRequirements:
    """One provider as stacks use it; `source` is its full address in the registry."""

    source: str
    versions: frozenset[str] = frozenset()
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses that Terraform and OpenTofu look for it at; each has its own registry."""
        other = self.source.replace(f"{_REGISTRY}/", f"{_OPENTOFU_REGISTRY}/")
        return (self.source,) if other == self.source else (self.source, other)


def provider_requirements(stacks: Sequence[Path]) -> dict[str, ProviderRequirements]:
    """Return what the stacks (paths of `cdk.tf.json`) need, by the provider's local name."""
    parsed = [json.loads(stack.read_text()) for stack in stacks]
    requirements = {name: r for stack in parsed for name, r in _required(stack).items()}
    versions: dict[str, set[str]] = {}
    for stack in parsed:
        for name, requirement in _required(stack).items():
            versions.setdefault(name, set()).add(requirement.get("version", ""))
    used = {kind: _types(parsed, kind) for kind in KINDS}
    names = {type_.split("_", 1)[0] for types in used.values() for type_ in types}
    return {
        name: ProviderRequirements(
            source=_address(requirements.get(name, {}).get("source", name)),
            versions=frozenset(v for v in versions.get(name, ()) if re.fullmatch(r"[\d.]+", v)),
            types={kind: frozenset(_of(name, used[kind])) for kind in KINDS},
        )
        for name in sorted(names | set(requirements))
        if name != BUILT_IN
    }


def _required(stack: Mapping[str, Any]) -> Mapping[str, Any]:
    required: Mapping[str, Any] = stack.get("terraform", {}).get("required_providers", {})
    return required


def _types(stacks: Iterable[Mapping[str, Any]], kind: str) -> set[str]:
    return {type_ for stack in stacks for type_ in stack.get(kind, {})}


def _of(provider: str, types: Iterable[str]) -> Iterable[str]:
    return (type_ for type_ in types if type_.startswith(f"{provider}_"))


def _address(source: str) -> str:
    parts = source.split("/")
    defaults = [_REGISTRY, "hashicorp"]
    return "/".join([*defaults[: 3 - len(parts)], *parts])
