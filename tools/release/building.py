"""Builds the image with buildah, which needs no server, and pushes it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from conventions.company import image_additions
from tools.release.errors import ReleaseError
from tools.release.registry import Image

DOCKERFILE = Path("images/airflow/Dockerfile")


def build(
    checkout: Path,
    image: Image,
    *,
    arguments: Mapping[str, str],
    dockerfile: Path = DOCKERFILE,
    target: str | None = None,
    plain_http: bool = False,
) -> str:
    """Build a checkout, push it under the tag of `image`, and return its digest.

    A company's proxy reaches the build by HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this process,
    and its authority by images/company/certificates.

    Raises:
        ReleaseError: buildah is not installed, or says no.
    """
    if shutil.which("buildah") is None:
        raise ReleaseError("buildah is not installed: apt-get install buildah")
    with sent(checkout) as context:
        words = command(
            context, str(image), arguments=arguments, dockerfile=dockerfile, target=target
        )
        _buildah(*words)
    with tempfile.TemporaryDirectory(prefix="digest-") as folder:
        told = Path(folder) / "digest"
        plain = ["--tls-verify=false"] if plain_http else []
        _buildah("push", *plain, f"--digestfile={told}", str(image), f"docker://{image}")
        return told.read_text(encoding="utf-8").strip()


def command(
    context: Path,
    name: str,
    *,
    arguments: Mapping[str, str],
    dockerfile: Path = DOCKERFILE,
    target: str | None = None,
    layers: bool = False,
) -> list[str]:
    """Return what buildah is told to build what was sent.

    Args:
        context: what was sent.
        name: what the image is called.
        arguments: the build's.
        dockerfile: in the context.
        target: a stage; the last if left out.
        layers: keep the image after each step, for the next build. A release starts from nothing.
    """
    given = [f"--build-arg={argument}={value}" for argument, value in arguments.items()]
    given += [f"--target={target}"] if target else []
    # chroot: no more rights than a job has, inside a container too
    fixed = ["--isolation=chroot", "--format=oci", f"--layers={str(layers).lower()}"]
    return [
        "build",
        *fixed,
        f"--file={context / dockerfile}",
        f"--tag={name}",
        *given,
        str(context),
    ]


@contextmanager
def sent(checkout: Path) -> Iterator[Path]:
    """Give what is sent to the builder: the checkout, with what the company adds in its place."""
    added = image_additions()
    here = checkout / "images" / "company"
    if not here.exists() or added.samefile(here):
        yield checkout
        return
    with tempfile.TemporaryDirectory(prefix="image-") as scratch:
        context = Path(scratch)
        shutil.copy(checkout / ".dockerignore", context)
        for name in ("images/airflow", "dags"):
            shutil.copytree(checkout / name, context / name)
        shutil.copytree(here, context / "images" / "company")
        shutil.copytree(added, context / "images" / "company", dirs_exist_ok=True)
        yield context


def _buildah(*command: str) -> None:
    # vfs: overlay file systems do not nest
    driver = {"STORAGE_DRIVER": os.environ.get("STORAGE_DRIVER", "vfs")}
    done = subprocess.run(["buildah", *command], env=os.environ | driver, check=False)
    if done.returncode:
        raise ReleaseError(f"buildah {command[0]} ended with {done.returncode}; it says why above")
