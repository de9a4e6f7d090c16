"""Writes what an environment file may hold: a reference page, and a JSON schema for editors."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from environments.model import Environment

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reference" / "environment.md"
SCHEMA = ROOT / "environments" / "environment.schema.json"
LONGEST_LIST = 11  # of allowed values that a table still shows

INTRODUCTION = """\
# The environment file

<!-- Written by `make reference` from environments/*.py; a test compares the two. -->

Everything that `environments/<name>.toml` may hold. A key that is not listed here is refused, and
so are values that contradict each other, each with the way out: `make synth` says all faults of a
file at once. A default of *required* means that the key must be there.

Editors complete and check the file as you write, by `environments/environment.schema.json`, which
the first line of `environments/dev.toml` names: in VS Code with the extension *Even Better TOML*,
elsewhere with [taplo](https://taplo.tamasfe.dev). Only `make synth` finds faults
that involve two values.
"""

Schema = dict[str, Any]


def schema() -> Schema:
    """Return the JSON schema of an environment file."""
    described: Schema = _untitled(Environment.model_json_schema())
    return {"$schema": "http://json-schema.org/draft-07/schema#", **described}  # taplo reads it


def page(root: Schema) -> str:
    """Return the reference page that the schema makes."""
    lines = [INTRODUCTION]
    for path, section in _sections(root, root, ""):
        says = section["description"] if path else "In front of the first table."
        lines += ["", f"## {path or 'Top level'}", "", says, ""]
        lines += [
            "| key | type | default | allowed | description |",
            "| --- | --- | --- | --- | --- |",
        ]
        for key, value in section["properties"].items():
            if not _tables(root, value):
                lines.append(_row(root, key, value, key in section.get("required", ())))
    return "\n".join(lines) + "\n"


def _untitled(value: Any) -> Any:
    """Drop pydantic's titles: they only repeat each key."""
    if isinstance(value, dict):
        return {k: _untitled(v) for k, v in value.items() if k != "title" or isinstance(v, dict)}
    return [_untitled(inner) for inner in value] if isinstance(value, list) else value


def _sections(root: Schema, section: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    yield path, section
    for key, value in section["properties"].items():
        for heading, inner in _tables(root, value):
            name = f"{path.strip('`[]')}.{key}".lstrip(".")
            must = "Required. " if key in section.get("required", ()) else "May be left out. "
            told = inner | {"description": must + inner["description"]}
            yield from _sections(root, told, heading.format(name))


def _tables(root: Schema, value: Schema) -> list[tuple[str, Schema]]:
    """Return the table that a key opens, with the form of its heading."""
    for heading, place in (
        ("`[{}]`", value),
        ("`[{}]`", _only(value.get("anyOf", []))),
        ("`[[{}]]`", value.get("items", {})),
        ("`[{}.<name>]`", next(iter(value.get("patternProperties", {}).values()), {})),
    ):
        if reference := place.get("$ref"):
            return [(heading, root["$defs"][reference.rsplit("/", 1)[1]])]
    return []


def _only(choices: list[Schema]) -> Schema:
    """Return the one choice beside null: a key that may be left out."""
    return next((choice for choice in choices if choice.get("type") != "null"), {})


def _row(root: Schema, key: str, value: Schema, required: bool) -> str:
    plain = value | _only(value.get("anyOf", []))
    kind = plain.get("type", "")
    names = {"array": "list", "object": "table", "boolean": "true or false"}
    default = "*required*" if required else _code(value.get("default"), kind)
    allowed = "; ".join(_allowed(plain | plain.get("items", {}) | plain.get("propertyNames", {})))
    return f"| `{key}` | {names.get(kind, kind)} | {default} | {allowed} | {value['description']} |"


def _code(value: Any, kind: str) -> str:
    if value is None:
        return "`{}`" if kind == "object" else "none"
    return f"`{json.dumps(value)}`"


def _allowed(value: Schema) -> Iterator[str]:
    if values := value.get("enum"):
        shown = values if len(values) <= LONGEST_LIST else values[:3]
        more = f" and {len(values) - len(shown)} more, which editors complete"
        yield ", ".join(f"`{v}`" for v in shown) + (more if len(shown) < len(values) else "")
    if "minimum" in value:
        most = f"to {value['maximum']}" if "maximum" in value else "or more"
        yield f"{value['minimum']} {most}"
    if rule := value.get("$comment"):
        yield rule
    if examples := value.get("examples"):
        yield f"as `{examples[0]}`"


def main() -> None:
    """Write both files."""
    described = schema()
    SCHEMA.write_text(json.dumps(described, indent=2) + "\n")
    PAGE.write_text(page(described))


if __name__ == "__main__":
    main()
