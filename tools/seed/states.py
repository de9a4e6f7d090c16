"""Where the seed's state is: on this machine until its storage account exists, then there."""

import copy
import json
import shutil
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from terraform_runner.diagnostics import TerraformError
from terraform_runner.terraform import Terraform

from synthesis.links import Document
from synthesis.reader import Stack

LOCAL = "terraform.tfstate"
# What the backend says of an account that nobody has made, or of one without the container
_NOT_THERE = ("no such host", "containernotfound", "the specified container does not exist")
# What it says until a role that was just given counts everywhere
_NOT_YET = ("authorizationpermissionmismatch", "authorizationfailure", "status 403", "403 ")


class Place(StrEnum):
    """Where the state is."""

    NOWHERE = "nowhere"
    LOCAL = "on this machine"
    ACCOUNT = "in the account"
    DONE = "in the account, and a copy on this machine"
    """A move was interrupted after its last byte."""
    SPLIT = "in two places that do not belong together"


class NotReachableError(Exception):
    """The storage account exists and does not answer; the message is Terraform's."""


@dataclass(frozen=True)
class _Of:
    """What tells one state from another: its lineage and serial."""

    lineage: str
    serial: int
    resources: int

    @classmethod
    def read(cls, text: str) -> "_Of | None":
        """Read a state file; None if it is empty or has no resources."""
        if not text.strip():
            return None
        found: dict[str, Any] = json.loads(text)
        resources = len(found.get("resources", ()))
        return cls(found["lineage"], found["serial"], resources) if resources else None


@dataclass(frozen=True)
class SeedStates:
    """The working folder of the seed, and the two places where its state can be."""

    folder: Path
    stack: Stack
    terraform: Terraform

    def find(self) -> Place:
        """Find out where the state is.

        Raises:
            NotReachableError: the storage account does not answer, so nobody can tell.
        """
        local, account = self._local(), self._in_account()
        if local is None:
            return Place.ACCOUNT if account else Place.NOWHERE
        if account is None:
            return Place.LOCAL
        if account.lineage != local.lineage:
            return Place.SPLIT
        moved = account.serial >= local.serial and account.resources >= local.resources
        return Place.DONE if moved else Place.LOCAL

    def use_local(self) -> None:
        """Let Terraform use a state on this machine."""
        state, kept = self.folder / LOCAL, self.folder / f"{LOCAL}.backup"
        if kept.is_file() and (not state.is_file() or not state.stat().st_size):
            shutil.copy(kept, state)  # a move empties the one, once it has written the other
        document = copy.deepcopy(self.stack.document)
        document["terraform"]["backend"] = {"local": {"path": LOCAL}}
        self._write(document)
        self.terraform.init(self.folder)

    def use_account(self) -> None:
        """Let Terraform use the state in the storage account."""
        self._write(self.stack.document)
        self.terraform.init(self.folder)

    def move(self) -> None:
        """Copy the state into the account; a copy on this machine stays.

        Raises:
            TerraformError: it could not.
        """
        self.use_local()
        self._write(self.stack.document)
        self.terraform.migrate(self.folder)

    def drop_local(self) -> None:
        """Delete the local copy after a move: a state may hold what no laptop should keep."""
        for file in self.folder.glob(f"{LOCAL}*"):
            file.unlink()

    def _local(self) -> _Of | None:
        """Read the state on this machine; after a move Terraform keeps it as a backup."""
        for name in (LOCAL, f"{LOCAL}.backup"):
            file = self.folder / name
            if file.is_file() and (found := _Of.read(file.read_text(encoding="utf-8"))):
                return found
        return None

    def _in_account(self) -> _Of | None:
        """Read the account's state through an empty stack, which needs no provider."""
        with tempfile.TemporaryDirectory(prefix="seed-") as scratch:
            place = Path(scratch)
            bare = {"terraform": {"backend": self.stack.document["terraform"]["backend"]}}
            (place / "main.tf.json").write_text(json.dumps(bare), encoding="utf-8")
            try:
                self.terraform.init(place)
                return _Of.read(self.terraform.pull(place))
            except TerraformError as error:
                said = str(error).lower()
                if any(word in said for word in _NOT_THERE):
                    return None
                raise NotReachableError(str(error)) from None

    def _write(self, document: Document) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(document, indent=2)
        (self.folder / "cdk.tf.json").write_text(text, encoding="utf-8")


def may_still_come(said: str) -> bool:
    """Tell whether a refusal may end by itself: a new role takes effect after some minutes."""
    return any(word in said.lower() for word in (*_NOT_YET, *_NOT_THERE))
