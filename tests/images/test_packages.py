"""The locks install into a fresh environment, and what is installed fits together."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests import ROOT
from tests.images.test_dockerfile import pins


def uv_pip_check(bin_folder: Path) -> str:
    uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
    command = [uv, "pip", "check", "--python", str(bin_folder / "python")]
    return subprocess.run(command, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("part", ["airflow", "dbt"])
def test_no_package_lacks_or_refuses_another(part: str, request: pytest.FixtureRequest) -> None:
    said = uv_pip_check(request.getfixturevalue(part))

    assert "All installed packages are compatible" in said


def test_the_airflow_of_the_lock_starts(airflow: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [airflow / "airflow", "version"],
        env={"PATH": "/usr/bin:/bin", "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split()[-1] == pins("requirements")["apache-airflow"]


def test_airflow_and_dbt_share_no_environment(airflow: Path, dbt: Path) -> None:
    assert not (airflow / "dbt").exists()
    assert not (dbt / "airflow").exists()
