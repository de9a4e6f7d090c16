"""A pull request that the calendar opens, told to a server that answers as Azure Repos does."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.parts.serving import Quiet, answering
from tools.raise_request import LONGEST, main

PATH = "/tfs/My%20Project/_apis/git/repositories/repo/pullrequests?api-version=7.1"


class AzureRepos(ThreadingHTTPServer):
    """Takes one pull request a branch, behind a token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.opened: list[dict[str, Any]] = []


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: AzureRepos

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        branches = [one["sourceRefName"] for one in self.server.opened]
        status = 404 if self.path != PATH else 201
        if self.headers["Authorization"] != "Bearer token":
            status = 403
        elif asked["sourceRefName"] in branches:
            status = 409
        if status == 201:
            self.server.opened.append(asked)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"{}")


@pytest.fixture
def repos() -> Iterator[AzureRepos]:
    with answering(AzureRepos()) as server:
        yield server


@pytest.fixture
def variables(repos: AzureRepos) -> dict[str, str]:
    return {
        "SYSTEM_COLLECTIONURI": f"http://127.0.0.1:{repos.server_address[1]}/tfs/",
        "SYSTEM_TEAMPROJECT": "My Project",
        "BUILD_REPOSITORY_ID": "repo",
        "SYSTEM_ACCESSTOKEN": "token",
    }


def test_it_says_what_was_raised_and_what_the_rehearsal_found(
    repos: AzureRepos, variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "raised.txt").write_text("Kubernetes 1.34 to 1.35")
    (tmp_path / "review.md").write_text("## Rehearsal")
    files = [str(tmp_path / name) for name in ("raised.txt", "review.md", "missing.md")]

    assert main(["calendar/raise", "Raise", *files], variables) == 0

    assert repos.opened == [
        {
            "sourceRefName": "refs/heads/calendar/raise",
            "targetRefName": "refs/heads/main",
            "title": "Raise",
            "description": "Kubernetes 1.34 to 1.35\n\n## Rehearsal",
        }
    ]


def test_one_that_is_open_is_enough(repos: AzureRepos, variables: dict[str, str]) -> None:
    for _ in range(2):
        assert main(["calendar/raise", "Raise", "none.md"], variables) == 0

    assert len(repos.opened) == 1


def test_a_long_rehearsal_is_cut(
    repos: AzureRepos, variables: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "review.md").write_text("x" * 2 * LONGEST)

    main(["calendar/raise", "Raise", str(tmp_path / "review.md")], variables)

    assert len(repos.opened[0]["description"]) == LONGEST


def test_a_refusal_names_the_permission(
    variables: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["b", "Raise", "none.md"], variables | {"SYSTEM_ACCESSTOKEN": "other"})

    assert status == 1
    assert 'the permission "Contribute to pull requests"' in capsys.readouterr().out
