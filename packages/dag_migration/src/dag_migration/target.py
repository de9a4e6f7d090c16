"""The folder a migration writes: whole files, only what changed, never over a person's work."""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

STATE = ".migration.json"
DAGS = "dags"


class TargetError(Exception):
    """The target cannot be used; the message says why and what to do."""


class _State(BaseModel):
    """Hashes of what earlier runs wrote below `dags/`, by path."""

    model_config = ConfigDict(extra="forbid")

    written: dict[str, str] = {}


class Target:
    """A folder with the migrated DAGs and the reports.

    Raises:
        TargetError: it is inside the source (or the source in it), or holds something else.
    """

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder, real = folder, folder.resolve()
        source = source.resolve()
        if real.is_relative_to(source) or source.is_relative_to(real):
            raise TargetError(
                f"the target {folder} and the source {source} are one inside the other; "
                "the source is never changed: choose a target beside it"
            )
        if real.exists() and not real.is_dir():
            raise TargetError(f"the target {folder} is a file; choose a folder")
        if real.is_dir() and any(real.iterdir()) and not (real / STATE).is_file():
            raise TargetError(
                f"the target {folder} holds files that no migration wrote ({STATE} is not there); "
                "choose an empty folder or the one of an earlier run"
            )
        self._state = self._read_state()

    def _read_state(self) -> _State:
        file = self.folder / STATE
        try:
            return _State.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return _State()
        except (ValidationError, OSError) as error:
            raise TargetError(
                f"{file} cannot be read ({type(error).__name__}): restore it, or choose an "
                "empty target"
            ) from error

    def edited(self) -> dict[str, bytes]:
        """Return the migrated files that a person has changed since, by path."""
        found = {}
        for path, written in self._state.written.items():
            file = self.folder / DAGS / path
            if file.is_file() and _hash(data := file.read_bytes()) != written:
                found[path] = data
        return found

    def write_dags(self, files: Mapping[str, bytes], edited: Mapping[str, bytes]) -> int:
        """Write the migrated files and return how many changed; edited ones stay as they are."""
        changed = 0
        for path, data in files.items():
            if path not in edited:
                changed += self.write(f"{DAGS}/{path}", data)
                self._state.written[path] = _hash(data)
        for path in self._state.written.keys() - files.keys():
            if path not in edited:  # left the source; nobody worked on it
                (self.folder / DAGS / path).unlink(missing_ok=True)
                changed += 1
            del self._state.written[path]
        state = json.dumps({"written": dict(sorted(self._state.written.items()))}, indent=1)
        return changed + self.write(STATE, state.encode() + b"\n")

    def write_or_remove(self, path: str, data: bytes) -> bool:
        """Write one file, or remove what an earlier run wrote if there is nothing to write."""
        if data:
            return self.write(path, data)
        file = self.folder / path
        file.unlink(missing_ok=True)
        return False

    def write(self, path: str, data: bytes, *, mode: int = 0o644) -> bool:
        """Write one file as a whole if its content differs, and say whether it did."""
        file = self.folder / path
        if not file.resolve().is_relative_to(self.folder.resolve()):
            raise TargetError(f"{file} leads out of the target; remove the link and run again")
        if file.is_file() and file.read_bytes() == data:
            return False
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        Path(name).chmod(mode)
        Path(name).replace(file)
        return True


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
