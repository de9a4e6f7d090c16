"""What Airflow 3 says about the options of an older airflow.cfg: the data of `config lint`."""

from collections.abc import Iterator, Mapping
from typing import Any

from .processes import Answer


def changes(options: Mapping[str, Mapping[str, str]]) -> Iterator[Answer]:
    """Yield for each option of an airflow.cfg what became of it, where it is not the same.

    `state` is one of removed, moved, invalid (the value is not allowed any more), default (not
    given, and its default changed), set (the same option, with another value than the default)
    and unknown (no option of this Airflow or its providers).
    """
    rules = _rules()
    known = _known()
    for section, given in options.items():
        for option, value in given.items():
            place = {"section": section, "option": option}
            rule = rules.get((section, option))
            if rule is not None and (said := _change(rule, value)):
                yield place | said
            elif rule is None and option not in known.get(section, {}):
                yield place | {"state": "unknown", "suggestion": ""}
            elif value != known.get(section, {}).get(option, value):
                yield place | {"state": "set", "suggestion": ""}
    for (section, option), rule in rules.items():
        if rule.default_change and option not in options.get(section, {}):
            yield {
                "section": section,
                "option": option,
                "state": "default",
                "old": str(rule.old_default),
                "new": str(rule.new_default),
                "suggestion": rule.suggestion,
            }


def _change(rule: Any, value: str) -> Answer:
    if rule.renamed_to:
        new = {"new_section": rule.renamed_to.section, "new_option": rule.renamed_to.option}
        return {"state": "moved", "suggestion": rule.suggestion, **new}
    if rule.is_invalid_if is not None and value == str(rule.is_invalid_if):
        return {"state": "invalid", "suggestion": rule.suggestion}
    only = getattr(rule, "remove_if_equals", None)
    if rule.was_removed and (only is None or value == str(only)):
        return {"state": "removed", "suggestion": rule.suggestion}
    return {}


def _rules() -> dict[tuple[str, str], Any]:
    from airflow.cli.commands.config_command import (  # type: ignore[import-not-found]
        CONFIGS_CHANGES,
    )

    return {(rule.config.section, rule.config.option): rule for rule in CONFIGS_CHANGES}


def _known() -> dict[str, dict[str, str]]:
    """Return the defaults of what Airflow and the installed providers describe, by section."""
    from airflow.configuration import conf  # type: ignore[import-not-found]

    return {
        section: {
            name: str((option or {}).get("default"))
            for name, option in (body.get("options") or {}).items()
        }
        for section, body in conf.configuration_description.items()
    }
