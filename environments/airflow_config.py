"""The `[airflow.config.<section>]` tables: options of Airflow, checked against its own list."""

import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from environments.types import NEAR, refuse

OPTIONS_FILE = Path(__file__).parent / "airflow_options.txt"
PLACES_FILE = Path(__file__).parent.parent / "conventions" / "airflow_options.toml"
Value = StrictBool | StrictInt | StrictFloat | StrictStr
_KINDS: Mapping[str, tuple[tuple[type, ...], str]] = {
    "boolean": ((bool,), "true or false"),
    "integer": ((int,), "a whole number"),
    "float": ((int, float), "a number"),
    "string": ((str, int, float, bool), "text"),
}


class _Fault(NamedTuple):
    problem: str
    allowed: str
    fix: str


@cache
def airflow_options() -> tuple[str, Mapping[str, str]]:
    """Return the pinned Airflow's version, and the kind of each of its options by name.

    A name is `section.option`; a kind is boolean, integer, float, string or sensitive.
    """
    version, *lines = OPTIONS_FILE.read_text().splitlines()
    return version, dict(line.split() for line in lines)


@cache
def options_of_the_platform() -> Mapping[str, str]:
    """Return how to set each option that the platform sets itself, by name."""
    places = tomllib.loads(PLACES_FILE.read_text())
    return {name: place.replace("`", "") for name, place in places.items() if name != "*"}


def _check(config: dict[str, dict[str, Value]]) -> dict[str, dict[str, Value]]:
    faults = [
        fault
        for section, options in config.items()
        for option, value in options.items()
        if (fault := _fault(f"{section}.{option}", value))
    ]
    if faults:
        problems, allowed, fixes = zip(*faults, strict=True)
        refuse(
            "; ".join(problems),
            allowed="; ".join(dict.fromkeys(allowed)),
            fix="; ".join(dict.fromkeys(fixes)),
        )
    return config


def _fault(name: str, value: Value) -> _Fault | None:
    version, known = airflow_options()
    if place := options_of_the_platform().get(name):
        return _Fault(f"{name} is set by the platform", "options that it leaves to you", place)
    kind = known.get(name)
    if kind is None:
        near = get_close_matches(name, known, n=1, cutoff=NEAR)
        return _Fault(
            f"{name} is no option of Airflow {version}",
            'options of its page "Configuration Reference", each in its section\'s table',
            f"write {near[0]}" if near else f"delete {name}",
        )
    if kind == "sensitive":
        section, option = name.upper().split(".")
        return _Fault(
            f"{name} may hold a secret, and what stands here can be read in the cluster and in the "
            "Terraform state",
            "options that Airflow does not mark as sensitive",
            f'write AIRFLOW__{section}__{option} = "<name of the secret>" in '
            "[airflow.env_from_key_vault]",
        )
    types, needed = _KINDS[kind]
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        return _Fault(f"{name} = {value!r} is not {needed}", f"{name}: {needed}", f"write {needed}")
    if isinstance(value, str) and "\n" in value:
        return _Fault(f"{name} has more than one line", "text of one line", "write one line")
    return None


AirflowConfig = Annotated[
    dict[str, dict[str, Value]],
    Field(
        default_factory=dict,
        description="options of Airflow by section, as it has them; no secrets",
    ),
    AfterValidator(_check),
]
