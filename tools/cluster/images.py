"""The images of the pods, as archives: ours with the run's authority, and StatsD's exporter."""

from pathlib import Path

from local_kubernetes.archives import of_program
from local_kubernetes.programs import Kind, build

from tools.local_image.store import Store
from tools.local_image.whole import build as build_image

AIRFLOW = "localhost/airflow-rehearsal:run"
EXPORTER = "quay.io/prometheus/statsd-exporter:v0.30.0"
STATSD = Kind(
    "StatsD exporter",
    Path(__file__).parent / "go",
    {"statsd_exporter": "github.com/prometheus/statsd_exporter"},
    "make node",
)


def write_images(folder: Path, authority: Path, minor: str) -> tuple[Path, Path]:
    """Write the image of this checkout, which trusts the authority, and the exporter's.

    Raises:
        LocalImageError: the image cannot be built here.
        ProgramsMissingError: the exporter cannot.
    """
    store = Store.default()
    container = store.run("from", build_image(store))
    try:
        # the way of a company's own authorities: the Dockerfile's first step
        trusted = "/usr/local/share/ca-certificates/rehearsal.crt"
        store.run("copy", container, str(authority), trusted)
        store.run("run", "--user=0", "--isolation=chroot", container, "update-ca-certificates")
        store.run("commit", "--quiet", "--format=docker", container, AIRFLOW)
    finally:
        store.run("rm", container)
    airflow, exporter = folder / "airflow.tar", folder / "exporter.tar"
    store.run("push", "--quiet", AIRFLOW, f"docker-archive:{airflow}:{AIRFLOW}")
    of_program(build(minor, STATSD).path("statsd_exporter"), EXPORTER, exporter)
    return airflow, exporter
