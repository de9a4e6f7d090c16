"""Downloads the charts that tests render: `python -m tools.charts`."""

import hashlib
import sys
from pathlib import Path

from helm_values.charts import AIRFLOW, Chart

FOLDER = Path(__file__).resolve().parent.parent / ".cache" / "charts"


def package(chart: Chart, folder: Path = FOLDER) -> Path:
    """Return where a chart's package is kept."""
    return folder / f"{chart.name}-{chart.version}.tgz"


def download(chart: Chart, folder: Path = FOLDER) -> Path:
    """Download a chart, unless it is there, and compare it with its pinned digest.

    Raises:
        SystemExit: the repository cannot be reached, or gives another package.
    """
    import helm_python  # has no wheel for Linux on ARM, where the tests that need it are skipped

    file = package(chart, folder)
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            helm_python.pull(
                chart.name, repo_url=chart.repository, version=chart.version, destination=folder
            )
        except helm_python.HelmError as error:
            sys.exit(f"{chart.name} {chart.version} cannot be had from {chart.repository}: {error}")
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != chart.sha256:
        file.unlink()
        sys.exit(
            f"{file.name}: sha256 is {found}, and helm_values/charts.py pins {chart.sha256}; if "
            "the version was changed on purpose, pin the digest in the repository's index.yaml"
        )
    return file


if __name__ == "__main__":
    print(download(AIRFLOW))
