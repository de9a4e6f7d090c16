"""DAGs from a Git server that takes Entra tokens alone: a real git, a real bundle."""

import base64
import os
import shutil
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.parts.serving import answering
from tests.parts.skips import missing
from tests.runtime.airflow_home import AirflowHome
from tests.runtime.authority import Authority

BUNDLE = """
from pathlib import Path
from airflow_azure.git import EntraGitDagBundle
bundle = EntraGitDagBundle(
    name="dags", repo_url=given["url"], tracking_ref="main", subdir="dags",
    git_conn_id="git_by_identity",
)
bundle.initialize()
bundle.refresh()
answer(sorted(file.name for file in Path(bundle.path).iterdir()))
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

    class Handler(BaseHTTPRequestHandler):
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

        def log_message(self, *args: object) -> None:
            pass

    with answering(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as running:
        yield f"http://127.0.0.1:{running.server_port}/dags.git"


@pytest.fixture
def home(airflow: Path, tmp_path: Path, entra: Authority) -> AirflowHome:
    """The image's environment with the pod's identity, and the connection as the chart gives it."""
    made = AirflowHome(airflow, tmp_path / "airflow")
    made.folder.mkdir()
    made.environment |= entra.environment
    made.environment["AIRFLOW_CONN_GIT_BY_IDENTITY"] = '{"conn_type": "git"}'
    made.set("dag_processor", dag_bundle_storage_path=tmp_path / "bundles")
    made.set("database", sql_alchemy_conn=f"sqlite:///{tmp_path}/airflow.db")
    return made


def test_dags_are_read_as_the_pod_s_identity(home: AirflowHome, server: str) -> None:
    assert home.probe(BUNDLE, url=server) == ["first.py"]


def test_a_new_token_opens_the_repository_after_the_old_one_ended(
    home: AirflowHome, server: str, repository: Path, entra: Authority
) -> None:
    home.probe(BUNDLE, url=server)
    commit(repository, "second.py")
    git(repository, "push", "--quiet", "origin", "main")
    entra.rotate()

    assert home.probe(BUNDLE, url=server) == ["first.py", "second.py"]


def test_no_file_keeps_the_token(
    home: AirflowHome, server: str, entra: Authority, tmp_path: Path
) -> None:
    home.probe(BUNDLE, url=server)

    kept = [
        file
        for file in (tmp_path / "bundles").rglob("*")
        if file.is_file() and entra.token.encode() in file.read_bytes()
    ]
    assert kept == []
