"""The folder that a rehearsal works in: stacks, states and whatever plays Azure."""

import fcntl
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from terraform_runner.errors import BadInputError

from synthesis.links import Document
from synthesis.reader import Stack
from tools.rehearsal.states import States


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A folder laid out like a checkout after synth, so that cdktf can work in it, too."""

    folder: Path
    lock: int
    """File descriptor; while any process holds it open, nobody else works in the folder."""
    continued: bool
    """Whether an earlier rehearsal, perhaps a killed one, left its work here."""
    opened: datetime

    @property
    def out(self) -> Path:
        """The copy of cdktf.out."""
        return self.folder / "cdktf.out"

    def stack(self, name: str) -> Path:
        """The folder that Terraform works in."""
        return self.out / "stacks" / name

    def document(self, name: str) -> Path:
        """The stack's copy of `cdk.tf.json`."""
        return self.stack(name) / "cdk.tf.json"

    def write(self, stacks: Sequence[Stack], states: States) -> None:
        """Lay out the stacks with the given states."""
        for stack in stacks:
            self.write_stack(stack, states)
        manifest = {"version": "0.21.0", "stacks": {s.name: _entry(s) for s in stacks}}
        (self.out / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        project = {"language": "python", "app": "true", "sendCrashReports": "false"}
        (self.folder / "cdktf.json").write_text(json.dumps(project), encoding="utf-8")

    def write_stack(self, stack: Stack, states: States) -> None:
        """Lay out one stack."""
        self.stack(stack.name).mkdir(parents=True, exist_ok=True)
        # it pins the providers of the rehearsal before this one
        (self.stack(stack.name) / ".terraform.lock.hcl").unlink(missing_ok=True)
        text = json.dumps(states.adapt(stack.document), indent=2)
        self.document(stack.name).write_text(text, encoding="utf-8")


@contextmanager
def open_workspace(keep: Path | None = None) -> Iterator[Workspace]:
    """Work in `keep` and leave it there to be continued, or in a folder that is removed.

    Raises:
        BadInputError: another rehearsal works in `keep`, or it holds something else.
    """
    with ExitStack() as opened:
        if keep is None:
            folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="rehearsal-"))
        else:
            keep.mkdir(parents=True, exist_ok=True)
            folder = str(keep.resolve())
        yield opened.enter_context(_owned(Path(folder)))


@contextmanager
def _owned(folder: Path) -> Iterator[Workspace]:
    marker = folder / ".rehearsal"
    continued = marker.exists()
    if not continued and any(folder.iterdir()):
        raise BadInputError(
            f"--keep {folder}: it holds files of something else",
            allowed="an empty folder, a new one, or one that a rehearsal has left",
            fix="name another folder",
        )
    with marker.open("a") as guard:
        try:
            fcntl.flock(guard, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInputError(
                f"--keep {folder}: another rehearsal works in it, or a Terraform that outlived one",
                fix="wait until it ends, or name another folder",
            ) from None
        yield Workspace(
            folder=folder, lock=guard.fileno(), continued=continued, opened=datetime.now(UTC)
        )


def _entry(stack: Stack) -> Document:
    return {
        "name": stack.name,
        "constructPath": stack.name,
        "workingDirectory": f"stacks/{stack.name}",
        "synthesizedStackPath": f"stacks/{stack.name}/cdk.tf.json",
        "annotations": [],
        "dependencies": list(stack.dependencies),
    }
