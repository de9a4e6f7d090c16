"""Writes `facts/<provider>.json` again when a provider's version moves.

    python -m standin_providers.facts_writer azurerm RULES.json [--docs FOLDER] [--types FILE]

RULES.json holds, by kind (`resources`, `data_sources`), type and attribute path, what a provider's
own schema says (`force_new`, `one_of`, ...). FOLDER is `website/docs/r` of the provider's
repository at the same version: the page of each type shows an id to import. FILE lists types, one
a line; without it every type is kept.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from standin_providers.facts import FOLDER

_KINDS = {"resources": "resource", "data_sources": "data"}
_IMPORT = re.compile(r"terraform import (?:-\S+ )*['\"]?(\w+)\.\S+ (.+)$", re.M)


def main() -> None:
    """Read the arguments and write the file."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("provider")
    parser.add_argument("rules", type=Path)
    parser.add_argument("--docs", type=Path)
    parser.add_argument("--types", type=Path)
    options = parser.parse_args()
    try:
        rules = json.loads(options.rules.read_text())
        types = set(options.types.read_text().split()) if options.types else None
        ids = dict(ids_to_import(options.docs)) if options.docs else {}
    except (OSError, ValueError) as error:
        sys.exit(f"cannot read the facts: {error}")
    path = FOLDER / f"{options.provider}.json"
    path.write_text(facts_text(rules, ids, types))
    print(f"{path}: {path.stat().st_size:,} bytes")


def facts_text(rules: dict[str, Any], ids: dict[str, str], types: set[str] | None = None) -> str:
    """Return the facts as JSON with one line per type, so that a new version's diff can be read."""
    kinds = []
    for kind, name in _KINDS.items():
        known: dict[str, Any] = {}
        for type_, found in rules.get(kind, {}).items():
            known[type_] = {"rules": found} if found else {}
        for type_, id_ in ids.items() if name == "resource" else ():
            known.setdefault(type_, {})["id"] = id_
        lines = [
            f"{json.dumps(type_)}: {json.dumps(facts, sort_keys=True, separators=(',', ':'))}"
            for type_, facts in sorted(known.items())
            if facts and (types is None or type_ in types)
        ]
        kinds.append(f"{json.dumps(name)}: {{\n" + ",\n".join(lines) + "\n}")
    return "{\n" + ",\n".join(kinds) + "\n}\n"


def ids_to_import(docs: Path) -> Iterator[tuple[str, str]]:
    """Yield each type with an id of it, the names in the id replaced by `*`."""
    for page in sorted(docs.glob("*.markdown")):
        if found := _IMPORT.search(page.read_text()):
            id_ = found[2].strip().strip("\"'").split(" ")[0].strip("\"'")
            if id_.startswith("/") and "|" not in id_:
                yield found[1], _shape(id_)


def _shape(id_: str) -> str:
    """Keep the keys of an ARM id; of the names only those that are always the same."""
    parts = id_.strip("/").split("/")
    shape, is_key = [], True
    for index, part in enumerate(parts):
        if part == "providers":
            shape.append(part)
            is_key = False  # the namespace follows, and then a key again
        elif index and parts[index - 1] == "providers":
            shape.append(part)
            is_key = True
        elif is_key:
            shape.append(part)
            is_key = False
        else:
            shape.append(part if part in ("default", "current") else "*")
            is_key = True
    return "/" + "/".join(shape)


if __name__ == "__main__":
    main()
