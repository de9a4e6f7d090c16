"""The airflow.cfg of the old system: which of its options are not the same in Airflow 3."""

import configparser
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dag_migration.airflow import Airflow
from dag_migration.model import Option
from dag_migration.settings_export import is_secret

# Their old default is written into each DAG, so nothing is to be decided.
SETTLED_IN_DAGS = {
    ("scheduler", "catchup_by_default"),
    ("scheduler", "create_cron_data_intervals"),
    ("scheduler", "create_delta_data_intervals"),
}


class ConfigError(Exception):
    """A file with options cannot be read; the message says which and why."""


class OldConfig:
    """The options that an airflow.cfg sets."""

    def __init__(self, file: Path, keys: Path | None = None) -> None:
        """Read an airflow.cfg.

        Args:
            file: the airflow.cfg of Airflow 2.
            keys: a TOML file that says where the new platform sets an option, as
                `"core.parallelism" = "set `[airflow] parallelism`"`; `"*"` is for all others.

        Raises:
            ConfigError: one of the two cannot be read.
        """
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, configparser.Error) as error:
            # the message of the parser quotes the line, which may hold a password
            raise ConfigError(
                f"{file}: not an airflow.cfg that can be read ({type(error).__name__})"
            ) from None
        self._given = {section: dict(parser.items(section)) for section in parser.sections()}
        self._keys = _keys(keys) if keys else {}

    @property
    def catchup_by_default(self) -> bool:
        """Whether DAGs made up for missed runs where they say nothing."""
        value = self._given.get("scheduler", {}).get("catchup_by_default", "True")
        return value.strip().lower() not in {"false", "f", "0", "no", "off"}

    def options(self, airflow: Airflow) -> tuple[Option, ...]:
        """Return what Airflow 3 does not take as it is, by its own list, or has another default."""
        found = [self._option(answer) for answer in airflow.changed_options(self._given)]
        return tuple(sorted(found, key=lambda option: option.name))

    def _option(self, answer: Mapping[str, Any]) -> Option:
        section, option, state = answer["section"], answer["option"], answer["state"]
        name, hint = f"{section}.{option}", str(answer.get("suggestion", "")).strip()
        if state == "moved":
            new = f"{answer['new_section']}.{answer['new_option']}"
            message, todo = f"`{name}` is now `{new}`", self._place(new)
        elif state == "removed":
            message, todo = f"`{name}` was removed", hint or "Leave it out."
        elif state == "invalid":
            message = f"`{name}` does not take this value any more{self._value(section, option)}"
            todo = f"{hint} {self._place(name)}".strip()
        elif state == "default":
            message = f"`{name}` was {answer['old']} by default, and is now {answer['new']}"
            settled = (section, option) in SETTLED_IN_DAGS
            todo = (
                "Nothing: the migrated DAGs say it themselves, or their findings do."
                if settled
                else f"To keep it: {self._place(name)}"
            )
        elif state == "set":
            message = f"`{name}` has a value of its own"
            todo = f"To keep it: {self._place(name)}"
        else:
            message = f"`{name}` is no option of this Airflow or its installed providers"
            todo = "Leave it out, or add the provider that brings it to the packages of the image."
        return Option(name=name, state=state, message=message, todo=todo)

    def _value(self, section: str, option: str) -> str:
        value = self._given.get(section, {}).get(option, "")
        return "" if is_secret(option, value) else f" (`{value}`)"

    def _place(self, name: str) -> str:
        section, _, option = name.partition(".")
        variable = f"AIRFLOW__{section.upper()}__{option.upper()}"
        place = self._keys.get(name) or self._keys.get("*", "{variable}")
        place = place.format(section=section, option=option, variable=variable)
        return f"{place[:1].upper()}{place[1:]}." if " " in place else f"Set {place}."


def old_config(folder: Path | None, keys: Path | None) -> OldConfig | None:
    """Return the airflow.cfg in a folder of the old system, if there is one.

    Raises:
        ConfigError: it or the file with keys cannot be read.
    """
    file = folder / "airflow.cfg" if folder else None
    return OldConfig(file, keys) if file and file.is_file() else None


def _keys(file: Path) -> dict[str, str]:
    try:
        loaded = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file}: not a TOML file that can be read: {error}") from None
    return {str(name): str(place) for name, place in loaded.items()}
