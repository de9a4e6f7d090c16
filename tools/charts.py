"""Downloads the charts that tests render: `python -m tools.charts`."""

import hashlib
import sys
from pathlib import Path

from platformdirs import user_cache_path

from helm_values.charts import CHARTS, Chart

FOLDER = user_cache_path("airflow-on-azure") / "charts"  # all checkouts share it
BESIDE = Path(__file__).resolve().parent.parent / ".cache" / "charts"  # put there by hand


def package(chart: Chart, folder: Path = FOLDER) -> Path:
    """Return where a chart's package is kept."""
    return folder / f"{chart.name}-{chart.version}.tgz"


def find(chart: Chart) -> Path:
    """Return where a chart's package is, or would be after a download."""
    by_hand = package(chart, BESIDE)
    return by_hand if by_hand.exists() else package(chart)


def download(chart: Chart, folder: Path = FOLDER) -> Path:
    """Download a chart, unless it is there, and compare it with its pinned digest.

    Raises:
        SystemExit: the repository cannot be reached, or gives another package.
    """
    file = package(chart, folder)
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _pull(chart, folder)
    found = digest(file)
    if chart.sha256 and found != chart.sha256:
        file.unlink()
        sys.exit(
            f"{file.name}: sha256 is {found}, and helm_values/charts.py pins {chart.sha256}; if "
            "the version was changed on purpose, pin the digest that the repository names"
        )
    return file


def digest(file: Path) -> str:
    """Return the digest that a pin of this package has to have."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def unpinned(chart: Chart, file: Path) -> str:
    """Return what to do about a chart without a pinned digest; nothing for one that has it."""
    if chart.sha256:
        return ""
    return (
        f"{file.name} is not compared with anything: helm_values/charts.py pins no digest of "
        f'{chart.name}; compare with {chart.repository}, then add sha256="{digest(file)}"'
    )


def _pull(chart: Chart, folder: Path) -> None:
    import helm_python  # has no wheel for Linux on ARM, where the tests that need it are skipped

    # A registry's charts are named whole; only a repository with an index has an address beside.
    oci = chart.repository.startswith("oci://")
    name = f"{chart.repository}/{chart.name}" if oci else chart.name
    try:
        helm_python.pull(
            name,
            repo_url=None if oci else chart.repository,
            version=chart.version,
            destination=folder,
        )
    except helm_python.HelmError as error:
        sys.exit(f"{chart.name} {chart.version} cannot be had from {chart.repository}: {error}")


def main() -> None:
    """Download every chart, as far as it can be had; fail if one cannot."""
    failures = []
    for chart in CHARTS:
        try:
            file = download(chart, find(chart).parent)
        except SystemExit as failure:
            failures.append(str(failure))
            continue
        print(file)
        if advice := unpinned(chart, file):
            print(advice, file=sys.stderr)
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
