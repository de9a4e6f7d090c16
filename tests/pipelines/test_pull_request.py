"""One comment a topic on a pull request, told to a server that keeps threads as Azure does."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests import ROOT
from tests.parts.serving import Quiet, answering

PATH = "/tfs/My%20Project/_apis/git/repositories/repo/pullRequests/7/threads"


class AzureDevOps(ThreadingHTTPServer):
    """The threads of one pull request, behind a token."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.threads: list[dict[str, Any]] = []


class _Handler(Quiet, BaseHTTPRequestHandler):
    server: AzureDevOps

    def do_GET(self) -> None:
        self._answer(200, {"value": self.server.threads})

    def do_POST(self) -> None:
        thread = self._body()
        thread["id"] = len(self.server.threads) + 1
        for number, comment in enumerate(thread["comments"], start=1):
            comment["id"] = number
        self.server.threads.append(thread)
        self._answer(200, thread)

    def do_PATCH(self) -> None:
        _, _, rest = self.path.partition(f"{PATH}/")
        number, *comment = rest.partition("?")[0].split("/comments/")
        thread = self.server.threads[int(number) - 1]
        target = thread["comments"][int(comment[0]) - 1] if comment else thread
        target |= self._body()
        self._answer(200, thread)

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return body

    def _answer(self, status: int, body: Any) -> None:
        known = self.path.startswith(PATH) and self.path.endswith("?api-version=7.1")
        allowed = self.headers["Authorization"] == "Bearer token"
        self.send_response(404 if not known else status if allowed else 403)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


@pytest.fixture
def azure_devops() -> Iterator[AzureDevOps]:
    with answering(AzureDevOps()) as server:
        yield server


def tell(
    server: AzureDevOps, file: Path, topic: str = "plan", **variables: str
) -> subprocess.CompletedProcess[str]:
    known = {
        "SYSTEM_COLLECTIONURI": f"http://127.0.0.1:{server.server_port}/tfs/",
        "SYSTEM_TEAMPROJECT": "My Project",
        "BUILD_REPOSITORY_ID": "repo",
        "BUILD_REPOSITORY_PROVIDER": "TfsGit",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7",
        "SYSTEM_ACCESSTOKEN": "token",
    }
    return subprocess.run(
        [sys.executable, "-m", "tools.pull_request", topic, file],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **known, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def review(tmp_path: Path) -> Path:
    file = tmp_path / "review.md"
    file.write_text("## ✅ Plan: no changes\n")
    return file


def test_a_comment_is_written(azure_devops: AzureDevOps, review: Path) -> None:
    done = tell(azure_devops, review)

    assert done.returncode == 0, done.stdout
    assert "## ✅ Plan: no changes" in azure_devops.threads[0]["comments"][0]["content"]


def test_a_second_run_rewrites_it(azure_devops: AzureDevOps, review: Path) -> None:
    tell(azure_devops, review)
    review.write_text("## 🛑 Plan: data would be lost\n")

    tell(azure_devops, review)

    (thread,) = azure_devops.threads
    assert "data would be lost" in thread["comments"][0]["content"]


def test_each_topic_has_its_own(azure_devops: AzureDevOps, review: Path) -> None:
    tell(azure_devops, review, "plan of dev")

    tell(azure_devops, review, "plan of prod")

    assert len(azure_devops.threads) == 2


@pytest.mark.parametrize(("text", "status"), [("## ✅ good", 4), ("## 🛑 data lost", 1)])
def test_the_thread_is_closed_when_all_is_well(
    azure_devops: AzureDevOps, review: Path, text: str, status: int
) -> None:
    review.write_text(text)

    tell(azure_devops, review)

    assert azure_devops.threads[0]["status"] == status


def test_a_missing_permission_is_named(azure_devops: AzureDevOps, review: Path) -> None:
    done = tell(azure_devops, review, SYSTEM_ACCESSTOKEN="other")

    assert done.returncode == 1
    assert "Contribute to pull requests" in done.stdout


def test_a_repository_elsewhere_is_left_alone(azure_devops: AzureDevOps, review: Path) -> None:
    done = tell(azure_devops, review, BUILD_REPOSITORY_PROVIDER="GitHub")

    assert done.returncode == 0
    assert azure_devops.threads == []


def test_a_text_that_was_never_written_is_told(azure_devops: AzureDevOps, tmp_path: Path) -> None:
    done = tell(azure_devops, tmp_path / "missing.md")

    assert done.returncode == 2
    assert "did not get there" in done.stdout
