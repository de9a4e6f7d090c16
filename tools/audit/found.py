"""What an audit finds, and why it may not be able to say."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


class AuditError(Exception):
    """The audit cannot be made; the message says why and what to do."""


PYPI = "PyPI"


@dataclass(frozen=True, order=True)
class Pin:
    """One release that a lock holds."""

    package: str
    version: str
    ecosystem: str = PYPI
    """As osv.dev calls it: PyPI, npm."""


@dataclass(frozen=True)
class Vulnerability:
    """A known vulnerability of a release that a lock holds."""

    pin: Pin
    id: str
    aliases: tuple[str, ...]
    fixed_in: tuple[str, ...]
    summary: str
    affected: str = ""
    """The releases that it is in, where nobody says which release fixes it."""

    def as_text(self) -> str:
        """Return the two lines that a person reads."""
        names = f"{self.id} ({', '.join(self.aliases)})" if self.aliases else self.id
        remedy = f"is in {self.affected}" if self.affected else "no release fixes it"
        remedy = f"fixed in {', '.join(self.fixed_in)}" if self.fixed_in else remedy
        return f"{self.pin.package} {self.pin.version}: {names} {self.summary}\n    {remedy}"


def pins(lock: Path) -> Iterator[Pin]:
    """Yield the releases that a requirements file pins."""
    for package, version in re.findall(r"^([a-z0-9-]+)==(\S+)", lock.read_text("utf-8"), re.M):
        yield Pin(package, version)


def first_line(text: str) -> str:
    """Return the first line of a text that has several, cut to what fits into a terminal."""
    line = next((line.strip("# ") for line in text.splitlines() if line.strip("# ")), "")
    return line if len(line) <= 120 else f"{line[:117]}..."
