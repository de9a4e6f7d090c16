"""The documentation as a site, built once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import ROOT
from tests.fixtures import Once


def build(folder: Path, config: Path = ROOT / "mkdocs.yml") -> subprocess.CompletedProcess[str]:
    """Build the site as `make docs` does; a warning fails it."""
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", config, "-d", folder],
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="session")
def site(once: Once) -> Path:
    """The built site; a warning of mkdocs fails the build, a broken link among them."""

    def make(folder: Path) -> None:
        done = build(folder)
        assert done.returncode == 0, done.stderr

    return once("site", make)
