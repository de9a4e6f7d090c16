"""Expands the templates of a pipeline, as Azure DevOps does before it looks at what is in it.

Of its language what our pipelines use: `template`, `${{ parameters.x }}`, `${{ variables.x }}`,
`${{ each x in parameters.y }}` and `${{ if [not(]parameters.x[)] }}`.
"""

import re
from pathlib import Path
from typing import Any

import yaml

from conventions.faults import Fault, FaultError

_WHOLE = re.compile(r"\$\{\{ *([\w.]+) *\}\}")
_EACH = re.compile(r"\$\{\{ *each (\w+) in ([\w.]+) *\}\}")
_IF = re.compile(r"\$\{\{ *if (not\()?([\w.]+)\)? *\}\}")


class PipelineError(FaultError):
    """A pipeline's YAML is not what this reader knows."""


def expand(file: Path, **parameters: Any) -> Any:
    """Return a pipeline with everything that its templates say.

    Raises:
        PipelineError: a template is given what it does not take, or names what is not defined.
    """
    document = read_yaml(file)
    declared = {p["name"]: p["default"] for p in document.get("parameters", []) if "default" in p}
    scope = {"variables": document.get("variables", {}), "parameters": declared | parameters}
    return _expand(document, scope, file.parent)


def _template(file: Path, given: dict[str, Any], scope: dict[str, Any]) -> list[Any]:
    document = read_yaml(file)
    declared = {p["name"]: p for p in document.pop("parameters", [])}
    unknown = given.keys() - declared.keys()
    missing = {n for n, p in declared.items() if "default" not in p} - given.keys()
    if unknown:
        raise refused(str(file), f"has no parameters {', '.join(sorted(unknown))}")
    if missing:
        raise refused(str(file), f"needs the parameters {', '.join(sorted(missing))}")
    values = {name: given.get(name, p.get("default")) for name, p in declared.items()}
    if len(document) != 1:
        raise refused(str(file), f"holds more than stages or steps: {', '.join(document)}")
    (items,) = document.values()
    expanded: list[Any] = _expand(items, {**scope, "parameters": values}, file.parent)
    return expanded


def _expand(node: Any, scope: dict[str, Any], folder: Path) -> Any:
    if isinstance(node, dict):
        return {key: _expand(value, scope, folder) for key, value in node.items()}
    if isinstance(node, list):
        return [each for item in node for each in _items(item, scope, folder)]
    return _text(node, scope) if isinstance(node, str) else node


def _items(item: Any, scope: dict[str, Any], folder: Path) -> list[Any]:
    if isinstance(item, dict):
        if "template" in item:
            given = _expand(item.get("parameters", {}), scope, folder)
            return _template(folder / item["template"], given, scope)
        (key, inner), *others = item.items()
        if not others and (each := _EACH.fullmatch(str(key))):
            values = _value(each[2], scope)
            return [
                e for value in values for e in _expand(inner, {**scope, each[1]: value}, folder)
            ]
        if not others and (condition := _IF.fullmatch(str(key))):
            holds = bool(_value(condition[2], scope)) != bool(condition[1])
            return list(_expand(inner, scope, folder)) if holds else []
    return [_expand(item, scope, folder)]


def _text(text: str, scope: dict[str, Any]) -> Any:
    if whole := _WHOLE.fullmatch(text):
        return _value(whole[1], scope)
    return _WHOLE.sub(lambda found: str(_value(found[1], scope)), text)


def _value(path: str, scope: dict[str, Any]) -> Any:
    value: Any = scope
    for part in path.split("."):
        if part not in value:
            raise refused(path, "is not defined")
        value = value[part]
    return value


def read_yaml(file: Path) -> Any:
    """Return what a file says.

    Raises:
        PipelineError: it cannot be read, or is no YAML.
    """
    # the parser in C, where PyYAML was built with it, is ten times as fast
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(file.read_text("utf-8"), Loader=loader)
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise refused(str(file), f"cannot be read: {error}") from None


def refused(place: str, problem: str) -> PipelineError:
    """Return the error that says what is wrong with a pipeline, and where."""
    return PipelineError([Fault(place=place, problem=problem, fix="correct the pipeline's YAML")])
