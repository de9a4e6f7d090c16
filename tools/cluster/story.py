"""What a journey prints: its steps as they end, with their times, and its findings."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table


@dataclass
class Chapter:
    """One step with the seconds it took; `told` is its result."""

    name: str
    seconds: float = 0.0
    told: str = ""


@dataclass
class Story:
    """The steps so far, and the findings: what is wrong."""

    console: Console
    chapters: list[Chapter] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Chapter]:
        """Time a step, and print it when it ends."""
        chapter = Chapter(name)
        started = time.monotonic()
        try:
            yield chapter
        finally:
            chapter.seconds = time.monotonic() - started
            self.chapters.append(chapter)
            self.console.print(f"{chapter.seconds:7.1f} s  {name:34} {chapter.told}", markup=False)

    def check(self, holds: object, finding: str) -> None:
        """Record and print a finding unless `holds` is true."""
        if not holds:
            self.findings.append(finding)
            self.console.print(f"           finding: {finding}", style="red", markup=False)

    def skip(self, name: str, reason: str) -> None:
        """Print what is not done, and why."""
        self.skipped.append((name, reason))
        self.console.print(f"  skipped  {name:34} {reason}", markup=False)

    def tell(self) -> None:
        """Print the table of all steps, and the findings."""
        table = Table("step", "seconds", "what came of it", box=None)
        for chapter in self.chapters:
            table.add_row(chapter.name, f"{chapter.seconds:.1f}", chapter.told)
        for name, reason in self.skipped:
            table.add_row(name, "skipped", reason)
        self.console.print(table)
        for finding in self.findings:
            self.console.print(f"finding: {finding}", style="red", markup=False)


def wait_for(what: str, ready: Callable[[], object], seconds: float) -> float:
    """Ask `ready` twice a second until it is true; return the seconds that it took.

    Raises:
        TimeoutError: it was not true within `seconds`; the message names `what`.
    """
    started = time.monotonic()
    while not ready():
        if time.monotonic() - started > seconds:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s")
        time.sleep(0.5)
    return time.monotonic() - started
