"""Known vulnerabilities are named, accepted with a reason, or the audit says that it cannot say."""

import json
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from tests import ROOT
from tests.parts.serving import Quiet, answering
from tools.audit import pypi
from tools.audit.__main__ import ACCEPTED, KINDS, app
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


NODE: dict[str, Any] = {
    "name": "test",
    "version": "1.0.0",
    "lockfileVersion": 3,
    "requires": True,
    "packages": {
        "": {"name": "test", "version": "1.0.0", "dependencies": {"left": "1.2.3"}},
        "node_modules/left": {"version": "1.2.3"},
    },
}
NPM_ADVISORY: dict[str, Any] = {
    "id": "GHSA-aaaa-bbbb-cccc",
    "modified": NOW,
    "summary": "It pads without end",
    "affected": [
        {
            "package": {"ecosystem": "npm", "name": "left"},
            "ranges": [{"type": "SEMVER", "events": [{"introduced": "1.2.0"}, {"fixed": "1.2.4"}]}],
        }
    ],
}
OF_NPM = NPM_ADVISORY | {"affected": [{"package": {"ecosystem": "npm", "name": "right"}}]}


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A checkout whose locks pin one release of PyPI and one of npm, with nothing accepted."""
    folder = tmp_path / "checkout"
    for kind in KINDS.values():
        for lock in kind.locks:
            (folder / lock).parent.mkdir(parents=True, exist_ok=True)
            (folder / lock).write_text("")
    (folder / "images/airflow/requirements.lock").write_text(PIN)
    (folder / "package-lock.json").write_text(json.dumps(NODE))
    (folder / ACCEPTED).parent.mkdir(parents=True, exist_ok=True)
    (folder / ACCEPTED).write_text("")
    return folder


def audit(image: Path, advisories: list[dict[str, Any]], *options: str) -> Result:
    """Run the command against a copy of these advisories, in both formats that there are.

    The copy also knows of npm: of a package that nobody has.
    """
    advisories = [*advisories, OF_NPM] if advisories else []
    copy = image.parent / "advisories"
    (copy / "requests").mkdir(parents=True, exist_ok=True)
    for number, advisory in enumerate(advisories):
        file = copy / "requests" / f"{number}.{'yaml' if number % 2 else 'json'}"
        file.write_text(yaml.safe_dump(advisory) if number % 2 else json.dumps(advisory))
    command = ["--advisories", str(copy), "--root", str(image), *options]
    return CliRunner().invoke(app, command)


def accept(
    image: Path,
    name: str,
    reason: str = "Nothing in the image calls it.",
    until: str = "2999-01-01",
) -> None:
    """Accept one vulnerability."""
    text = f'[[accepted]]\nid = "{name}"\npackage = "requests"\nreason = "{reason}"\n'
    text += f"until = {until}\n"
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

    assert "2 releases, 2 known vulnerabilities" in done.output


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


@pytest.mark.usefixtures("a_program")
def test_releases_that_pypi_does_not_know_are_never_passed_over(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(PIN.replace("requests", "no-package-of-this-name-is-on-pypi"))

    with pytest.raises(AuditError, match="make audit ADVISORIES="):
        list(pypi.ask(lock))


def test_an_acceptance_whose_last_day_is_over_fails_and_covers_nothing(image: Path) -> None:
    accept(image, "CVE-2026-1", until="2026-01-31")

    done = audit(image, [ADVISORY])

    assert done.exit_code == 1
    assert "CVE-2026-1 of requests was accepted until 2026-01-31: look again" in done.output
    assert "2 releases, 1 known vulnerabilities" in done.output


def test_a_release_of_npm_is_held_against_the_copy_too(image: Path) -> None:
    done = audit(image, [NPM_ADVISORY, advisory()])

    assert done.exit_code == 1
    assert "left 1.2.3: GHSA-aaaa-bbbb-cccc It pads without end\n    fixed in 1.2.4" in done.output


def test_a_copy_that_knows_nothing_of_npm_says_so_and_not_that_all_is_well(image: Path) -> None:
    audit(image, [ADVISORY])
    (image.parent / "advisories" / "requests" / "1.yaml").unlink()  # npm's

    done = CliRunner().invoke(
        app, ["--advisories", str(image.parent / "advisories"), "--root", str(image)]
    )

    assert (done.exit_code, "holds no advisory of npm" in done.output) == (2, True)


def test_every_lock_of_the_project_is_audited() -> None:
    listed = ["git", "ls-files", "*.lock", "package-lock.json", "*/package-lock.json"]
    found = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    examples = {
        "packages/dag_migration/tests/corpus/airflow2.lock",
        "templates/platform-repository/images/company/requirements.lock",  # empty
    }
    of_packages = set(found.stdout.split()) - examples

    assert of_packages == {lock for kind in KINDS.values() for lock in kind.locks}


class Registry(ThreadingHTTPServer):
    """An npm registry that knows one package, and whether it answers audits."""

    answers = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        release = {"name": "left", "version": "1.2.3"}
        self._answer(200, {"name": "left", "versions": {"1.2.3": release}})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        said = {"id": 1, "url": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc"}
        said |= {
            "title": "It pads without end",
            "severity": "high",
            "vulnerable_versions": "<1.2.4",
        }
        self._answer(*((200, {"left": [said]}) if self.server.answers else (405, {})))

    def _answer(self, status: int, body: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Registry]:
    """The registry that npm asks."""
    with answering(Registry()) as server:
        monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("npm_config_fetch_retries", "0")
        monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
        yield server


def test_npm_is_asked_where_no_copy_is_given(image: Path, registry: Registry) -> None:
    done = CliRunner().invoke(app, ["--root", str(image), "--only", "npm"])

    assert done.exit_code == 1, done.output
    assert "left 1.2.3: GHSA-aaaa-bbbb-cccc It pads without end\n    is in <1.2.4\n" in done.output


def test_a_registry_without_advisories_is_never_good_news(image: Path, registry: Registry) -> None:
    registry.answers = False

    done = CliRunner().invoke(app, ["--root", str(image), "--only", "npm"])

    assert (done.exit_code, "npm's advisories cannot be asked" in done.output) == (2, True)
