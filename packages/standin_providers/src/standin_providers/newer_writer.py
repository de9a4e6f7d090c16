"""Writes facts/newer.json: how a pinned provider's schema differs from its installed binding's.

    python -m standin_providers.newer_writer azurerm VERSION SCHEMA.json

SCHEMA.json is one provider's part of `terraform providers schema -json`. Write the rules first
(`facts_writer`): they complete what a binding loses.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from standin_providers.newer import FILE, difference
from standin_providers.provider_schemas import ProviderSchemas
from standin_providers.schema import Block

_KINDS = {"resource": "resource_schemas", "data": "data_source_schemas"}
_PROSE = frozenset({"description", "description_kind"})


def main() -> None:
    """Read the arguments and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("provider")
    parser.add_argument("version")
    parser.add_argument("schema", type=Path)
    options = parser.parse_args()
    try:
        stored = json.loads(FILE.read_text()) if FILE.exists() else {}
        schema = json.loads(options.schema.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"cannot read the schema: {error}")
    stored[options.provider] = differences(options.provider, options.version, schema)
    FILE.write_text(_text(stored))
    print(f"{FILE}: {FILE.stat().st_size:,} bytes")


def differences(provider: str, version: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the version, and by kind and type what the schema has beyond the binding."""
    schemas = ProviderSchemas(provider, bound=True)
    found: dict[str, Any] = {"version": version}
    for kind, name in _KINDS.items():
        real = {type_: without_prose(one["block"]) for type_, one in schema[name].items()}
        bound = schemas.blocks(kind, real)
        found[kind] = {
            type_: change
            for type_, block in sorted(real.items())
            if (change := difference(_bound(bound, type_), block))
        }
    configuration = without_prose(schema["provider"]["block"])
    found["provider"] = difference(without_prose(schemas.configuration.to_json()), configuration)
    return found


def _bound(blocks: Mapping[str, Block], type_: str) -> Any:
    return without_prose(blocks[type_].to_json()) if type_ in blocks else {}


def without_prose(schema: Any) -> Any:
    """Return the schema as Terraform uses it: no texts, and nothing that is empty or false."""
    if not isinstance(schema, dict):
        return schema
    kept = {name: without_prose(part) for name, part in schema.items() if name not in _PROSE}
    return {name: part for name, part in kept.items() if part not in ({}, False)}


def _text(stored: Mapping[str, Any]) -> str:
    """Return JSON with one line per type, so that a new version's diff can be read."""
    providers = []
    for provider, found in sorted(stored.items()):
        parts = [f'"version": {json.dumps(found["version"])}']
        parts.append(f'"provider": {json.dumps(found["provider"], sort_keys=True)}')
        for kind in _KINDS:
            lines = [f"{json.dumps(t)}: {_one(found[kind][t])}" for t in sorted(found[kind])]
            parts.append(f'"{kind}": {{\n' + ",\n".join(lines) + "\n}")
        providers.append(f"{json.dumps(provider)}: {{\n" + ",\n".join(parts) + "\n}")
    return "{\n" + ",\n".join(providers) + "\n}\n"


def _one(change: Any) -> str:
    return json.dumps(change, sort_keys=True, separators=(",", ":"))


if __name__ == "__main__":
    main()
