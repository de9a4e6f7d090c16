"""Runs checkov over the synthesized stacks: in an environment of its own, without the network.

`--framework terraform_json` is what reads cdktf's files; `terraform` skips them in silence.
"""

import fcntl
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from conventions.faults import Fault
from synthesis.reader import parts_of
from tools.locked_venv import DENIED, ROOT, InstallationError, locked_venv
from tools.policy.errors import GateError
from tools.policy.results import Result

LOCK = Path(__file__).with_name("requirements.lock")
# cdktf writes two spaces a level: types stand four deep, names six
TYPE = re.compile(r'    "(\w+)": \{')
NAME = re.compile(r'      "(\w+)": \{')


def scan(folder: Path, lock: Path = LOCK) -> list[Result]:
    """Return every result of checkov on the stacks of `folder`.

    The same stacks under the same lock give the same results: they are kept, and found again.

    Raises:
        GateError: checkov cannot be installed, fails, or could not check a rule on a resource.
    """
    kept = ROOT / ".cache" / f"checkov-results-{_fingerprint(folder, lock)}.json"
    return list(_results(json.loads(_kept(kept, folder, lock)), folder))


def _kept(kept: Path, folder: Path, lock: Path) -> str:
    shared = kept.with_suffix(".lock")
    try:
        if kept.exists():
            return kept.read_text()
        kept.parent.mkdir(exist_ok=True)
        shared.touch()
    except OSError as error:
        if error.errno not in DENIED:
            raise
        return _run(folder, lock)  # in a checkout of somebody else nothing is kept
    with shared.open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)  # parallel test workers share one scan
        if not kept.exists():
            partial = kept.with_suffix(".partial")
            partial.write_text(_run(folder, lock))
            partial.rename(kept)
        return kept.read_text()


def _fingerprint(folder: Path, lock: Path) -> str:
    digest = sha256(lock.read_bytes())
    for file in sorted(folder.glob("stacks/*/*.json")):
        digest.update(file.relative_to(folder).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _run(folder: Path, lock: Path) -> str:
    command = [_installed(lock), "--directory", str(folder / "stacks")]
    command += ["--framework", "terraform_json", "--skip-download", "--compact"]
    # BC_* and PRISMA_* would make checkov call a service
    quiet = {k: v for k, v in os.environ.items() if not k.startswith(("BC_", "CKV_", "PRISMA_"))}
    done = subprocess.run(
        [*command, "--output", "json"], capture_output=True, text=True, check=False, env=quiet
    )
    errors = [line for line in done.stderr.splitlines() if "[ERROR]" in line]
    if done.returncode not in (0, 1) or errors:
        raise _failed((errors or done.stderr.splitlines() or ["no output"])[-1].strip())
    try:
        json.loads(done.stdout)["results"]["failed_checks"]
    except (ValueError, KeyError, TypeError) as error:
        raise _failed(f"its output cannot be read: {error!r}") from None
    return done.stdout


def _installed(lock: Path) -> str:
    try:
        return str(locked_venv("checkov", lock, sys.executable) / "bin" / "checkov")
    except InstallationError as error:
        raise GateError(
            [
                Fault(
                    place="checkov",
                    problem=f"cannot be installed: {error}",
                    allowed=f"the packages of {lock.name}, from a package index",
                    fix="check the network and the package index, then run make policy again",
                )
            ]
        ) from None


def _results(report: Mapping[str, Any], folder: Path) -> Iterator[Result]:
    checks = report["results"]
    addresses: dict[Path, Mapping[int, str]] = {}
    for check in [*checks["passed_checks"], *checks["failed_checks"]]:
        file = folder / "stacks" / check["file_path"].lstrip("/")
        if file not in addresses:
            addresses[file] = _addresses(file)
        stack, environment = parts_of(file.parent.name)
        failed = check["check_result"]["result"] == "FAILED"
        yield Result(
            environment=environment,
            stack=stack,
            rule=check["check_id"],
            # some results name no type, but all of them name the line
            resource=addresses[file].get(check["file_line_range"][0], check["resource"]),
            title=check["check_name"],
            problem=_problem(check) if failed else None,
        )


def _problem(check: Mapping[str, Any]) -> str:
    keys = check["check_result"].get("evaluated_keys") or []
    return ", ".join(str(key).replace("/[0]", "").replace("/", ".") for key in keys) or "fails"


def _addresses(file: Path) -> dict[int, str]:
    found: dict[int, str] = {}
    kind = ""
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if match := TYPE.fullmatch(line):
            kind = match[1]
        elif match := NAME.fullmatch(line):
            found[number] = f"{kind}.{match[1]}"
    return found


def _failed(problem: str) -> GateError:
    return GateError(
        [
            Fault(
                place="checkov",
                problem=problem,
                allowed="a scan in which every rule could be evaluated",
                fix="fix the resource that it names, or choose another release in "
                "tools/policy/requirements.in",
            )
        ]
    )
