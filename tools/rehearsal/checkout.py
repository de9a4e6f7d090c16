"""The project as it was at a git reference, synthesized in a temporary folder."""

import io
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from terraform_runner import processes
from terraform_runner.errors import BadInputError

from conventions.company import OUTDIR, VARIABLE, is_product
from synthesis.reader import Synthesis

_OF_THIS_SIDE = {VARIABLE, OUTDIR, "MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS"}


@dataclass(frozen=True)
class Checkout:
    """A project in a temporary folder, and its stacks."""

    folder: Path
    synthesis: Synthesis


@contextmanager
def synthesized_at(
    reference: str, repository: Path, environment: Mapping[str, str]
) -> Iterator[Checkout]:
    """Synthesize what `reference` names: the product with this interpreter and its packages.

    A company's repository brings the product that it names there, by its own `make synth`.

    `git archive` rather than a worktree: nothing is written to the repository's own folder.

    Raises:
        BadInputError: git knows no such reference, it cannot be unpacked, or its synth fails.
    """
    with TemporaryDirectory(prefix="rehearsal-from-") as name:
        tree = Path(name)
        _extract(reference, repository, tree)
        command = ["make", "--no-print-directory", "synth"]
        if is_product(tree):
            command = [sys.executable, "-O", "main.py"]  # -O: the byte code that it has made
        inherited = {key: value for key, value in environment.items() if key not in _OF_THIS_SIDE}
        # Node leaves its temporary folder behind when it is stopped: so it is in ours
        done = processes.run(command, folder=tree, environment={**inherited, "TMPDIR": name})
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["it printed no error"])[-1]
            raise BadInputError(
                f"--from {reference}: the project as it was there cannot be synthesized: {last}",
                fix="name a later reference, one at which `make synth` works",
            )
        yield Checkout(tree, Synthesis.load(tree / "cdktf.out"))


def _extract(reference: str, repository: Path, tree: Path) -> None:
    # a leading hyphen would be an option to git
    command = ["git", "archive", "--format=tar", "--end-of-options", reference]
    try:
        done = subprocess.run(command, cwd=repository, capture_output=True, check=False)
    except FileNotFoundError:
        raise BadInputError("--from needs git, which is not on PATH", fix="install git") from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip()
        if "not a git repository" in told or "dubious ownership" in told:
            raise BadInputError(
                f"--from {reference}: git takes {repository} for no repository of yours: {told}",
                allowed="a clone that belongs to you",
                fix="clone it with git, as yourself; an unpacked archive has no history",
            )
        raise BadInputError(
            f"git cannot read {reference!r} in {repository}: {told}",
            allowed="a branch, a tag or a commit that this clone has",
            fix="fetch it with its history; `git log --oneline --all` names what is there",
        )
    try:
        with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
            archive.extractall(tree, filter="data")
    except tarfile.FilterError as error:
        raise BadInputError(
            f"--from {reference}: the project as it was there cannot be unpacked: {error}",
            allowed="files, and links that stay inside the project",
            fix="take the link out of the repository, and name a reference without it",
        ) from None
