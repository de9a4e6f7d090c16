"""Whatever an environment file says, it is refused in words or becomes names that Azure takes."""

import copy
import re
import time
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.naming import Names
from conventions.faults import Fault
from environments.load import EnvironmentFileError, validate
from environments.model import Environment
from tests import environment_files
from tests.environment_files import tables
from tests.examples import examples

DEV = tables(environment_files.DEV)

SCALARS = st.one_of(
    st.text(max_size=30),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.sampled_from(["10.0.0.0/8", "10.40.0.0/16", "westus", "ZoneRedundant", "latest", ""]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every key and list element within `value`."""
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    found = [at] if at else []
    for key, inner in children:
        found += paths(inner, (*at, key))
    return found


def at(values: Any, path: tuple[Any, ...]) -> Any:
    """Return what lies at `path`."""
    for key in path:
        values = values[key]
    return values


def changed(values: dict[str, Any], path: tuple[Any, ...], new: Any) -> dict[str, Any]:
    """Return a copy of `values` with `new` at `path`."""
    result = copy.deepcopy(values)
    at(result, path[:-1])[path[-1]] = new
    return result


def words_or_environment(values: dict[str, Any]) -> list[Fault] | Environment:
    """Return the environment, or the faults; anything else that is raised fails the test."""
    try:
        return validate(values, Path("env.toml"))
    except EnvironmentFileError as error:
        return list(error.faults)


@given(path=st.sampled_from(paths(DEV)), new=VALUES)
@examples(400)
def test_any_value_at_any_key_is_taken_or_refused_in_words(path: Any, new: Any) -> None:
    outcome = words_or_environment(changed(DEV, path, new))

    if not isinstance(outcome, Environment):
        assert outcome
        assert all(fault.problem and fault.allowed and fault.fix for fault in outcome)


@given(
    table=st.sampled_from([path for path in paths(DEV) if isinstance(at(DEV, path), dict)]),
    key=st.text(max_size=20),
    new=VALUES,
)
@examples(200)
def test_any_further_key_is_taken_or_refused_in_words(table: Any, key: str, new: Any) -> None:
    outcome = words_or_environment(changed(DEV, table, {**at(DEV, table), key: new}))

    assert outcome


def test_a_text_of_spaces_is_refused_at_once() -> None:
    begun = time.process_time()

    outcome = words_or_environment(changed(DEV, ("workload",), f"a{' ' * 20_000}b"))

    assert isinstance(outcome, list)
    assert time.process_time() - begun < 1


LIMITS = {
    # learn.microsoft.com: "Naming rules and restrictions for Azure resources"
    ("unique", "st"): r"[a-z0-9]{3,24}",
    ("unique", "stfl"): r"[a-z0-9]{3,24}",
    ("unique", "stbk"): r"[a-z0-9]{3,24}",
    ("unique", "kv"): r"[a-z][a-z0-9]{2,23}",
    ("unique", "cr"): r"[a-z0-9]{5,50}",
    ("unique_dns", "psql"): r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    ("of", "aks"): r"[a-z0-9][a-z0-9-]{0,61}[a-z0-9]",
    ("of", "graf"): r"[a-z][a-z0-9-]{0,21}[a-z0-9]",
    ("of", "rg"): r"[a-z0-9-]{1,90}",
}


@given(
    name=st.from_regex(r"[a-z][a-z0-9]{1,5}", fullmatch=True),
    workload=st.from_regex(r"[a-z][a-z0-9]{1,7}", fullmatch=True),
    subscription=st.uuids(),
)
@examples(200)
def test_every_name_keeps_azures_limits(name: str, workload: str, subscription: Any) -> None:
    values = {**DEV, "name": name, "workload": workload, "subscription_id": str(subscription)}
    names = Names(Environment.model_validate(values))

    for (method, abbreviation), pattern in LIMITS.items():
        assert re.fullmatch(pattern, getattr(names, method)(abbreviation))
