"""What the check says: one finding is one thing to do at one line of one file."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

RULES = {
    "lint": "ruff found a problem",
    "import": "the file cannot be imported",
    "slow-import": "importing the file takes too long",
    "import-io": "the file talks to something while it is imported",
    "no-dag": "the folder or the file defines no DAG",
    "duplicate": "two files define the same DAG",
    "owner": "nobody owns the DAG",
    "tags": "the DAG has no tags",
    "doc": "the DAG is not described",
    "retries": "a task is never retried",
    "dbt": "the dbt project cannot be parsed",
}


@dataclass(frozen=True, order=True)
class Finding:
    """A broken rule: where it is, what is wrong and what to do about it."""

    file: Path
    line: int
    rule: str
    problem: str
    remedy: str

    def as_text(self) -> str:
        """Return the two lines that a person reads."""
        return f"{self.file}:{self.line}: [{self.rule}] {self.problem}\n    {self.remedy}"

    def as_azure(self) -> str:
        """Return the line that Azure Pipelines shows beside the file.

        The format is that of the page "Logging commands" of Azure Pipelines.
        """
        message = f"[{self.rule}] {self.problem} {self.remedy}".replace("%", "%AZP25")
        place = f"sourcepath={self.file};linenumber={self.line};code={self.rule}"
        return f"##vso[task.logissue type=error;{place}]{message.replace(chr(10), ' ')}"


def relative_to(folder: Path, findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings in order, their files named from the folder if they lie in it."""

    def named(finding: Finding) -> Finding:
        file = finding.file
        shown = file.relative_to(folder) if file.is_relative_to(folder) else file
        return Finding(shown, finding.line, finding.rule, finding.problem, finding.remedy)

    return sorted(named(finding) for finding in findings)
