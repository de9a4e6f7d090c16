"""A virtual environment with exactly the packages of the image, for tests and for DAG authors.

`python -m tools.airflow_venv [LOCK]` makes it when it is not there and prints its `bin` folder.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.locked_venv import ROOT, InstallationError, locked_venv, uv

LOCK = ROOT / "images" / "airflow" / "requirements.lock"
PYTHON = "3.12"  # the base image's; images/airflow/Dockerfile names the same


class AirflowUnavailableError(Exception):
    """Airflow cannot be installed here; the message says why and what to do."""


def airflow_bin(lock: Path = LOCK, *more: Path) -> Path:
    """Return the `bin` folder of the environment of the locks, installing it on first use.

    Raises:
        AirflowUnavailableError: no Python 3.12, or the package index is out of reach.
    """
    try:
        return locked_venv("airflow", lock, python312(), more=more) / "bin"
    except InstallationError as error:
        raise AirflowUnavailableError(str(error)) from None


def python312() -> Path:
    """Return a Python of the image's version on this machine.

    Raises:
        AirflowUnavailableError: there is none.
    """
    for candidate in _candidates():
        probe = subprocess.run([candidate, "-c", ""], capture_output=True, check=False)
        if probe.returncode == 0:
            return candidate
    raise AirflowUnavailableError(
        f"the Airflow image runs on Python {PYTHON}, and none was found on PATH, in pyenv or "
        f"through uv; install it, for example with: uv python install {PYTHON}"
    )


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which(f"python{PYTHON}"):
        yield Path(on_path)
    # pyenv's shims answer only for the versions switched on, its installations always do
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{PYTHON}.*/bin/python"), reverse=True)
    found = subprocess.run(
        [uv(), "python", "find", PYTHON], capture_output=True, text=True, check=False
    )
    if found.returncode == 0:
        yield Path(found.stdout.strip())


def main() -> None:
    """Print the folder of the lock in argv[1], or why there is none (exit status 1)."""
    try:
        print(airflow_bin(Path(sys.argv[1]) if len(sys.argv) > 1 else LOCK))
    except AirflowUnavailableError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
