"""Build the whole image on this machine, without a registry, and print its name.

The base is a stand-in made of Debian. Exit status: 0 it is there, 1 it cannot be built.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from tools.exit_status import Exit
from tools.local_image.errors import LocalImageError
from tools.local_image.store import Store
from tools.local_image.whole import build


def main(
    target: Annotated[str | None, typer.Option(help="Stage of the Dockerfile.")] = None,
    archive: Annotated[
        Path | None, typer.Option(help="Write it as an archive, for docker load or ctr import.")
    ] = None,
) -> None:
    """Build it, or name what is missing."""
    try:
        store = Store.default()
        name = build(store, target)
        if archive:
            archive.unlink(missing_ok=True)
            store.run("push", "--quiet", name, f"docker-archive:{archive}:{name}")
    except LocalImageError as error:
        typer.echo(error, err=True)
        sys.exit(Exit.FAILED)
    typer.echo(archive or name)


if __name__ == "__main__":
    main_app = typer.Typer(add_completion=False, help=__doc__)
    main_app.command()(main)
    main_app()
