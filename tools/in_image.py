"""Runs a command with what the image holds, the company's packages included, without the image.

`python -m tools.in_image COMMAND [ARGUMENT...]`; the packages are installed on first use. It needs
Python's own library alone, so that a DAG author's laptop installs nothing else.
"""

import os
import sys

from conventions.faults import FaultError
from tools.airflow_venv import LOCK, AirflowUnavailableError, airflow_bin
from tools.company_packages import check, given
from tools.locked_venv import ROOT

IMAGE = ROOT / "images" / "airflow"


def main() -> None:
    """Become the command in argv, or say why the packages cannot be had (exit status 2)."""
    try:
        company = given()
        check(company)
        airflow = airflow_bin(LOCK, *([company.lock] if company.any else []))
        dbt = airflow_bin(IMAGE / "dbt-requirements.lock")
    except (AirflowUnavailableError, FaultError) as error:
        print(f"the image's packages cannot be installed: {error}", file=sys.stderr)
        sys.exit(2)
    # dbt last, as in the image: its python must never be the one that runs Airflow
    path = os.pathsep.join([str(airflow), os.environ["PATH"], str(dbt)])
    os.environ |= {
        "PATH": path,
        "PYTHONPATH": str(IMAGE),
        "AIRFLOW__COSMOS__ENABLE_TELEMETRY": "False",
    }
    os.execvp(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
