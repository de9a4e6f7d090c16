"""The image of this checkout, built from its Dockerfile on the stand-in of the base image."""

import fcntl
import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.image import ROOT
from tools.local_image.base import base_image
from tools.local_image.errors import LocalImageError
from tools.local_image.store import Store
from tools.release.building import command, sent

SENT = ("images/airflow", "images/company", "dags", ".dockerignore")
MOST_IMAGES = 20  # with those of stages: some five builds
VALUES = {"VERSION": "0.0.0", "REVISION": "local", "CREATED": "1970-01-01T00:00:00Z"}


def name_of(target: str | None = None) -> str:
    """Return the name of the image that the files of this checkout make."""
    digest = hashlib.sha256()
    for file in _files():
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return f"localhost/{target or 'airflow'}:{digest.hexdigest()[:12]}"


def find(store: Store, target: str | None = None) -> str:
    """Return the name of the image of this checkout.

    Raises:
        LocalImageError: it was not built yet.
    """
    name = name_of(target)
    if not store.has(name):
        raise LocalImageError("the image of these files was not built here: make image-build")
    return name


def build(store: Store, target: str | None = None) -> str:
    """Build the image unless it is there, and return its name.

    The steps that did not change come from the last build.

    Raises:
        LocalImageError: the base cannot be made, or a step of the Dockerfile fails.
    """
    name = name_of(target)
    with _alone(store):
        if not store.has(name):
            _make_room(store)
            values = VALUES | {"BASE_IMAGE": base_image(store)}
            with sent(ROOT) as context:
                store.run(*command(context, name, arguments=values, target=target, layers=True))
    return name


def _make_room(store: Store) -> None:
    """Start from nothing after many builds: each lock that changed leaves 1 GB of layers."""
    if len(store.run("images", "--quiet").split()) > MOST_IMAGES:
        store.run("rmi", "--all", "--force")


@contextmanager
def _alone(store: Store) -> Iterator[None]:
    store.folder.mkdir(parents=True, exist_ok=True)
    with (store.folder / "lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        yield


def _files() -> list[Path]:
    kinds = ["--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", *kinds, "--", *SENT],
        capture_output=True,
        text=True,
        check=True,
    )
    files = {ROOT / name for name in listed.stdout.split("\0") if name}
    return sorted(file for file in files if file.is_file())
