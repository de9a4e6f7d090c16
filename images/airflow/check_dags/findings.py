"""What the check says: one finding is one thing to do at one line of one file."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from pathlib import Path


class Level(IntEnum):
    """How much a finding matters; findings are printed in this order."""

    BREAKS = 0  # the DAG does not run, or not as it says
    RULE = 1  # it runs, and somebody will be sorry for it
    HINT = 2  # style: it never fails the check


RULES = {
    "import": Level.BREAKS,  # the file cannot be imported
    "removed": Level.BREAKS,  # Airflow 3 has it no more
    "bug": Level.BREAKS,  # ruff is sure that it fails when it runs
    "duplicate": Level.BREAKS,  # two files define the same DAG
    "no-dag": Level.BREAKS,  # the folder or the file defines no DAG
    "dbt": Level.BREAKS,  # the dbt project cannot be parsed
    "metadata": Level.BREAKS,  # a task asks Airflow's own database, which it cannot reach
    "access-control": Level.BREAKS,  # the DAG hands out rights
    "executor": Level.BREAKS,  # a worker does not do what the task asks for
    "pod": Level.BREAKS,  # Kubernetes would refuse the pod of a task
    "date": Level.BREAKS,  # the start date is another one at each import
    "secret": Level.RULE,  # a password or a key stands in the file
    "parse-secret": Level.RULE,  # a connection or variable is read while the file is imported
    "slow-import": Level.RULE,  # importing the file takes too long
    "import-io": Level.RULE,  # the file talks to something while it is imported
    "time-zone": Level.RULE,  # a date without a time zone
    "owner": Level.RULE,  # nobody owns the DAG
    "tags": Level.RULE,  # the DAG has no tags
    "doc": Level.RULE,  # the DAG is not described
    "retries": Level.RULE,  # a task is never retried
    "dbt-pods": Level.HINT,  # each model of dbt costs a pod of its own
    "style": Level.HINT,  # ruff found something to make nicer
}


@dataclass(frozen=True)
class Finding:
    """A broken rule: where it is, what is wrong and what to do about it."""

    file: Path
    line: int
    rule: str
    problem: str
    remedy: str

    @property
    def level(self) -> Level:
        """How much it matters."""
        return RULES[self.rule]

    def as_text(self) -> str:
        """Return the two lines that a person reads."""
        return f"{self.file}:{self.line}: [{self.rule}] {self.problem}\n    {self.remedy}"

    def as_azure(self) -> str:
        """Return the line that Azure Pipelines shows beside the file.

        The format is that of the page "Logging commands" of Azure Pipelines.
        """
        kind = "warning" if self.level is Level.HINT else "error"
        message = " ".join(f"[{self.rule}] {self.problem} {self.remedy}".splitlines())
        file = _escaped(str(self.file), ";", "]", "\r", "\n")
        place = f"sourcepath={file};linenumber={self.line};code={self.rule}"
        return f"##vso[task.logissue type={kind};{place}]{_escaped(message)}"


def _escaped(text: str, *ends: str) -> str:
    """Return a part of a logging command, with what would end the part written as a code."""
    text = text.replace("%", "%AZP25")
    for end in ends:
        text = text.replace(end, f"%{ord(end):02X}")
    return text


def in_order(folder: Path, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, worst first, their files named from the folder if they lie in it."""

    def named(finding: Finding) -> Finding:
        inside = finding.file.is_relative_to(folder)
        return replace(finding, file=finding.file.relative_to(folder)) if inside else finding

    def order(finding: Finding) -> tuple[Level, Path, int, str, str]:
        return finding.level, finding.file, finding.line, finding.rule, finding.problem

    return sorted(map(named, set(findings)), key=order)
