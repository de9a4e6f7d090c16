"""The images of the pods as archives: ours with the run's certificate authority, and StatsD's."""

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from local_kubernetes.archives import of_linked_program, of_program
from local_kubernetes.programs import Kind, build

from tools.cluster.deployment import Deployment
from tools.cluster.releases import values_of
from tools.local_image.errors import LocalImageError
from tools.local_image.store import Store
from tools.local_image.whole import build as build_image

REDIS = "redis:7.2-bookworm"  # the chart's
CELERY = "CeleryExecutor"
EXPORTER = "quay.io/prometheus/statsd-exporter:v0.30.0"
STATSD = Kind(
    "StatsD exporter",
    Path(__file__).parent / "go",
    {"statsd_exporter": "github.com/prometheus/statsd_exporter"},
    "make node",
)


class Image(NamedTuple):
    """An image in an archive of Docker's."""

    name: str
    archive: Path


@dataclass(frozen=True, kw_only=True)
class Luggage:
    """What the process in the room has to know about images and cluster, as luggage.json."""

    minor: str
    images: Mapping[str, Image]
    """By their names in the deployment."""
    address: str | None
    """Where the nodes of the cluster find this machine; none for a node of the room."""

    def save(self, folder: Path) -> None:
        """Write luggage.json into a folder."""
        images = {known: (each.name, str(each.archive)) for known, each in self.images.items()}
        found = {"minor": self.minor, "images": images, "address": self.address}
        (folder / "luggage.json").write_text(json.dumps(found))

    @classmethod
    def load(cls, folder: Path) -> "Luggage":
        """Read the luggage.json of a folder."""
        found = json.loads((folder / "luggage.json").read_text())
        images = {known: Image(name, Path(file)) for known, (name, file) in found["images"].items()}
        return cls(minor=found["minor"], images=images, address=found["address"])


def write_images(
    folder: Path, authority: Path, deployment: Deployment, minor: str
) -> dict[str, Image]:
    """Write archives of this checkout's image, which trusts the authority, and of the others.

    Args:
        folder: where the archives go.
        authority: the certificate authority in PEM.
        deployment: names the images.
        minor: version of Kubernetes as `1.33`, with whose programs the exporter is built.

    Returns:
        What replaces each image of the deployment's pods.

    Raises:
        LocalImageError: the image cannot be built here.
        ProgramsMissingError: the exporter cannot be built here.
    """
    # nodes that keep images keep those of other runs, which trust other authorities
    store, own = Store.default(), f"localhost/airflow-rehearsal:{secrets.token_hex(4)}"
    container = store.run("from", build_image(store))
    try:
        # the way of a company's own authorities: the Dockerfile's first step
        trusted = "/usr/local/share/ca-certificates/rehearsal.crt"
        store.run("copy", container, str(authority), trusted)
        store.run("run", "--user=0", "--isolation=chroot", container, "update-ca-certificates")
        store.run("commit", "--quiet", "--format=docker", container, own)
    finally:
        store.run("rm", container)
    airflow, exporter = folder / "airflow.tar", folder / "exporter.tar"
    store.run("push", "--quiet", own, f"docker-archive:{airflow}:{own}")
    store.run("rmi", own)
    of_program(build(minor, STATSD).path("statsd_exporter"), EXPORTER, exporter)
    values = values_of(deployment, "airflow")
    name = f"{values['defaultAirflowRepository']}:{values['defaultAirflowTag']}"
    images = {name: Image(own, airflow), EXPORTER: Image(EXPORTER, exporter)}
    if runs_workers(deployment):
        redis = Image("localhost/redis-of-debian:1", folder / "redis.tar")
        of_linked_program(_redis(), redis.name, redis.archive, folder="/data")
        images[REDIS] = redis
    return images


def runs_workers(deployment: Deployment) -> bool:
    """Tell whether a deployment has Celery workers, and so Redis."""
    return CELERY in values_of(deployment, "airflow")["executor"].split(",")


def _redis() -> Path:
    if found := shutil.which("redis-server"):
        return Path(found)
    raise LocalImageError("Celery needs Redis, which is missing: apt-get install redis-server")
