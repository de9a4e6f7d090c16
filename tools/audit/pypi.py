"""The advisories that PyPI itself serves, asked through pip-audit."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tools.audit.found import AuditError, Pin, Vulnerability, first_line

REMEDY = (
    "ask where PyPI itself can be reached, or hand in a copy of the advisories:\n"
    "    git clone --depth 1 https://github.com/pypa/advisory-database ../advisory-database\n"
    "    make audit ADVISORIES=../advisory-database"
)


def ask(lock: Path) -> Iterator[Vulnerability]:
    """Yield the known vulnerabilities of a lock.

    Raises:
        AuditError: PyPI did not answer, or does not know a release (a mirror serves no advisories).
    """
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    command += ["--progress-spinner=off", "--format=json", "--requirement", str(lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        answers = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise AuditError(f"PyPI's advisories cannot be asked: {said}\n{REMEDY}") from None
    unknown = sorted(answer["name"] for answer in answers if "skip_reason" in answer)
    if unknown:
        raise AuditError(
            f"PyPI's advisories do not know {len(unknown)} of {len(answers)} releases of "
            f"{lock.name} ({', '.join(unknown[:3])} ...): behind this address is a mirror of "
            f"packages, without advisories\n{REMEDY}"
        )
    for answer in answers:
        for one in answer["vulns"]:
            yield Vulnerability(
                pin=Pin(answer["name"], answer["version"]),
                id=one["id"],
                aliases=tuple(one.get("aliases", ())),
                fixed_in=tuple(one.get("fix_versions", ())),
                summary=first_line(one.get("description", "")),
            )
