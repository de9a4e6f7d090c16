"""A project in a git repository, as the rehearsal finds it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from terraform_runner.plugins import usual_folder

from tests.parts.skips import not_given
from tests.rehearsal.samples import Document, write
from tools.rehearsal.rehearsal_report import RehearsalReport
from tools.rehearsal.request import Request
from tools.rehearsal.runs import rehearse

REAL = "REHEARSAL_PROVIDERS"
ROOT = Path(__file__).resolve().parents[2]

# what the real main.py does, for stacks that are written down instead of constructed
MAIN = f"""
import json, sys
from pathlib import Path
from tempfile import TemporaryDirectory
sys.path.insert(0, {str(ROOT)!r})
from tests.rehearsal.samples import write
stacks, needs = json.loads(Path("stacks.json").read_text())
write(Path.cwd(), stacks, needs)
"""


@dataclass(frozen=True)
class Project:
    """A checkout with synthesized stacks."""

    folder: Path
    temporary: str

    def synthesize(
        self, stacks: Mapping[str, Document], needs: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        """Make these the project's stacks."""
        (self.folder / "stacks.json").write_text(json.dumps([stacks, needs or {}]))
        write(self.folder, stacks, needs)

    def stack(self, name: str) -> Path:
        """The synthesized file of a stack."""
        return self.folder / "cdktf.out/stacks" / name / "cdk.tf.json"

    def commit(self, *more: str) -> None:
        """Commit what is there, and more files of it; `HEAD` names it."""
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        for command in (
            ["add", "main.py", *(more or ["stacks.json"])],
            ["commit", "--quiet", "-m", "as it is"],
        ):
            subprocess.run(["git", *identity, *command], cwd=self.folder, check=True)

    def rehearse(self, **how: object) -> RehearsalReport:
        """Rehearse in this process."""
        return rehearse(Request(project=self.folder, variables=dict(os.environ), **how))  # type: ignore[arg-type] # a test's keywords are as good as Request's own

    def start(self, *options: str | Path) -> "subprocess.Popen[str]":
        """Start the command line."""
        return subprocess.Popen(
            [sys.executable, "-m", "tools.rehearsal", "--project", self.folder, *options],
            cwd=ROOT,
            env={**os.environ, "TMPDIR": self.temporary},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *options: str | Path) -> "subprocess.CompletedProcess[str]":
        """Run the command line to its end."""
        with self.start(*options) as process:
            out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """An empty project in a git repository, with the Node tools of this one."""
    folder = tmp_path / "project"
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)
    (folder / "main.py").write_text(MAIN)
    (folder / "node_modules").symlink_to(ROOT / "node_modules")
    # what is killed leaves its sockets behind; pytest's own paths are too long for a socket
    with TemporaryDirectory(prefix="re-") as temporary:
        yield Project(folder, temporary)


@pytest.fixture(scope="session")
def real_providers() -> Path:
    """A folder with the providers themselves, which no package registry has."""
    folder = os.environ.get(REAL) or usual_folder("azurerm", os.environ)
    if not folder:
        not_given(f"no azurerm in the folder of {REAL}, nor where Terraform keeps its plugins")
    return Path(folder)
