"""Raises a version in an environment file, and leaves every other byte as it is."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from environments.load import read
from tools.calendar.judgement import WARN_DAYS
from tools.calendar.table import Part

_TABLE = re.compile(r'^(\ufeff?\[kubernetes\][^\[]*?^version\s*=\s*)"([\d.]+)"', re.M | re.S)


class NothingToRaiseError(Exception):
    """The version stays; the message says why."""


def raise_kubernetes(file: Path, table: Mapping[str, Part], today: date) -> str:
    """Raise `kubernetes.version` by one minor, as AKS wants it; return what was done.

    Raises:
        NothingToRaiseError: its end is not near, or no newer version is there yet.
        EnvironmentFileError: with every fault of the file.
    """
    kubernetes = read(file).kubernetes
    text = file.read_bytes().decode()
    long_term = kubernetes.sku_tier == "Premium"
    part = table["kubernetes_long_term" if long_term else "kubernetes"]
    before = kubernetes.version
    version = part.version(before)
    left = version.days_left(today) if version else None
    if left is None or left > WARN_DAYS:
        raise NothingToRaiseError(f"Kubernetes {before} does not end within {WARN_DAYS} days")
    after = part.next(before, today).name
    if after == before:
        raise NothingToRaiseError(f"no version above Kubernetes {before} is there yet")
    changed, count = _TABLE.subn(rf'\g<1>"{after}"', text)
    if count != 1:
        raise NothingToRaiseError('no line version = "..." below [kubernetes]; raise it by hand')
    file.write_bytes(changed.encode())
    return f"{file}: Kubernetes {before} to {after}; {before} has {left} days left"
