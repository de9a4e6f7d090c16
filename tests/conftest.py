"""The only home of fixtures that more than one folder uses."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tools.airflow_venv import AirflowUnavailableError, airflow_bin

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def airflow() -> Path:
    """The `bin` folder of an environment with exactly the image's packages."""
    try:
        return airflow_bin()
    except AirflowUnavailableError as error:
        if os.environ.get("CI"):
            pytest.fail(f"CI must have Airflow: {error}")
        pytest.skip(f"Airflow cannot run here: {error}")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Facts read from the real providers and charts, kept beside the checkout."""
    data = ROOT.parent / "shared" / "data"
    if not data.is_dir():
        pytest.skip("the reference data (../shared/data) is not beside this checkout")
    return data


def read_json(path: Path) -> Any:
    """Return the parsed file."""
    return json.loads(path.read_text())
