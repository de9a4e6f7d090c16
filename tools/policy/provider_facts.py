"""What the rules must know of the providers: which types have tags, which arguments are secret.

`python -m tools.policy.provider_facts SCHEMA...` derives provider_facts.json again, from schemas
that `terraform providers schema -json` writes.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("provider_facts.json")
# No schema of these is at hand; what they say on registry.terraform.io
HELM = {"helm_release": ["repository_password", "set_sensitive"]}


def taggable() -> frozenset[str]:
    """Return the types of azurerm whose argument `tags` is a map."""
    return frozenset(_facts()["taggable"])


def sensitive_arguments(resource_type: str) -> Sequence[str]:
    """Return the dotted paths of a type's arguments that the state keeps, and nobody should see."""
    sensitive: Mapping[str, Sequence[str]] = _facts()["sensitive"] | HELM
    return sensitive.get(resource_type, ())


def derive(schemas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the facts of the resource types of some providers' schemas."""
    blocks = {
        name: schema["block"]
        for provider in schemas
        for name, schema in sorted(provider["resource_schemas"].items())
    }
    tagged = ["map", "string"]
    sensitive = {name: sorted(_sensitive(block)) for name, block in blocks.items()}
    return {
        "sensitive": {name: paths for name, paths in sensitive.items() if paths},
        "taggable": sorted(
            name
            for name, block in blocks.items()
            if block.get("attributes", {}).get("tags", {}).get("type") == tagged
        ),
    }


def _sensitive(block: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, attribute in block.get("attributes", {}).items():
        settable = attribute.get("required") or attribute.get("optional")
        if attribute.get("sensitive") and settable and not attribute.get("write_only"):
            yield f"{path}{name}"
    for name, nested in block.get("block_types", {}).items():
        yield from _sensitive(nested["block"], f"{path}{name}.")


@cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(FILE.read_text())
    return facts


def main(arguments: Sequence[str]) -> None:
    """Write the facts of the schema files that are named."""
    schemas = [json.loads(Path(argument).read_text()) for argument in arguments]
    FILE.write_text(json.dumps(derive(schemas), indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
