"""A provider's own validation: the rules that stand in its schema, with the SDK's messages.

The texts are those of terraform-plugin-sdk v2 (azurerm, azuread, kubernetes), so that what a
run prints is what people find when they search for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from standin_providers.facts import Fact
from standin_providers.protocol_messages import Path, Refusal
from standin_providers.schema import Block
from standin_providers.values import Unknown, items_of

Values = Mapping[str, Any]


def refused(block: Block, rules: Mapping[str, Fact], configured: Values) -> list[Refusal]:
    """Return what is wrong with a configuration that fits the schema."""
    return [*_unconfigurable(block, configured, ()), *_broken(rules, configured)]


def _unconfigurable(block: Block, values: Values, at: Path) -> Iterator[Refusal]:
    for name, attribute in block.attributes.items():
        configurable = attribute.optional or attribute.required
        if not configurable and values.get(name) is not None:
            yield Refusal(
                "Value for unconfigurable attribute",
                f'Can\'t configure a value for "{name}": its value will be decided automatically '
                "based on the result of applying this configuration.",
                (*at, name),
            )
    for name, nested in block.blocks.items():
        for index, item in enumerate(items_of(values.get(name))):
            yield from _unconfigurable(nested.block, item, (*at, name, index))


def _broken(rules: Mapping[str, Fact], configured: Values) -> Iterator[Refusal]:
    for path, fact in rules.items():
        for at, value in _occurrences(configured, path.split(".")):
            yield from _value_refusals(fact, at, value)
            yield from _combination_refusals(fact, path, at, value, configured)


def _occurrences(values: Values, names: Sequence[str], at: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Yield the value at a path in each block that is there, absent values as None."""
    name, *rest = names
    if not rest:
        yield (*at, name), values.get(name)
        return
    for index, item in enumerate(items_of(values.get(name))):
        yield from _occurrences(item, rest, (*at, name, index))


def _value_refusals(fact: Fact, at: Path, value: Any) -> Iterator[Refusal]:
    key = ".".join(map(str, at))
    if fact.one_of and isinstance(value, str) and value not in fact.one_of:
        yield Refusal(f"expected {key} to be one of {_quoted(fact.one_of)}, got {value}", path=at)
    if fact.between and isinstance(value, (int, float)) and not isinstance(value, bool):
        low, high = fact.between
        if not low <= value <= high:
            yield Refusal(
                f"expected {key} to be in the range ({low} - {high}), got {value}", path=at
            )
    if fact.length and isinstance(value, str):
        low, high = fact.length
        if not low <= len(value) <= high:
            yield Refusal(
                f"expected length of {key} to be in the range ({low} - {high}), got {value}",
                path=at,
            )
    if fact.max_items and isinstance(value, dict) and len(value) > fact.max_items:
        yield Refusal(
            f"a maximum of {fact.max_items} tags can be applied to this ARM resource", path=at
        )
    if not isinstance(value, list):
        return
    for item in value if fact.elements_one_of else ():
        if isinstance(item, str) and item not in fact.elements_one_of:
            allowed = _quoted(fact.elements_one_of)
            yield Refusal(f"expected {key} to be one of {allowed}, got {item}", path=at)
    if fact.max_items and len(value) > fact.max_items:
        detail = f"supports {fact.max_items} item maximum, but config has {len(value)} declared."
        yield Refusal("Too many list items", f"Attribute {key} {detail}", at)
    if value and len(value) < fact.min_items:
        detail = f"requires {fact.min_items} item minimum, but config has only {len(value)}"
        yield Refusal("Not enough list items", f"Attribute {key} {detail} declared.", at)


def _combination_refusals(
    fact: Fact, path: str, at: Path, value: Any, configured: Values
) -> Iterator[Refusal]:
    def given(others: Sequence[str]) -> list[str]:
        return [other for other in others if _is_given(_beside(configured, at, other))]

    def unknown(others: Sequence[str]) -> bool:
        return any(isinstance(_beside(configured, at, other), Unknown) for other in others)

    if fact.exactly_one_of:
        names, found = _listed(fact.exactly_one_of), given(fact.exactly_one_of)
        certain = [n for n in found if not isinstance(_beside(configured, at, n), Unknown)]
        if not found:
            detail = f'"{path}": one of `{names}` must be specified'
            yield Refusal("Invalid combination of arguments", detail, at)
        elif len(certain) > 1:
            detail = (
                f"only one of `{names}` can be specified, but `{_listed(certain)}` were specified."
            )
            yield Refusal("Invalid combination of arguments", f'"{path}": {detail}', at)
    if fact.at_least_one_of and not given(fact.at_least_one_of):
        detail = f'"{path}": one of `{_listed(fact.at_least_one_of)}` must be specified'
        yield Refusal("Missing required argument", detail, at)
    if not _is_given(value):
        return
    if fact.required_with and len(given(fact.required_with)) < len(fact.required_with):
        names = _listed([*fact.required_with, path])
        detail = f'"{path}": all of `{names}` must be specified'
        yield Refusal("Missing required argument", detail, at)
    for other in given(fact.conflicts_with):
        if not unknown([other]) and not isinstance(value, Unknown):
            detail = f'"{path}": conflicts with {other}'
            yield Refusal("Conflicting configuration arguments", detail, at)


def _beside(configured: Values, at: Path, other: str) -> Any:
    """The value of another path: in the same blocks as `at` as far as the paths are the same."""
    value: Any = configured
    same, own = True, [step for step in at if isinstance(step, str)]
    indices = [step for step in at if isinstance(step, int)]
    names = other.split(".")
    for depth, name in enumerate(names):
        value = value.get(name)
        same = same and depth < len(own) and own[depth] == name
        if depth < len(names) - 1:
            index = indices[depth] if same and depth < len(indices) else 0
            items = items_of(value)
            if index >= len(items):
                return value if isinstance(value, Unknown) else None
            value = items[index]
    return value


def _is_given(value: Any) -> bool:
    return value is not None and value != []


def _quoted(values: Sequence[str]) -> str:
    return "[" + " ".join(f'"{value}"' for value in values) + "]"


def _listed(names: Sequence[str]) -> str:
    return ",".join(sorted(names))
