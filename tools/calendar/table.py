"""The table of dated facts: facts.toml, read into rows."""

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

FILE = Path(__file__).with_name("facts.toml")
Ended = Literal["new", "running", "support"]


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a part, and the days between which it is supported, both included."""

    name: str
    source: str
    first: date | None = None
    last: date | None = None
    until: str = ""
    """What the end waits for, where no day is announced."""
    planned: bool = False
    """Whether the page that the days come from was written before the first one."""
    accepted: str = ""
    """Why this project stays with it after its end."""

    def days_left(self, today: date) -> int | None:
        """Return how many days of support are left; negative: ended; None: not announced."""
        return None if self.last is None else (self.last - today).days


@dataclass(frozen=True, kw_only=True)
class Part:
    """What has versions that end, and what the end means."""

    name: str
    title: str
    read: date
    ended: Ended
    running: str
    """What happens to what runs already."""
    way_out: str
    versions: tuple[Version, ...]

    def version(self, name: str) -> Version | None:
        """Return the row of a version, None where the table has none."""
        return next((version for version in self.versions if version.name == name), None)

    def newest(self, today: date) -> Version:
        """Return the newest version that may be used in production on that day.

        A version whose days were only planned when the page was written is not offered: nobody
        has seen it.
        """
        usable = [
            version
            for version in self.versions
            if not version.planned and (version.first is None or version.first <= today)
        ]
        return usable[-1] if usable else self.versions[0]

    def next(self, name: str, today: date) -> Version:
        """Return the version one step above `name`, at most the newest usable one."""
        names = [version.name for version in self.versions]
        newest = names.index(self.newest(today).name)
        step = names.index(name) + 1 if name in names else newest
        return self.versions[min(step, newest)]

    def way_out_of(self, name: str, today: date) -> str:
        """Return what to do about a version that ends."""
        return self.way_out.format(newest=self.newest(today).name, next=self.next(name, today).name)


def read(file: Path = FILE) -> dict[str, Part]:
    """Read the table, by the name of the part."""
    return {
        name: _part(name, values)
        for name, values in tomllib.loads(file.read_text(encoding="utf-8")).items()
    }


def _part(name: str, values: dict[str, Any]) -> Part:
    source = values.pop("source")
    versions = tuple(
        Version(name=version, **{"source": source, **row})
        for version, row in values.pop("versions").items()
    )
    return Part(name=name, versions=versions, **values)
