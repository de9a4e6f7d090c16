"""The one place that skips a test because something is not here."""

import os
import shutil
from collections.abc import Sequence
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip here, fail in continuous integration: there, every part can be installed."""
    if os.environ.get("CI"):
        pytest.fail(f"CI must have every part: {reason}")
    pytest.skip(reason)


def not_given(reason: str) -> NoReturn:
    """Skip, in continuous integration too: what is missing is not everybody's to have."""
    pytest.skip(reason)


def program(name: str, *, package: str = "", also: Sequence[str] = ()) -> str:
    """Return the path of a program from Debian.

    Args:
        name: what it is called on PATH.
        package: Debian's package, if it is called otherwise.
        also: other names and places of it.
    """
    for known in (name, *also):
        if found := shutil.which(known):
            return found
    missing(f"{name} is not installed (Debian: apt-get install {package or name})")
