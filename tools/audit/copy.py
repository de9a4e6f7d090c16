"""A copy of advisories on this machine, in the format of osv.dev (one file an advisory).

PyPA's advisory-database is one (YAML, a folder a package), the unpacked export of osv.dev another
(JSON, flat).
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from tools.audit.found import PYPI, AuditError, Pin, Vulnerability, first_line

Advisory = dict[str, Any]


class Copy:
    """The advisories of some packages, read from a folder.

    Args:
        folder: searched with all below it.
        packages: ecosystem and canonical name; advisories of others are not kept.

    Raises:
        AuditError: the folder holds no advisory that can be read, or none of an ecosystem.
    """

    def __init__(self, folder: Path, packages: Iterable[tuple[str, str]]) -> None:
        self._folder, self._packages = folder, frozenset(packages)
        self._of: dict[tuple[str, str], list[tuple[Advisory, Advisory]]] = defaultdict(list)
        self._newest: dict[str, datetime] = {}
        for advisory in self._read():
            told = datetime.fromisoformat(str(advisory["modified"]).replace("Z", "+00:00"))
            stamp = told.astimezone(UTC)
            for affected in advisory.get("affected", ()):
                package = affected.get("package", {})
                ecosystem, name = package.get("ecosystem", ""), package.get("name", "")
                self._newest[ecosystem] = max(stamp, self._newest.get(ecosystem, stamp))
                key = (ecosystem, canonicalize_name(name) if ecosystem == PYPI else name)
                if key in self._packages:
                    self._of[key].append((advisory, affected))
        if not self._newest:
            raise AuditError(
                f"{folder} holds no advisory (*.yaml, *.json of osv.dev's format): clone "
                "https://github.com/pypa/advisory-database and name that folder"
            )
        if missing := {ecosystem for ecosystem, _ in self._packages} - self._newest.keys():
            raise AuditError(
                f"{folder} holds no advisory of {', '.join(sorted(missing))}: "
                "https://github.com/github/advisory-database has those of PyPI and npm; or leave "
                "the others out with --only"
            )

    def _read(self) -> Iterator[Advisory]:
        for file in sorted(self._folder.rglob("*.yaml")):
            yield yaml.load(file.read_bytes(), yaml.CSafeLoader)
        for file in sorted(self._folder.rglob("*.json")):
            yield json.loads(file.read_bytes())

    def refuse_if_older(self, days: int, now: datetime) -> None:
        """Refuse a copy that is older in an ecosystem: it would say that all is well.

        Raises:
            AuditError: it is older.
        """
        for ecosystem in sorted({ecosystem for ecosystem, _ in self._packages}):
            newest = self._newest[ecosystem]
            if now - newest > timedelta(days=days):
                raise AuditError(
                    f"the newest advisory of {ecosystem} in {self._folder} is of "
                    f"{newest:%Y-%m-%d}, more than {days} days ago: git pull there, or accept the "
                    "age with --max-age-days"
                )

    def ask(self, pins: Iterable[Pin]) -> Iterator[Vulnerability]:
        """Yield the known vulnerabilities of these releases."""
        for pin in pins:
            for advisory, affected in self._of[pin.ecosystem, pin.package]:
                if not advisory.get("withdrawn") and _holds(affected, pin.version):
                    text = advisory.get("summary") or advisory.get("details", "")
                    yield Vulnerability(
                        pin=pin,
                        id=advisory["id"],
                        aliases=tuple(advisory.get("aliases") or ()),
                        fixed_in=tuple(e["fixed"] for e in _events(affected) if "fixed" in e),
                        summary=first_line(text),
                    )


def _events(affected: Advisory) -> Iterator[dict[str, str]]:
    for reach in affected.get("ranges", ()):
        if reach["type"] in ("ECOSYSTEM", "SEMVER"):
            yield from reach["events"]


def _holds(affected: Advisory, version: str) -> bool:
    """Whether a release is listed, or lies in a range, as osv.dev's "Evaluation" defines it."""
    if version in affected.get("versions", ()):
        return True
    held, number = False, _number(version)
    for event in sorted(_events(affected), key=lambda event: _number(*event.values())):
        [(kind, bound)] = event.items()
        past = number > _number(bound) if kind == "last_affected" else number >= _number(bound)
        if past:
            held = kind == "introduced"
    return held


def _number(version: str, *_: str) -> Version:
    try:
        return Version(version)
    except InvalidVersion:  # of before version numbers had rules
        return Version("0")
