"""What a setting of the environment file changes in the airflow.cfg that the chart renders."""

from collections.abc import Callable
from configparser import ConfigParser
from typing import Any

import pytest

from helm_values.airflow.release import airflow_values


@pytest.mark.parametrize(
    ("table", "setting", "value", "section", "option", "written"),
    [
        ("airflow", "time_zone", "Europe/Berlin", "core", "default_timezone", "Europe/Berlin"),
        (
            "airflow",
            "dags_paused_at_creation",
            False,
            "core",
            "dags_are_paused_at_creation",
            "False",
        ),
        ("single_sign_on", "session_minutes", 45, "fab", "session_lifetime_minutes", "45"),
        ("single_sign_on", "session_minutes", 45, "fab", "session_max_lifetime_minutes", "45"),
    ],
)
def test_a_setting_reaches_airflow_cfg(
    build: Callable[..., Any],
    infra: Any,
    render: Callable[..., Any],
    table: str,
    setting: str,
    value: object,
    section: str,
    option: str,
    written: str,
) -> None:
    env = build("dev", **{table: {setting: value}})

    found = render(airflow_values(env, infra))

    cfg = ConfigParser(interpolation=None)
    cfg.read_string(
        next(
            each["data"]["airflow.cfg"]
            for each in found
            if each["kind"] == "ConfigMap" and "airflow.cfg" in each["data"]
        )
    )
    assert cfg[section][option] == written
