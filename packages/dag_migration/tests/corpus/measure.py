"""The corpus: real Airflow 2 files from released packages, before and after the migration.

`python -m packages.dag_migration.tests.corpus.measure AIRFLOW3 AIRFLOW2 PAGE` does it all, with
the `bin` folders of two virtual environments. It rewrites `airflow2.json` (what Airflow 2 could
import) and the table in a Markdown page.
"""

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dag_migration.airflow import Airflow
from dag_migration.analysis import Analysis
from dag_migration.migration import Migrated, migrate
from dag_migration.model import Status
from dag_migration.source import Source, sources
from platformdirs import user_cache_path

HERE = Path(__file__).parent
RELEASES = HERE / "releases.txt"
BASELINE = HERE / "airflow2.json"
START, END = "<!-- corpus: written by make migrate-corpus -->", "<!-- /corpus -->"

# What says no more than that the import failed; every other finding names the reason.
UNNAMED = {"MIG050"}
# The file cannot work before the image has a package: named, but counted apart.
PACKAGE = {"AIR302", "MIG011", "MIG013", "MIG015"}


class CorpusUnavailableError(Exception):
    """A release could not be downloaded; the message is the client's."""


def releases() -> list[str]:
    """Return the requirement lines, each one release with its hash."""
    return [line for line in RELEASES.read_text().splitlines() if not line.startswith("#")]


def corpus(wanted: Iterable[str] = ()) -> Path:
    """Return a folder with the example files of the releases, one folder each, no file twice.

    Raises:
        CorpusUnavailableError: the package index is out of reach and the cache is empty.
    """
    lines = [r for r in releases() if not wanted or r.split()[0] in set(wanted)]
    folder = user_cache_path("dag-migration") / f"corpus-{_key(lines)}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as place:
            whole = Path(place) / "corpus"
            seen: set[str] = set()
            for line in lines:
                _take(line, whole, Path(place) / "installed", seen)
            try:
                whole.replace(folder)
            except OSError:  # another process was faster
                if not folder.exists():
                    raise
    return folder


def _key(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:12]


def _take(line: str, whole: Path, installed: Path, seen: set[str]) -> None:
    uv = shutil.which("uv") or shutil.which("uv", path=".tools/bin") or "uv"
    requirement = installed.with_suffix(".txt")
    requirement.write_text(line)
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-build"]
    command += ["--python", sys.executable, "--target", str(installed), "-r", str(requirement)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CorpusUnavailableError(f"{uv}: {error.strerror}; put uv on PATH") from error
    if done.returncode != 0:
        raise CorpusUnavailableError(f"{line.split()[0]}: {done.stderr.strip().splitlines()[-1]}")
    for examples in sorted(installed.rglob("example_dags")):
        for file in sorted(path for path in examples.rglob("*") if path.is_file()):
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            if file.suffix == ".pyc" or (digest in seen and file.name != "__init__.py"):
                continue
            seen.add(digest)
            target = whole / line.split()[0].replace("==", "-") / file.relative_to(examples)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    shutil.rmtree(installed)


def imported_by_airflow2(folder: Path, airflow2: Path) -> list[str]:
    """Return the paths of the files in which Airflow 2 finds a DAG."""
    files = [
        source
        for source in sources(folder)
        if source.text is not None and source.path.endswith(".py")
    ]
    modules = {
        item.module
        for source in files
        for item in Analysis(source.text or "").imports
        if item.module.startswith("airflow.") and "example_dags" not in item.module
    }
    with Airflow(airflow2) as old:
        outcomes = old.import_files(folder, [f.path for f in files], preload=modules)
    return sorted(path for path, outcome in outcomes.items() if outcome.dags)


@dataclass(frozen=True)
class Result:
    """What became of the files that Airflow 2 could import."""

    files: int
    statuses: Mapping[str, int]
    before: int  # DAG files that Airflow 2 imported
    after: int  # of these, imported by Airflow 3
    package: tuple[str, ...]  # of these, named: the image lacks a package
    named: tuple[str, ...]  # of these, named: another reason
    unnamed: tuple[str, ...]

    @property
    def share(self) -> float:
        """The part of the DAG files that imports or is named with its reason."""
        return 1 - len(self.unnamed) / self.before


def result(before: Iterable[str], done: list[Migrated]) -> Result:
    """Compare what Airflow 2 imported with the reports of the migration."""
    reports = {item.report.path: item.report for item in done}
    old = [reports[path] for path in before if path in reports]
    left = [report for report in old if not report.imported.dags]
    codes = {r.path: {f.code for f in (*r.todos, *r.waits)} for r in left}
    package = tuple(sorted(path for path in codes if codes[path] & PACKAGE))
    named = tuple(sorted(p for p in codes if codes[p] - UNNAMED and p not in package))
    return Result(
        files=len(done),
        statuses=Counter(item.report.status.value for item in done),
        before=len(old),
        after=len(old) - len(left),
        package=package,
        named=named,
        unnamed=tuple(sorted(codes.keys() - {*package, *named})),
    )


def timed(files: list[Source], airflow3: Path) -> tuple[list[Migrated], float, float]:
    """Migrate; return also the seconds and the processor seconds, with the start of Airflow."""
    started, used = time.monotonic(), _processor_seconds()
    with Airflow(airflow3) as new:
        done = migrate(files, new)
    return done, time.monotonic() - started, _processor_seconds() - used


def _processor_seconds() -> float:
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, who))


def table(got: Result, seconds: float, processor: float) -> str:
    """Return the counts as Markdown."""
    rows = {
        "Files (Python and other)": got.files,
        "ready": got.statuses[Status.READY.value],
        "fixed": got.statuses[Status.FIXED.value],
        "wait for a package, another file or a setting": got.statuses[Status.WAITS.value],
        "need a person": got.statuses[Status.PERSON.value],
        "no code": got.statuses[Status.OTHER.value],
        "DAG files that Airflow 2 imported": got.before,
        "of these, imported by Airflow 3 after the migration": got.after,
        "of these, named: a package is not in the image": len(got.package),
        "of these, named: another reason": len(got.named),
        "of these, failing without a named reason": len(got.unnamed),
        "imported or named": f"{got.share:.1%}",
        f"Seconds ({os.cpu_count()} cores, with the start of Airflow)": f"{seconds:.0f}",
        "Files per second": f"{got.files / seconds:.1f}",
        "Load of the machine in the last minute": f"{os.getloadavg()[0]:.1f}",
        "Processor seconds, of the command itself": f"{processor:.0f}",
        "Files per processor second": f"{got.files / processor:.1f}",
    }
    lines = ["| What | Count |", "| --- | ---: |"]
    return "\n".join([*lines, *(f"| {name} | {count} |" for name, count in rows.items())])


def main(airflow3: Path, airflow2: Path, page: Path) -> None:
    """Measure the whole corpus and write down what came out."""
    folder = corpus()
    before = imported_by_airflow2(folder, airflow2)
    BASELINE.write_text(json.dumps(before, indent=1) + "\n")
    done, seconds, processor = timed(list(sources(folder)), airflow3)
    got = result(before, done)
    counts = table(got, seconds, processor)
    print(counts)
    for title, paths in (("named", got.named), ("without a named reason", got.unnamed)):
        print(f"{title}:", *paths, sep="\n  ")
    head, _, rest = page.read_text().partition(START)
    page.write_text(f"{head}{START}\n\n{counts}\n\n{END}{rest.partition(END)[2]}")
    if got.share < 0.9:
        sys.exit(f"only {got.share:.1%} of the DAG files import or are named; 90 % are wanted")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
