"""Known vulnerabilities are named, accepted with a reason, or the audit says that it cannot say."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from tools.audit import pypi
from tools.audit.__main__ import ACCEPTED, LOCKS, app
from tools.audit.found import AuditError

PIN = "requests==2.31.0 \\\n    --hash=sha256:" + "0" * 64 + "\n"
NOW = datetime.now(UTC).isoformat()
REACH = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.32.0"}]}
ADVISORY: dict[str, Any] = {
    "id": "PYSEC-2026-1",
    "modified": NOW,
    "aliases": ["CVE-2026-1"],
    "details": "It leaks.\n\nAt length.",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "requests"}, "ranges": [REACH]}],
}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder of locks, of which one pins one release, and nothing accepted."""
    folder = tmp_path / "image"
    folder.mkdir()
    for lock in LOCKS:
        (folder / lock).write_text(PIN if lock == "requirements.lock" else "")
    (folder / ACCEPTED).write_text("")
    return folder


def audit(image: Path, advisories: list[dict[str, Any]], *options: str) -> Result:
    """Run the command against a copy of these advisories, in both formats that there are."""
    copy = image.parent / "advisories"
    (copy / "requests").mkdir(parents=True, exist_ok=True)
    for number, advisory in enumerate(advisories):
        file = copy / "requests" / f"{number}.{'yaml' if number % 2 else 'json'}"
        file.write_text(yaml.safe_dump(advisory) if number % 2 else json.dumps(advisory))
    command = ["--advisories", str(copy), "--image", str(image), *options]
    return CliRunner().invoke(app, command)


def accept(image: Path, name: str, reason: str = "Nothing in the image calls it.") -> None:
    """Accept one vulnerability."""
    text = f'[[accepted]]\nid = "{name}"\npackage = "requests"\nreason = "{reason}"\n'
    (image / ACCEPTED).write_text(text)


def advisory(**affected: Any) -> dict[str, Any]:
    """Return an advisory about other releases."""
    return ADVISORY | {"affected": [ADVISORY["affected"][0] | {"ranges": []} | affected]}


def test_a_vulnerable_release_is_named_with_its_fix(image: Path) -> None:
    done = audit(image, [ADVISORY])

    assert done.exit_code == 1
    assert (
        "requests 2.31.0: PYSEC-2026-1 (CVE-2026-1) It leaks.\n    fixed in 2.32.0" in done.output
    )


@pytest.mark.parametrize(
    ("affected", "status"),
    [
        ({"versions": ["2.31.0"]}, 1),
        ({"versions": ["2.30.0"]}, 0),
        ({"ranges": [REACH | {"events": [{"introduced": "2.31.0"}]}]}, 1),
        ({"ranges": [REACH | {"events": [{"introduced": "2.32.0"}]}]}, 0),
        ({"ranges": [REACH | {"events": [{"introduced": "0"}, {"fixed": "2.31.0"}]}]}, 0),
        ({"ranges": [REACH | {"events": [{"introduced": "0"}, {"last_affected": "2.31.0"}]}]}, 1),
        ({"ranges": [REACH | {"events": [{"introduced": "0"}, {"last_affected": "2.9"}]}]}, 0),
        ({"package": {"ecosystem": "PyPI", "name": "other"}, "versions": ["2.31.0"]}, 0),
    ],
)
def test_a_release_is_found_where_the_advisory_says(
    image: Path, affected: dict[str, Any], status: int
) -> None:
    assert audit(image, [advisory(**affected)]).exit_code == status


def test_an_advisory_that_was_withdrawn_is_passed_over(image: Path) -> None:
    assert audit(image, [ADVISORY | {"withdrawn": NOW}]).exit_code == 0


def test_both_formats_of_a_copy_are_read(image: Path) -> None:
    done = audit(image, [ADVISORY, ADVISORY | {"id": "PYSEC-2026-2"}])

    assert "1 releases, 2 known vulnerabilities" in done.output


def test_what_is_accepted_by_any_of_its_names_passes(image: Path) -> None:
    accept(image, "CVE-2026-1")

    done = audit(image, [ADVISORY])

    assert (done.exit_code, "0 known vulnerabilities, 1 accepted" in done.output) == (0, True)


def test_an_acceptance_that_matches_nothing_is_stale_and_fails(image: Path) -> None:
    accept(image, "CVE-2020-1")

    done = audit(image, [advisory()])

    assert done.exit_code == 1
    assert "CVE-2020-1 of requests is stale: remove the entry" in done.output


def test_an_acceptance_without_a_reason_is_refused(image: Path) -> None:
    accept(image, "CVE-2026-1", reason="later")

    done = audit(image, [ADVISORY])

    assert (done.exit_code, "at least 20 characters" in done.output) == (2, True)


def test_a_copy_that_is_too_old_says_so_and_not_that_all_is_well(image: Path) -> None:
    done = audit(image, [advisory() | {"modified": "2024-10-10T00:00:00Z"}])

    assert (done.exit_code, "is of 2024-10-10, more than 30 days ago" in done.output) == (2, True)


def test_a_folder_without_advisories_is_refused(image: Path) -> None:
    done = audit(image, [])

    assert (done.exit_code, "holds no advisory" in done.output) == (2, True)


def test_releases_that_pypi_does_not_know_are_never_passed_over(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(PIN.replace("requests", "no-package-of-this-name-is-on-pypi"))

    with pytest.raises(AuditError, match="make audit ADVISORIES="):
        list(pypi.ask(lock))
