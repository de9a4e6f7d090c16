"""The advisories that the npm registry itself serves, asked through `npm audit`."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.audit.found import AuditError, Pin, Vulnerability, first_line

ECOSYSTEM = "npm"
REMEDY = (
    "ask where the npm registry itself can be reached, or hand in a copy of the advisories that "
    "holds npm's too:\n"
    "    git clone --depth 1 https://github.com/github/advisory-database ../advisory-database"
)


def pins(lock: Path) -> Iterator[Pin]:
    """Yield the releases that a package-lock.json pins."""
    for place, package in _packages(lock).items():
        if place and not package.get("link"):
            yield Pin(_name(place, package), package["version"], ECOSYSTEM)


def ask(lock: Path) -> Iterator[Vulnerability]:
    """Yield the known vulnerabilities of a package-lock.json.

    Raises:
        AuditError: npm is not installed, or the registry did not answer (a mirror serves no
            advisories).
    """
    command = ["npm", "audit", "--json", "--package-lock-only"]
    try:
        done = subprocess.run(command, cwd=lock.parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise AuditError("npm is not installed, and it audits package-lock.json") from None
    try:
        found = json.loads(done.stdout)["vulnerabilities"].values()
    except (ValueError, KeyError, TypeError, AttributeError):
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        raise AuditError(f"npm's advisories cannot be asked: {said}\n{REMEDY}") from None
    packages = _packages(lock)
    for entry in found:
        for place in entry["nodes"]:
            pin = Pin(_name(place, packages[place]), packages[place]["version"], ECOSYSTEM)
            yield from _of(pin, entry["via"])


def _of(pin: Pin, via: list[Any]) -> Iterator[Vulnerability]:
    for advisory in via:
        if isinstance(advisory, dict):  # else the name of a package that it uses, told by itself
            yield Vulnerability(
                pin=pin,
                id=advisory["url"].rsplit("/", 1)[-1],
                aliases=(),
                fixed_in=(),
                summary=first_line(advisory["title"]),
                affected=advisory["range"],
            )


def _packages(lock: Path) -> dict[str, Any]:
    packages: dict[str, Any] = json.loads(lock.read_text("utf-8"))["packages"]
    return packages


def _name(place: str, package: dict[str, Any]) -> str:
    name: str = package.get("name") or place.rpartition("node_modules/")[2]
    return name
