"""What a setting of the environment file changes in the airflow.cfg that the chart renders."""

import json
import re
import subprocess
from collections.abc import Callable
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from environments.airflow_config import options_of_the_platform
from helm_values.airflow.release import airflow_values
from helm_values.merge import Values

IMAGE = Path(__file__).resolve().parents[2] / "images" / "airflow"


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
        ("airflow", "config", {"core": {"load_examples": True}}, "core", "load_examples", "True"),
        ("airflow", "config", {"email": {"from_email": "a@b.c"}}, "email", "from_email", "a@b.c"),
        (
            "airflow",
            "config",
            {"scheduler": {"max_tis_per_query": 1000000}},
            "scheduler",
            "max_tis_per_query",
            "1000000",
        ),
        (
            "airflow",
            "config",
            {"logging": {"log_filename_template": "{{ ti.dag_id }}.log"}},
            "logging",
            "log_filename_template",
            "{{ ti.dag_id }}.log",
        ),
        (
            "airflow",
            "config",
            {"logging": {"log_format": "%(message)s"}},
            "logging",
            "log_format",
            "%%(message)s",  # as airflow.cfg writes it
        ),
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
    cfg.read_string(_airflow_cfg(found))
    assert cfg[section][option] == written


def _airflow_cfg(objects: list[dict[str, Any]]) -> str:
    (text,) = [
        each["data"]["airflow.cfg"]
        for each in objects
        if each["kind"] == "ConfigMap" and "airflow.cfg" in each["data"]
    ]
    return str(text)


def test_airflow_reads_an_option_as_the_environment_file_has_it(
    build: Callable[..., Any],
    infra: Any,
    render: Callable[..., Any],
    airflow: Path,
    tmp_path: Path,
) -> None:
    written = "{{ ti.dag_id }} %(levelname)s 100% $HOME"
    env = build("dev", airflow={"config": {"email": {"from_email": written}}})
    (tmp_path / "airflow.cfg").write_text(_airflow_cfg(render(airflow_values(env, infra))))
    program = "from airflow.configuration import conf; print(conf.get('email', 'from_email'))"

    asked = subprocess.run(
        [airflow / "python", "-c", program],
        env={"AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(IMAGE)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert asked.stdout.splitlines()[-1] == written


def test_each_option_that_the_platform_sets_is_refused_in_the_file(values: Values) -> None:
    given = {f"{section}.{name}" for section, names in values["config"].items() for name in names}
    variables = re.findall(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+)", json.dumps(values))
    given |= {f"{section}.{name}".lower() for section, name in variables}
    own = {"azure_postgres.entra_token_scope"}  # of our package, and in no list of Airflow

    assert given - own <= set(options_of_the_platform())
