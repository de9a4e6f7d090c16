"""Writes what an environment file and the seed may hold: a page each, and a schema for editors."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from environments.model import Environment
from environments.seed import Seed

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "reference"
SCHEMAS = ROOT / "environments"
LONGEST_LIST = 11  # of allowed values that a table still shows

_ENVIRONMENT = """\
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

_SEED = """\
# The seed

<!-- Written by `make reference` from environments/seed*.py; a test compares the two. -->

Everything that `seed.toml` may hold. A company has one, beside `environments/`, or none where
[another team](../how-to/use-a-landing-zone.md) makes these things.
[Bootstrap](../how-to/bootstrap.md) says how it is used. What it shares with the environment files
must be the same in both: where it is not, `make synth` names the file, the key and both values.
"""

Schema = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Described:
    """A file of a company: its model, the page about it, and the schema that editors take."""

    model: type[BaseModel]
    introduction: str
    page: Path
    schema: Path


FILES = (
    Described(
        model=Environment,
        introduction=_ENVIRONMENT,
        page=PAGES / "environment.md",
        schema=SCHEMAS / "environment.schema.json",
    ),
    Described(
        model=Seed,
        introduction=_SEED,
        page=PAGES / "seed.md",
        schema=SCHEMAS / "seed.schema.json",
    ),
)


def schema(of: Described) -> Schema:
    """Return the JSON schema of a file."""
    described: Schema = _untitled(of.model.model_json_schema())
    return {"$schema": "http://json-schema.org/draft-07/schema#", **described}  # taplo reads it


def page(of: Described) -> str:
    """Return the reference page that the schema makes."""
    root = schema(of)
    lines = [of.introduction]
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
    """Write all files."""
    for file in FILES:
        file.schema.write_text(json.dumps(schema(file), indent=2) + "\n")
        file.page.write_text(page(file))


if __name__ == "__main__":
    main()
