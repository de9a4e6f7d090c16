"""A company's folder with stacks, and recorded programs."""

import shutil
from pathlib import Path

import pytest

from tests.environment_files import FILES
from tests.pipelines.recorded import Recorded


@pytest.fixture
def home(tmp_path: Path, synthesized: Path) -> Path:
    """A company's folder with the environment files of the tests and their stacks."""
    home = tmp_path / "home"
    (home / "environments").mkdir(parents=True)
    for file in FILES:
        shutil.copy(file, home / "environments")
    (home / "cdktf.out").symlink_to(synthesized)
    return home


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """Programs that note what they are asked."""
    (tmp_path / "bin").mkdir()
    return Recorded(tmp_path / "bin", programs=("az", "kubectl", "kubelogin", "npx"))
