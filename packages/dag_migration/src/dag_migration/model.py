"""What a migration finds and does, as values that become the report."""

import re
from collections.abc import Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(StrEnum):
    """How much a finding asks of a person."""

    PERSON = "person"  # does not work, or works differently, until someone decides
    WAITS = "waits"  # the cause lies elsewhere: a package of the image, another file, a setting
    NOTICE = "notice"  # works; worth knowing


class Status(StrEnum):
    """Where a file stands after the migration, best first."""

    READY = "ready"
    FIXED = "fixed"
    OTHER = "no code"  # data, text and ignore files: copied
    WAITS = "waits"
    PERSON = "needs a person"


class Finding(_Value):
    """One place in a migrated file, what is wrong there and what to do."""

    code: str  # ruff's (AIR301) or the project's own (MIG001)
    level: Level
    line: int  # 1 is the first; 0 is the file as a whole
    message: str
    todo: str
    link: str

    @property
    def subject(self) -> str:
        """The name that it is about: the first in backticks, else a package of Airflow."""
        provider = re.search(r"needs the package ([\w-]+)", self.message)
        found = provider or re.search(r"`([^`]+)`", self.message)
        return found[1] if found else ""


class Fix(_Value):
    """One change that was made by itself."""

    code: str
    line: int  # in the source file
    message: str


class Dag(_Value):
    """A DAG that Airflow 3 read from a file."""

    dag_id: str
    schedule: str
    timetable: str = ""  # name of the class
    catchup: bool = False
    tasks: tuple[str, ...]  # names of operator classes


class Outcome(_Value):
    """How the import of one file by Airflow went."""

    outcome: str  # ok, error, timeout, crash; "" if it was not tried
    line: int = 0
    message: str = ""
    seconds: float = 0.0
    raised_in: str = ""  # the file of the source folder that raised, relative to it
    dags: tuple[Dag, ...] = ()


class Inventory(_Value):
    """What a file uses, by name, as far as the text tells."""

    operators: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    connections: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    pools: tuple[str, ...] = ()
    schedules: tuple[str, ...] = ()

    @classmethod
    def merged(cls, parts: Iterable["Inventory"]) -> "Inventory":
        """Return the union, sorted."""
        parts = list(parts)
        return cls(
            **{
                name: tuple(sorted({item for part in parts for item in getattr(part, name)}))
                for name in cls.model_fields
            }
        )


class FileReport(_Value):
    """Everything about one file of the source folder."""

    path: str  # relative to the source folder, with /
    status: Status
    holds_dags: bool = False  # a DAG was read from it, or its text makes one
    edited: bool = False  # a person changed the migrated file after an earlier run
    fixes: tuple[Fix, ...] = ()
    findings: tuple[Finding, ...] = ()
    imported: Outcome = Outcome(outcome="")
    inventory: Inventory = Inventory()

    @property
    def todos(self) -> tuple[Finding, ...]:
        """What a person must do."""
        return tuple(f for f in self.findings if f.level is Level.PERSON)

    @property
    def waits(self) -> tuple[Finding, ...]:
        """What it waits for: nothing in the file itself is to be done."""
        return tuple(f for f in self.findings if f.level is Level.WAITS)

    @property
    def notices(self) -> tuple[Finding, ...]:
        """What is worth knowing."""
        return tuple(f for f in self.findings if f.level is Level.NOTICE)


class Kind(_Value):
    """All findings of one code: what to decide or to do once, for many files."""

    code: str
    level: Level
    example: Finding
    places: int
    files: int


class SettingsReport(_Value):
    """Where the connections, variables and pools of an export go."""

    kind: str  # connections, variables, pools
    imported: tuple[str, ...]  # names, in a file for Airflow's own import command
    vault: tuple[str, ...]  # names, set in Key Vault by a command
    problems: tuple[str, ...] = ()


class Package(_Value):
    """A package that the image needs, and the files that import it."""

    requirement: str  # as a line of requirements.txt
    module: str
    files: tuple[str, ...]


class Option(_Value):
    """An option of the old airflow.cfg that something must be done about."""

    name: str  # section.option
    state: str  # removed, moved, invalid, default, set, unknown
    message: str
    todo: str


class Report(_Value):
    """The result of one run."""

    airflow: str
    files: tuple[FileReport, ...]
    settings: tuple[SettingsReport, ...] = ()
    packages: tuple[Package, ...] = ()
    options: tuple[Option, ...] = ()

    @property
    def dag_files(self) -> dict[Status, int]:
        """How many of the files that hold DAGs have each status."""
        return {s: sum(f.status is s and f.holds_dags for f in self.files) for s in Status}

    @property
    def counts(self) -> dict[Status, int]:
        """How many files have each status."""
        return {status: sum(f.status is status for f in self.files) for status in Status}

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The findings by code: what asks for a person first, then the most frequent."""
        found: dict[str, list[tuple[str, Finding]]] = {}
        for file in self.files:
            for finding in file.findings:
                found.setdefault(finding.code, []).append((file.path, finding))
        kinds = [
            Kind(
                code=code,
                level=places[0][1].level,
                example=places[0][1],
                places=len(places),
                files=len({path for path, _ in places}),
            )
            for code, places in found.items()
        ]
        return tuple(sorted(kinds, key=lambda k: (list(Level).index(k.level), -k.files, k.code)))

    @property
    def by_status(self) -> tuple[FileReport, ...]:
        """The files, those that need a person first."""
        order = [Status.PERSON, Status.WAITS, Status.FIXED, Status.READY, Status.OTHER]
        return tuple(sorted(self.files, key=lambda f: (order.index(f.status), f.path)))

    @property
    def inventory(self) -> Inventory:
        """What all files together use."""
        return Inventory.merged(file.inventory for file in self.files)
