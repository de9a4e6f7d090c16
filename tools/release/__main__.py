"""Build the Airflow image, promote it, and check it before a deployment.

Signs in to registries by Docker's configuration, which `login` writes as `az` is signed in.
Exit status: 0 done, 1 the image is refused or could not be brought there, 2 there is no such
environment, or cdktf.out is not up to date.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from conventions.company import MIRROR, home, output
from conventions.faults import FaultError
from conventions.mirror import Lock
from synthesis.reader import Synthesis
from tools.company_packages import check as check_packages
from tools.company_packages import given
from tools.exit_status import Exit
from tools.image import ROOT, ImageError, tag_of
from tools.release.building import build as build_image
from tools.release.deployed import image_of, is_mirrored, registry_of
from tools.release.errors import ReleaseError
from tools.release.mirroring import mirror as mirror_to
from tools.release.mirroring import missing, pins, text_of
from tools.release.programs import programs
from tools.release.promotion import promote as promote_image
from tools.release.registry import Image, Registries

SIGNERS = Path("policy/image-signers")

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
Signers = Annotated[Path, typer.Option(help="Certificates of who may sign images.")]
PlainHttp = Annotated[bool, typer.Option(help="Registries without TLS, on this machine.")]
Registry = Annotated[
    str | None, typer.Option(help="Its host; left out, it follows from the environment.")
]


@app.command()
def login(
    environments: Annotated[list[str], typer.Argument(help="Environments, for example dev.")],
) -> None:
    """Sign in to the registries of environments, as `az` is signed in."""
    with _told():
        registries = Registries(programs=programs())
        for environment in environments:
            registries.sign_in(registry_of(Synthesis.load(output()), environment))


@app.command()
def build(
    environment: Annotated[str, typer.Option(help="The environment whose registry gets it.")],
    repository: Annotated[
        str | None,
        typer.Option(
            help="Path in the registry; left out, airflow.image_repository from the synthesized "
            "stack (`make synth`)."
        ),
    ] = None,
    target: Annotated[str | None, typer.Option(help="Stage of the Dockerfile.")] = None,
    registry: Registry = None,
    plain_http: PlainHttp = False,
) -> None:
    """Build the checkout's commit and push it; a tag is built once."""
    with _told():
        check_packages(given())
        tag = tag_of(ROOT, company=home())
        path = repository or _path(environment)
        image = Image(repository=f"{_host(environment, registry)}/{path}", tag=tag)
        digest = Registries(programs=programs(), plain_http=plain_http).digest_of(image)
        if digest is None:
            version, _, revision = tag.rpartition("-")
            created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            arguments = {"VERSION": version, "REVISION": revision, "CREATED": created}
            digest = build_image(
                ROOT, image, arguments=arguments, target=target, plain_http=plain_http
            )
        _tell(Image(repository=image.repository, tag=tag, digest=digest))


@app.command()
def promote(
    image: Annotated[str, typer.Argument(help="registry/path:tag@sha256:...")],
    environment: Annotated[str, typer.Option(help="The environment whose registry gets it.")],
    signers: Signers = SIGNERS,
    registry: Registry = None,
    plain_http: PlainHttp = False,
) -> None:
    """Copy an image by its digest, with its signatures, to the registry of an environment."""
    with _told():
        source = Image.parse(image)
        registries = Registries(programs=programs(), plain_http=plain_http)
        to = f"{_host(environment, registry)}/{_path(environment)}"
        _tell(promote_image(registries, source, to, signers))


@app.command()
def mirror_lock() -> None:
    """Write mirror.lock: the digests that the publishers' charts and images have today."""
    with _told():
        file = home() / MIRROR
        file.write_text(text_of(pins(Registries(programs=programs()))), encoding="utf-8")
        typer.echo(f"{file}: written; commit it")


@app.command()
def mirror(
    environment: Annotated[str, typer.Option(help="The environment whose registry gets them.")],
    source: Annotated[
        str | None, typer.Option(help="An environment whose registry has them.")
    ] = None,
    plain_http: PlainHttp = False,
) -> None:
    """Copy others' charts and images to the registry, as far as it lacks them."""
    with _told():
        synthesis = Synthesis.load(output())
        if not is_mirrored(synthesis, environment):
            typer.echo(f"{environment}: registry.mirror is false, nothing is copied")
            return
        given = registry_of(synthesis, source) if source else None
        registries = Registries(programs=programs(), plain_http=plain_http)
        host = registry_of(synthesis, environment)
        for line in mirror_to(registries, Lock.read(), host, source=given):
            typer.echo(line)


@app.command()
def check(
    environment: Annotated[str, typer.Option(help="The environment to be deployed.")],
    signers: Signers = SIGNERS,
    registry: Registry = None,
    plain_http: PlainHttp = False,
) -> None:
    """Refuse a deployment whose image is not in the registry, or that nobody we trust signed.

    With registry.mirror, each chart and image of others has to be there, too.
    """
    with _told():
        synthesis = Synthesis.load(output())
        image = image_of(synthesis, environment)
        if registry:
            path = image.repository.partition("/")[2]
            image = Image(repository=f"{registry}/{path}", tag=image.tag, digest=image.digest)
        registries = Registries(programs=programs(), plain_http=plain_http)
        digest = registries.digest_of(image)
        if digest is None:
            raise ReleaseError(
                f"{image} is not in the registry: release it, or correct image_tag and "
                f"image_digest in environments/{environment}.toml"
            )
        found = Image(repository=image.repository, tag=image.tag, digest=digest)
        registries.verify(found, signers)
        typer.echo(f"{found}: there, and its signature verifies")
        if not is_mirrored(synthesis, environment):
            return
        host = registry or registry_of(synthesis, environment)
        if lacking := missing(registries, Lock.read(), host):
            listed = "\n    ".join(lacking)
            raise ReleaseError(
                f"{host} lacks what the releases are made from:\n    {listed}\n"
                f"    fix: python -m tools.release mirror --environment {environment}"
            )
        typer.echo(f"{host}: every chart and image of others is there")


def _host(environment: str, registry: str | None) -> str:
    return registry or registry_of(Synthesis.load(output()), environment)


def _path(environment: str) -> str:
    """Return where an environment's pods fetch the image, below the registry's host."""
    return image_of(Synthesis.load(output()), environment).repository.partition("/")[2]


def _tell(image: Image) -> None:
    typer.echo(f'image_tag = "{image.tag}"\nimage_digest = "{image.digest}"')
    said = {"image": str(image), "reference": image.by_digest}  # for later steps and jobs
    if os.environ.get("TF_BUILD"):
        for name, value in said.items():
            typer.echo(f"##vso[task.setvariable variable={name};isOutput=true]{value}")
    if outputs := os.environ.get("GITHUB_OUTPUT"):
        with Path(outputs).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in said.items())


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (ReleaseError, ImageError) as error:
        typer.echo(error, err=True)
        sys.exit(Exit.FAILED)
    except FaultError as error:
        typer.echo(error, err=True)
        sys.exit(Exit.BAD_INPUT)


if __name__ == "__main__":
    app()
