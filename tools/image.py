"""The Airflow image's names: its base, pinned to a digest, and its tag, made from a commit.

`python -m tools.image pin | pinned | tag`; exit status 1 with a reason when it cannot be done.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "images" / "airflow" / "Dockerfile"
BASE = re.compile(
    r"^ARG BASE_IMAGE=(?P<tagged>[^@\s]+)(?:@(?P<digest>sha256:[0-9a-f]{64}))?$", re.M
)

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
File = Annotated[Path, typer.Option("--dockerfile", help="The file that names the base image.")]


class ImageError(Exception):
    """The image cannot be named; the message says why and what to do."""


def base_of(dockerfile: Path) -> re.Match[str]:
    """Return the tag and the digest of the base image.

    Raises:
        ImageError: the file has no line `ARG BASE_IMAGE=name:tag` or `...=name:tag@sha256:...`.
    """
    found = BASE.search(dockerfile.read_text(encoding="utf-8"))
    if found is None:
        raise ImageError(f"{dockerfile}: no line ARG BASE_IMAGE=name:tag[@sha256:64 hex digits]")
    return found


def digest_of(image: str, *, tls: bool = True) -> str:
    """Ask the image's registry for the digest of all its platforms together.

    Raises:
        ImageError: skopeo is not installed, or the registry does not answer with the image.
    """
    skopeo = shutil.which("skopeo")
    if skopeo is None:
        raise ImageError("skopeo is not installed: apt-get install skopeo, or brew install skopeo")
    options = [f"--tls-verify={str(tls).lower()}", "--no-tags", "--format", "{{.Digest}}"]
    done = subprocess.run(
        [skopeo, "inspect", *options, f"docker://{image}"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ImageError(f"no digest of {image}: {done.stderr.strip()}")
    return done.stdout.strip()


def tag_of(checkout: Path, *, company: Path | None = None) -> str:
    """Return Airflow's version and the commit, a tag that is never used twice.

    A `company` repository pins the checkout, so its commit says what both hold.

    Raises:
        ImageError: files were changed since the commit, so it does not say what is built.
    """
    own = company or checkout
    changed = _git(own, "status", "--porcelain", "--untracked-files=no")
    if changed:
        raise ImageError(f"commit first, the tag must say what is built; changed:\n{changed}")
    lock = (checkout / "images" / "airflow" / "requirements.lock").read_text(encoding="utf-8")
    version = re.search(r"^apache-airflow==(\S+)", lock, re.M)
    if version is None:
        raise ImageError(f"{checkout}/images/airflow/requirements.lock holds no apache-airflow")
    return f"{version[1]}-{_git(own, 'rev-parse', '--short=7', 'HEAD')}"


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "-C", str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ImageError(f"{checkout}: {done.stderr.strip()}")
    return done.stdout.strip()


@app.command()
def pin(
    dockerfile: File = DOCKERFILE,
    tls: Annotated[bool, typer.Option(help="Without: a registry on this machine.")] = True,
) -> None:
    """Write the digest that the base image's tag has today into the Dockerfile."""
    tagged = base_of(dockerfile)["tagged"]
    pinned = f"{tagged}@{digest_of(tagged, tls=tls)}"
    text = BASE.sub(f"ARG BASE_IMAGE={pinned}", dockerfile.read_text(encoding="utf-8"))
    dockerfile.write_text(text, encoding="utf-8")
    typer.echo(f"{dockerfile}: {pinned}")


@app.command()
def pinned(dockerfile: File = DOCKERFILE) -> None:
    """Refuse a base image without a digest."""
    base = base_of(dockerfile)
    if base["digest"] is None:
        raise ImageError(
            f"{dockerfile}: the base {base['tagged']} has no digest, so it may change between two "
            "builds; run `make image-pin` and commit the line"
        )
    typer.echo(base["digest"])


@app.command()
def tag(checkout: Annotated[Path, typer.Option(help="The git checkout.")] = ROOT) -> None:
    """Print version-commit of a clean checkout."""
    typer.echo(tag_of(checkout))


if __name__ == "__main__":
    try:
        app()
    except ImageError as error:
        sys.exit(str(error))
