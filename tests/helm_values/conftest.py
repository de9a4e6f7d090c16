"""Environments of every kind that the values are made for, and the chart they are made for."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from environments.model import Environment
from helm_values.airflow.release import airflow_values
from helm_values.charts import AIRFLOW
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values
from tests.environment_files import DEV, PROD, tables
from tests.helm_values import rendering
from tests.helm_values.infrastructure import INFRASTRUCTURE
from tests.helm_values.rendering import unpacked
from tools.rendered_chart import Objects

# Topics that do not meet share a kind: the chart takes a second to render each.
CHANGES: dict[str, dict[str, Any]] = {
    "dev": {},
    "prod": {},
    "celery": {"airflow": {"executors": ["CeleryExecutor"]}},
    "both": {
        "airflow": {
            "executors": ["KubernetesExecutor", "CeleryExecutor"],
            "env_from_key_vault": {"DBT_TOKEN": "dbt-token"},
        }
    },
    "git and scratch": {
        "airflow": {
            "dags": "git",
            "git": {"repository": "https://example.com/dags"},
            "scratch_volume": True,
        },
    },
    "image and key_vault": {
        "airflow": {"dags": "image"},
        "ingress": {"certificate": "key_vault", "key_vault_certificate": "airflow-tls"},
    },
    "settings": {
        "airflow": {
            "config": {"core": {"max_active_runs_per_dag": 4}},
            "env": {"STAGE": "test"},
            "env_from_key_vault": {"DBT_TOKEN": "dbt-token"},
            "connections": {"shop_api": {"conn_type": "http", "host": "shop.example.com"}},
            "variables": {"currency": "EUR"},
            "pools": {"shop_api": {"slots": 3}},
            "task_namespaces": ["spark"],
            "warm_tasks": 2,
            "chart_values": {"triggerer": {"livenessProbe": {"periodSeconds": 90}}},
            "resources": {
                "api_server": {"cpu": 0.25},
                "worker": {"memory_mib": 3000, "memory_limit_mib": 6144, "disk_gib": 20},
            },
        },
    },
}
Build = Callable[..., Environment]


@pytest.fixture(scope="session")
def build() -> Build:
    """Makes an environment: `build("dev", airflow={"dags": "image"})`."""

    def make(base: str, **changes: dict[str, Any]) -> Environment:
        made = tables(PROD if base == "prod" else DEV)
        for table, values in changes.items():
            made[table] = made[table] | values
        return Environment.model_validate(made)

    return make


@pytest.fixture(scope="session")
def environments(build: Build) -> dict[str, Environment]:
    """One environment for each kind of values."""
    return {
        kind: build("prod" if kind == "prod" else "dev", **changes)
        for kind, changes in CHANGES.items()
    }


@pytest.fixture(scope="session", params=CHANGES)
def environment(request: pytest.FixtureRequest, environments: dict[str, Environment]) -> Any:
    """Each of the environments in turn."""
    return environments[request.param]


@pytest.fixture(scope="session")
def dev(environments: dict[str, Environment]) -> Environment:
    """The environment of `dev.toml`: pods a task, DAGs from a container."""
    return environments["dev"]


@pytest.fixture(scope="session")
def celery(environments: dict[str, Environment]) -> Environment:
    """The same with Celery."""
    return environments["celery"]


@pytest.fixture(scope="session")
def both(environments: dict[str, Environment]) -> Environment:
    """The same with a pod for each task, and Celery beside it."""
    return environments["both"]


@pytest.fixture(scope="session")
def infra() -> Infrastructure:
    """What the other stacks would tell."""
    return INFRASTRUCTURE


@pytest.fixture(scope="session")
def values(environment: Environment, infra: Infrastructure) -> Values:
    """The values of each environment in turn."""
    return airflow_values(environment, infra)


@pytest.fixture(scope="session")
def values_of_dev(dev: Environment, infra: Infrastructure) -> Values:
    """The values of `dev.toml`."""
    return airflow_values(dev, infra)


@pytest.fixture(scope="session")
def values_of_celery(celery: Environment, infra: Infrastructure) -> Values:
    """The values with Celery."""
    return airflow_values(celery, infra)


@pytest.fixture(scope="session")
def airflow_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Airflow chart, in exactly the pinned version."""
    return unpacked(AIRFLOW, tmp_path_factory.mktemp("airflow"))


@pytest.fixture(scope="session")
def render(airflow_chart: Path, shared: Path) -> Callable[[Values], Objects]:
    """Renders values of the Airflow chart, each set once in a run: it takes a second."""
    known: dict[str, Objects] = {}

    def objects(values: Values) -> Objects:
        key = hashlib.sha256(json.dumps(values).encode()).hexdigest()
        file = shared / f"airflow-{key}.json"
        if key not in known and file.is_file():
            known[key] = json.loads(file.read_text())
        if key not in known:
            known[key] = rendering.render(airflow_chart, AIRFLOW, values)
            own = file.with_suffix(f".{os.getpid()}")
            own.write_text(json.dumps(known[key]))
            own.rename(file)  # whole, or not there: another worker may read it
        return known[key]

    return objects
