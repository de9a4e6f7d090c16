"""DAGs from a Git server that takes Entra tokens alone: a real git, a real bundle."""

import base64
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.parts.serving import Quiet, answering
from tests.parts.skips import missing
from tests.runtime.airflow_home import AirflowHome, Conversation
from tests.runtime.authority import Authority

READS = """
from pathlib import Path
from airflow_azure.git import EntraGitDagBundle

def read(url, kept):
    os.environ["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH"] = kept
    bundle = EntraGitDagBundle(
        name="dags", repo_url=url, tracking_ref="main", subdir="dags",
        git_conn_id="git_by_identity",
    )
    bundle.initialize()
    bundle.refresh()
    return sorted(file.name for file in Path(bundle.path).iterdir())
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one DAG."""
    if shutil.which("git") is None:
        missing("git is not installed")
    work = tmp_path / "work"
    work.mkdir()
    git(work, "init", "--quiet", "--initial-branch=main")
    commit(work, "first.py")
    git(tmp_path, "clone", "--quiet", "--bare", str(work), "dags.git")
    git(work, "remote", "add", "origin", str(tmp_path / "dags.git"))
    return work


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True)


def commit(work: Path, name: str) -> None:
    (work / "dags").mkdir(exist_ok=True)
    (work / "dags" / name).write_text("# a DAG\n")
    git(work, "add", ".")
    git(work, "commit", "--quiet", "-m", name)


@pytest.fixture
def server(repository: Path, entra: Authority) -> Iterator[str]:
    """The address of the repository; whoever brings another token than the last one gets 401."""
    root = repository.parent

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.serve()

        def do_POST(self) -> None:
            self.serve()

        def serve(self) -> None:
            said = self.headers.get("Authorization", "").removeprefix("Basic ")
            if base64.b64decode(said).decode().partition(":")[2] != entra.token:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="dags"')
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = {
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": "somebody",
            }
            done = subprocess.run(
                ["git", "http-backend"],
                input=body,
                env=os.environ | told,
                capture_output=True,
                check=True,
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().splitlines():
                name, _, value = line.partition(": ")
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as running:
        yield f"http://127.0.0.1:{running.server_port}/dags.git"


@pytest.fixture(scope="module")
def image(
    airflow: Path, tmp_path_factory: pytest.TempPathFactory, token_endpoint: Authority
) -> Iterator[Conversation]:
    """The image's environment with the pod's identity, and the connection as the chart gives it."""
    home = AirflowHome(airflow, tmp_path_factory.mktemp("git"), dict(token_endpoint.environment))
    home.environment["AIRFLOW_CONN_GIT_BY_IDENTITY"] = '{"conn_type": "git"}'
    with home.conversation(READS) as conversation:
        yield conversation


@pytest.fixture
def dags(image: Conversation, server: str, tmp_path: Path) -> Callable[[], list[str]]:
    """Reads the repository's DAGs as a pod that has just started, and names their files."""

    def read() -> list[str]:
        with image.fresh() as pod:
            found: list[str] = pod.eval(f"read({server!r}, {str(tmp_path / 'bundles')!r})")
        return found

    return read


def test_dags_are_read_as_the_pod_s_identity(dags: Callable[[], list[str]]) -> None:
    assert dags() == ["first.py"]


def test_a_new_token_opens_the_repository_after_the_old_one_ended(
    dags: Callable[[], list[str]], repository: Path, entra: Authority
) -> None:
    dags()
    commit(repository, "second.py")
    git(repository, "push", "--quiet", "origin", "main")
    entra.rotate()

    assert dags() == ["first.py", "second.py"]


def test_no_file_keeps_the_token(
    dags: Callable[[], list[str]], entra: Authority, tmp_path: Path
) -> None:
    dags()

    kept = [
        file
        for file in (tmp_path / "bundles").rglob("*")
        if file.is_file() and entra.token.encode() in file.read_bytes()
    ]
    assert kept == []
