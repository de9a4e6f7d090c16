"""Writes environments/airflow_options.txt: the options of the image's Airflow.

It asks the Airflow of images/airflow/requirements.lock, with the providers of the image.
"""

import subprocess
import tempfile
from pathlib import Path

from environments.airflow_config import OPTIONS_FILE
from tools.airflow_venv import airflow_bin

PROGRAM = """
from airflow import __version__
from airflow.configuration import conf

print(__version__)
for section, described in sorted(conf.configuration_description.items()):
    for name, option in sorted(described["options"].items()):
        kind = "sensitive" if option.get("sensitive") else option.get("type") or "string"
        print(f"{section}.{name} {kind}")
"""


def listed(bin_folder: Path) -> str:
    """Return the version of the image's Airflow, and a line for each option: its name and kind."""
    with tempfile.TemporaryDirectory(prefix="airflow-options-") as home:
        asked = subprocess.run(
            [bin_folder / "python", "-c", PROGRAM],
            env={"AIRFLOW_HOME": home},
            capture_output=True,
            text=True,
            check=True,
        )
    return asked.stdout


if __name__ == "__main__":
    OPTIONS_FILE.write_text(listed(airflow_bin()))
