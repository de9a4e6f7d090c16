"""Holds synthesized JSON against what the providers accept: their schemas and their own checks.

The schemas are those of `terraform providers schema -json`. The rules are what a provider checks
beyond its schema, by type and dotted path: allowed values, arguments that exclude or need others.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

Json = Any
Block = Mapping[str, Any]

META_ARGUMENTS = frozenset(
    {"//", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner", "connection"}
)
KINDS = {
    "resource": ("resource_schemas", "resources"),
    "data": ("data_source_schemas", "data_sources"),
    "ephemeral": ("ephemeral_resource_schemas", None),
}


class Level(NamedTuple):
    """One block on the way from a resource to an argument: its dotted path and its content."""

    path: str
    content: Block


@dataclass(frozen=True)
class Provider:
    """The name of a provider, its schema, and its rules."""

    name: str
    schema: Block
    rules: Block

    def knows(self, resource_type: str) -> bool:
        """Say whether the type's name begins with the provider's."""
        return resource_type.split("_")[0] == self.name


def faults(stack: Block, providers: Sequence[Provider]) -> list[str]:
    """Return everything in a synthesized stack that one of the providers would refuse."""
    found = (fault for provider in providers for fault in _of_provider(stack, provider))
    return list(dict.fromkeys(found))  # every argument of a group reports the group's fault


def unchecked(stack: Block, providers: Sequence[Provider]) -> set[str]:
    """Return the types in a stack that belong to none of the providers."""
    types = {name for kind in KINDS for name in stack.get(kind, {})}
    return {name for name in types if not any(provider.knows(name) for provider in providers)}


def _of_provider(stack: Block, provider: Provider) -> Iterator[str]:
    for kind, (schemas, rules) in KINDS.items():
        for resource_type, resources in stack.get(kind, {}).items():
            if not provider.knows(resource_type):
                continue
            schema = provider.schema.get(schemas, {}).get(resource_type)
            if schema is None:
                yield f"{resource_type}: the provider has no such {kind}"
                continue
            own = provider.rules.get(rules, {}).get(resource_type, {}) if rules else {}
            for name, content in resources.items():
                for fault in _of_resource(content, schema["block"], own):
                    yield f"{resource_type}.{name}{fault}"
    for content in _elements(stack.get("provider", {}).get(provider.name)):
        for fault in _of_resource(content, provider.schema["provider"]["block"], {}):
            yield f"provider.{provider.name}{fault}"


def _of_resource(content: Block, schema: Block, rules: Block) -> Iterator[str]:
    arguments = {name: value for name, value in content.items() if name not in META_ARGUMENTS}
    yield from _of_block((Level("", arguments),), schema, rules)
    known = {*schema.get("attributes", {}), *schema.get("block_types", {})}
    for ignored in content.get("lifecycle", {}).get("ignore_changes", []):
        if ignored.split("[")[0] not in known | {"all"}:
            yield f".lifecycle.ignore_changes: {ignored!r} is no argument"


def _of_block(levels: tuple[Level, ...], schema: Block, rules: Block) -> Iterator[str]:
    path, content = levels[-1]
    attributes, blocks = schema.get("attributes", {}), schema.get("block_types", {})
    for name, value in content.items():
        at = f"{path}.{name}"
        if name in attributes:
            yield from _of_attribute(at, value, attributes[name], levels)
        elif name not in blocks and value is not None:
            yield f"{at}: unknown argument"
    for name, attribute in attributes.items():
        if attribute.get("required") and content.get(name) is None:
            yield f"{path}.{name}: missing"
    for name, block in blocks.items():
        yield from _of_nested(levels, name, block, rules)
    for dotted, rule in rules.items():
        parents, _, name = f".{dotted}".rpartition(".")
        if parents == path:
            yield from _of_rule(levels, f"{path}.{name}", content.get(name), rule)


def _of_nested(levels: tuple[Level, ...], name: str, block: Block, rules: Block) -> Iterator[str]:
    path, content = levels[-1]
    at = f"{path}.{name}"
    elements = _elements(content.get(name))
    least, most = block.get("min_items", 0), block.get("max_items") or None
    if block["nesting_mode"] == "single":
        most = 1
    if len(elements) < least:
        yield f"{at}: missing" if least == 1 else f"{at}: at least {least}, not {len(elements)}"
    if most and len(elements) > most:
        yield f"{at}: at most {most}, not {len(elements)}"
    for element in elements:
        if isinstance(element, dict):
            yield from _of_block((*levels, Level(at, element)), block["block"], rules)
        elif not _unknown(element):
            yield f"{at}: a block, not {element!r}"


def _of_attribute(
    at: str, value: Json, attribute: Block, levels: tuple[Level, ...]
) -> Iterator[str]:
    if value is None:
        return
    settable = attribute.get("required") or attribute.get("optional")
    if not settable or (at == ".id" and len(levels) == 1 and attribute.get("computed")):
        yield f"{at}: cannot be set, Azure gives it"
    if attribute.get("deprecated"):
        yield f"{at}: deprecated"
    if not _fits(value, attribute["type"]):
        yield f"{at}: {_type_name(attribute['type'])}, not {value!r}"


def _fits(value: Json, kind: Json) -> bool:
    """Say whether Terraform can convert the value: numbers and booleans are also strings."""
    if value is None or _unknown(value):
        return True
    if isinstance(kind, str):
        match kind:
            case "string":
                return isinstance(value, str | int | float)
            case "number":
                return not isinstance(value, bool) and _is_number(value)
            case "bool":
                return isinstance(value, bool) or value in ("true", "false")
            case _:
                return True
    outer, inner = kind
    match outer:
        case "list" | "set" if isinstance(inner, list) and inner[0] == "object":
            return all(_fits(element, inner) for element in _elements(value))
        case "list" | "set":
            return isinstance(value, list) and all(_fits(element, inner) for element in value)
        case "map":
            return isinstance(value, dict) and all(_fits(item, inner) for item in value.values())
        case "object":
            return isinstance(value, dict) and all(
                name in inner and _fits(item, inner[name]) for name, item in value.items()
            )
        case _:
            return True


def _of_rule(levels: tuple[Level, ...], at: str, value: Json, rule: Block) -> Iterator[str]:
    given = _given(value)
    if given and rule.get("deprecated"):
        yield f"{at}: deprecated"
    if given and (allowed := rule.get("one_of")):
        yield from _not_among(at, [value], allowed)
    if given and (allowed := rule.get("elements_one_of")):
        yield from _not_among(at, _elements(value), allowed)
    if given and len(_elements(value)) > rule.get("max_items", len(_elements(value))):
        yield f"{at}: at most {rule['max_items']}, not {len(_elements(value))}"
    if given and len(_elements(value)) < rule.get("min_items", 0):
        yield f"{at}: at least {rule['min_items']}, not {len(_elements(value))}"
    if given:
        for other in rule.get("conflicts_with", ()):
            if _is_set(levels, other):
                yield f"{at}: not together with {other}"
        for other in rule.get("required_with", ()):
            if not _is_set(levels, other):
                yield f"{at}: only together with {other}"
    for word, least, most in (("exactly_one_of", 1, 1), ("at_least_one_of", 1, None)):
        if group := rule.get(word):
            count = sum(_is_set(levels, name) for name in group)
            if count < least or (most and count > most):
                names = ", ".join(sorted(group))
                yield f"{levels[-1].path}: {word.replace('_', ' ')} {names}, not {count}"


def _not_among(at: str, values: Sequence[Json], allowed: Sequence[str]) -> Iterator[str]:
    for value in values:
        if not _unknown(value) and str(value) not in map(str, allowed):
            yield f"{at}: {value!r} is none of {', '.join(map(str, allowed))}"


def _is_set(levels: tuple[Level, ...], dotted: str) -> bool:
    """Look an argument up from the innermost block that is also on its own path."""
    steps = f".{dotted}".split(".")
    for path, content in reversed(levels):
        own = path.split(".") if path else [""]
        if steps[: len(own)] == own:
            return _reaches(content, steps[len(own) :])
    return False


def _reaches(content: Json, steps: Sequence[str]) -> bool:
    if not steps:
        return _given(content)
    return any(
        isinstance(element, dict) and _reaches(element.get(steps[0]), steps[1:])
        for element in _elements(content)
    )


def _given(value: Json) -> bool:
    return value is not None and value != []


def _elements(value: Json) -> Sequence[Json]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _unknown(value: Json) -> bool:
    return isinstance(value, str) and "${" in value


def _is_number(value: Json) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _type_name(kind: Json) -> str:
    if isinstance(kind, str):
        return kind
    return kind[0] if kind[0] == "object" else f"{kind[0]} of {_type_name(kind[1])}"
