"""Expands the templates of a pipeline, as Azure DevOps does before it looks at what is in it.

Of its language what our pipelines use: `template`, `${{ parameters.x }}`, `${{ variables.x }}`,
`${{ each x in parameters.y }}` and `${{ if [not(]parameters.x[)] }}`.
"""

import re
from pathlib import Path
from typing import Any

import yaml

_WHOLE = re.compile(r"\$\{\{ *([\w.]+) *\}\}")
_EACH = re.compile(r"\$\{\{ *each (\w+) in ([\w.]+) *\}\}")
_IF = re.compile(r"\$\{\{ *if (not\()?([\w.]+)\)? *\}\}")


def expand(file: Path, **parameters: Any) -> Any:
    """Return a pipeline with everything that its templates say."""
    document = yaml.safe_load(file.read_text())
    declared = {p["name"]: p["default"] for p in document.get("parameters", []) if "default" in p}
    scope = {"variables": document.get("variables", {}), "parameters": declared | parameters}
    return _expand(document, scope, file.parent)


def _template(file: Path, given: dict[str, Any], scope: dict[str, Any]) -> list[Any]:
    document = yaml.safe_load(file.read_text())
    declared = {p["name"]: p for p in document.pop("parameters", [])}
    unknown = given.keys() - declared.keys()
    missing = {n for n, p in declared.items() if "default" not in p} - given.keys()
    assert not unknown, f"{file.name} has no parameters {unknown}"
    assert not missing, f"{file.name} needs {missing}"
    values = {name: given.get(name, p.get("default")) for name, p in declared.items()}
    (items,) = document.values()  # stages, or steps
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
        assert part in value, f"{path} is not defined"
        value = value[part]
    return value
