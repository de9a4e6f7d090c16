"""What is wrong with an environment file, told in the words of the file."""

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from conventions.faults import Fault
from environments.hidden import HIDDEN, RENEW, may_be_secret, named_like_a_secret, without_secrets
from environments.model import Environment
from environments.types import NEAR, Section, Text

_NEEDED = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "tuple_type": "an array",
    "list_type": "an array",
    "date_type": "a date",
    "float_type": "a whole number or a fraction",
    "dict_type": "a table",
    "model_type": "a table",
}
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a fraction",
    str: "text",
    list: "an array",
    dict: "a table",
    datetime: "a date with a time",
    date: "a date",
    time: "a time",
}

MOST_HOMES = 3  # of a key that is in more tables, none is meant more than another

_CDKTF = re.compile(r"TfToken\[")
_TEMPLATE = re.compile(r"[$%]\{|TfToken\[")


def faults_of(
    file: Path,
    values: dict[str, Any],
    error: ValidationError,
    model: type[Section] = Environment,
) -> Iterator[Fault]:
    """Tell each fault of `values`, which are to be those of `model`, once."""
    # A rule between two tables runs only where both are whole. So unknown keys are set aside and
    # the rest is checked once more: a misspelt key never hides a second fault.
    first = error.errors(include_url=False)
    seen = set()
    for detail in first + _behind_unknown_keys(values, first, model):
        key, words = _explained(detail, model)
        problem, allowed, fix = map(without_secrets, words)
        if HIDDEN in key + problem + fix:
            fix = f"{fix}; {RENEW}"
        fault = Fault(str(file), key, problem, allowed, fix)
        if fault not in seen:
            seen.add(fault)
            yield fault


def templates_in(file: Path, values: Any, at: tuple[Any, ...] = ()) -> Iterator[Fault]:
    """Tell each text, or name of a key, that Terraform or cdktf would fill in and not keep.

    What stands in `[airflow]` becomes values of charts, in which they are written as text
    (`constructs_lib.helm_release.values_text`); cdktf's own marks are nowhere.
    """
    if isinstance(values, dict | list):
        children = values.items() if isinstance(values, dict) else enumerate(values)
        for name, inner in children:
            yield from templates_in(file, str(name), (*at, name))
            yield from templates_in(file, inner, (*at, name))
    elif isinstance(values, str):
        marks = _CDKTF if at[:1] == ("airflow",) else _TEMPLATE
        if found := marks.search(values):
            yield Fault(
                str(file),
                _key_path(at),
                f"holds {found[0]}, which Terraform takes for an expression and fills in",
                "text as it is meant; the file knows no expressions",
                f"write the value itself, or take {found[0]} out",
            )


def _behind_unknown_keys(
    values: dict[str, Any], details: list[Any], model: type[Section]
) -> list[Any]:
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    if not unknown:
        return []
    try:
        model.model_validate(_without(values, (), set(unknown)))
    except ValidationError as error:
        return list(error.errors(include_url=False))
    return []


def _without(value: Any, at: tuple[Any, ...], paths: set[tuple[Any, ...]]) -> Any:
    if isinstance(value, dict):
        return {
            key: _without(inner, (*at, key), paths)
            for key, inner in value.items()
            if (*at, key) not in paths
        }
    if isinstance(value, list):
        return [_without(inner, (*at, index), paths) for index, inner in enumerate(value)]
    return value


def _explained(detail: Any, model: type[Section]) -> tuple[str, tuple[str, str, str]]:
    """Return the key with the value given, and: problem, allowed, fix."""
    loc, given = detail["loc"], detail["input"]
    key = _key_path(loc)
    without = "[key]" in loc or given is None
    shown = key if without else f"{key} = {_toml(given, named=_names(loc)[-1])}"
    # a fix that is made from the value would tell what is hidden
    secret = HIDDEN in shown and not isinstance(given, list | dict)
    several = isinstance(given, list) and any(isinstance(one, dict) for one in given)
    match detail["type"]:
        case "fault":
            words = detail["ctx"]
            guessed = words["meant"] and not secret
            fix = f'write "{words["meant"]}"' if guessed else words["fix"]
            tables = several or isinstance(given, dict)
            return key if tables else shown, (words["problem"], words["allowed"], fix)
        case "extra_forbidden":
            names = sorted(_model(loc, model).model_fields)
            near = get_close_matches(str(loc[-1]), names, n=1, cutoff=NEAR)
            if several and len(names) == 1:  # in a file of one kind of table
                near = names
            homes = list(_homes(str(loc[-1]), model))
            fixes = [f"write {near[0]}"] if near else []
            fixes += [f"move it {' or '.join(homes)}"] if 0 < len(homes) <= MOST_HOMES else []
            fixes += [] if near else ["delete it"]
            return shown, ("unknown key", ", ".join(names), ", or ".join(fixes))
        case "missing":
            return key, ("missing", _allowed(loc, model), f"add {_example(loc, model)}")
        case "literal_error":
            options = detail["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
            near = get_close_matches(str(given), options, n=1, cutoff=0.3) or options
            allowed = ", ".join(map(_toml, options))
            return shown, ("not one of the values", allowed, f"set {_toml(near[0])}")
        case "greater_than_equal" | "less_than_equal" as bound:
            limit = detail["ctx"]["ge" if bound == "greater_than_equal" else "le"]
            problem = "too small" if bound == "greater_than_equal" else "too large"
            return shown, (problem, _allowed(loc, model), f"set {limit}")
        case "too_short":
            least = f"{detail['ctx']['min_length']} or more"
            return shown, (
                "too few",
                f"{least}: {_allowed(loc, model)}",
                f"write {_example(loc, model)}",
            )
        case "too_long":
            most = detail["ctx"]["max_length"]
            return shown, (
                f"too many: {detail['ctx']['actual_length'] or len(given)}",
                f"{most} at most: {_allowed(loc, model)}",
                f"keep {most} of them",
            )
        case kind:
            needed = _NEEDED.get(kind, "another value")
            problem = f"{_kind(given)} where {needed} is needed"
            fix = (
                f"write {_example(loc, model, needed)}"
                if secret
                else _corrected(loc, model, needed, given)
            )
            return shown, (problem, _allowed(loc, model, needed), fix)


def _homes(
    name: str, model: type[BaseModel], at: str = "", place: str = "above the first table"
) -> Iterator[str]:
    """Tell where a key of this name belongs: whatever stands below a table belongs to it."""
    for key, field in model.model_fields.items():
        if key == name:
            yield place
        for inner in _models(field.annotation):
            kind = get_origin(_bare(field.annotation))
            table = f"{at}.{key}{'.<name>' if kind is dict else ''}".removeprefix(".")
            brackets = f"[[{table}]]" if kind in (list, tuple) else f"[{table}]"
            yield from _homes(name, inner, table, f"into {brackets}")


def _bare(annotation: Any) -> Any:
    """Return a type without what Annotated says of it."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def _allowed(loc: tuple[Any, ...], model: type[Section], needed: str = "") -> str:
    """Return what a key takes: its kind, its range, and what it means."""
    field = _field(loc, model)
    limits = {
        name: getattr(rule, name)
        for rule in (field.metadata if field else ())
        for name in ("ge", "le")
        if hasattr(rule, name)
    }
    span = " to ".join(str(limits[name]) for name in ("ge", "le") if name in limits)
    if len(limits) == 1:
        span = f"{span} or {'more' if 'ge' in limits else 'less'}"
    rules = [rule.rule for rule in field.metadata if isinstance(rule, Text)] if field else []
    parts = [needed, span, (field.description if field else None) or "".join(rules)]
    return "; ".join(filter(None, parts)) or f"see {model.page}"


def _corrected(loc: tuple[Any, ...], model: type[Section], needed: str, given: Any) -> str:
    text = str(given)
    here = f"{loc[-1]} = " if isinstance(loc[-1], str) else ""  # a place in an array has no name
    of_tables = _schema(loc, model).get("type") == "object"
    if needed == "an array" and (of_tables or isinstance(given, dict)):
        return f"write [[{_key_path(loc)}]], in two brackets: there may be several"
    if needed == "a table" and isinstance(given, list):
        field = _field(loc, model)
        if field and get_origin(_bare(field.annotation)) is dict and any(_models(field.annotation)):
            return f"write [{_key_path(loc)}.<name>], in one bracket: each has a name"
        return f"write [{_key_path(loc)}], in one bracket: there is one"
    if needed == "a table":
        return f"write a table with its keys; {model.page} lists them"
    if needed == "a whole number" and text.strip().removeprefix("-").isdecimal():
        return f"write {here}{int(text)}, without quotes"
    if needed == "true or false" and text.lower() in ("yes", "on", "true", "1"):
        return f"write {here}true, without quotes"
    if needed == "true or false" and text.lower() in ("no", "off", "false", "0"):
        return f"write {here}false, without quotes"
    if needed == "text in quotes" and isinstance(given, list) and len(given) == 1:
        return f"write {here}{_toml(given[0], named=str(loc[-1]))}, without brackets"
    if needed == "text in quotes" and isinstance(given, int | date | time):
        return f'write {here}"{text}", in quotes'
    if needed == "an array" and not isinstance(given, dict):
        return f"write {here}[{_toml(given)}], in brackets"
    return f"write {_example(loc, model, needed)}"


def _example(loc: tuple[Any, ...], model: type[Section], needed: str = "") -> str:
    """Return a line, or a table, to write at `loc`; the schema gives the value."""
    name, schema = _names(loc)[-1], _schema(loc, model)
    if schema.get("type") == "object":
        return f"the table [{_key_path(loc)}]; {model.page} lists its keys"
    value = _of_schema(schema)
    if schema.get("type") == "array" and not schema.get("examples"):
        value = [item] if (item := _of_schema(schema["items"])) is not None else None
    if value is None or (needed and _kind(value) not in needed):
        return f"{name} = ..."
    return f"{name} = {_toml(value)}, for example"


def _schema(loc: tuple[Any, ...], model: type[Section]) -> dict[str, Any]:
    """Return the JSON schema of the value at `loc`, empty where the model names none."""
    root = _whole_schema(model)
    place: dict[str, Any] = root
    for part in _names(loc):
        named: dict[str, Any] = place.get("properties", {})
        of_any_name: dict[str, Any] = place.get("patternProperties", {})
        nothing: dict[str, Any] = {}
        place = named.get(part) or next(iter(of_any_name.values()), nothing)
        for choice in (place, *place.get("anyOf", ()), place.get("items", nothing)):
            if reference := choice.get("$ref"):
                place = root["$defs"][reference.rsplit("/", 1)[1]]
    return place


@cache  # it takes as long as thirty files
def _whole_schema(model: type[Section]) -> dict[str, Any]:
    return model.model_json_schema()


def _of_schema(schema: dict[str, Any]) -> Any:
    """Return an example of a value that is no table and no array."""
    given: Any = schema.get("default")
    value: Any = next(iter(schema.get("examples") or schema.get("enum") or ()), given)
    return date.fromisoformat(value) if schema.get("format") == "date" else value


def _kind(value: Any) -> str:
    return next((words for kind, words in _KINDS.items() if type(value) is kind), "this value")


def _names(loc: tuple[Any, ...]) -> list[str]:
    # "[key]" is pydantic's word for the key of a table, not its value
    return [part for part in loc if isinstance(part, str) and part != "[key]"]


def _key_path(loc: tuple[Any, ...]) -> str:
    path = ""
    for part in loc:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    return path


def _toml(value: Any, named: str = "") -> str:
    """Return a value as the file writes it, shortened, and hidden where it may be a secret."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        text = f"[{', '.join(_toml(item, named) for item in value)}]"
    elif isinstance(value, dict):
        pairs = (f"{key} = {_toml(inner, f'{named}.{key}')}" for key, inner in value.items())
        text = f"{{{', '.join(pairs)}}}"
    elif named_like_a_secret(named) or (isinstance(value, str) and may_be_secret(value)):
        text = HIDDEN
    elif isinstance(value, str):
        text = f'"{value}"'
    else:
        text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _model(loc: tuple[Any, ...], root: type[BaseModel]) -> type[BaseModel]:
    """Return the table that holds the key at `loc`."""
    model = root
    for part in loc[:-1]:
        field = model.model_fields.get(str(part))
        if field is not None:
            model = next(_models(field.annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


def _field(loc: tuple[Any, ...], model: type[Section]) -> FieldInfo | None:
    names = _names(loc)
    return _model(tuple(names), model).model_fields.get(names[-1]) if names else None
