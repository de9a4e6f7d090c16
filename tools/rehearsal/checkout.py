"""The project as it was at a git reference, synthesized in a temporary folder."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.rehearsal import processes
from tools.rehearsal.errors import BadInputError
from tools.rehearsal.synthesis import Synthesis


@contextmanager
def synthesized_at(
    reference: str, repository: Path, environment: Mapping[str, str]
) -> Iterator[Synthesis]:
    """Synthesize what `reference` names, with this interpreter and its installed packages.

    `git archive` rather than a worktree: nothing is written to the repository's own folder.

    Raises:
        BadInputError: git knows no such reference, or its `main.py` fails.
    """
    with TemporaryDirectory(prefix="rehearsal-from-") as name:
        tree = Path(name)
        _extract(reference, repository, tree)
        command = [sys.executable, "main.py"]
        done = processes.run(command, folder=tree, environment=dict(environment))
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it printed no error"])[-1]
            raise BadInputError(f"the project at {reference} cannot be synthesized: {last}")
        yield Synthesis.load(tree / "cdktf.out")


def _extract(reference: str, repository: Path, tree: Path) -> None:
    # a leading hyphen would be an option to git
    command = ["git", "archive", "--format=tar", "--end-of-options", reference]
    done = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    if done.returncode:
        told = done.stderr.decode().strip()
        raise BadInputError(f"git cannot read {reference!r} in {repository}: {told}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        archive.extractall(tree, filter="data")
