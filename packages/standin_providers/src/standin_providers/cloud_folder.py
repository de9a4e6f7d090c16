"""The folder that plays Azure: one JSON file per resource, by type and id.

Delete a file, and the resource is gone behind Terraform's back; edit it, and it has drifted.
Hidden folders beside the types hold what is not a resource: soft-deleted vaults, and what data
sources assumed to exist outside the stacks.
"""

import fcntl
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Values = dict[str, Any]


class UnreadableResourceError(Exception):
    """A file of the cloud folder is not a JSON object with an id."""


@dataclass(frozen=True, slots=True)
class CloudFolder:
    """What exists, shared by every provider process; write under `locked`."""

    folder: Path

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the only right to change what exists, across threads and processes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            yield

    @property
    def soft_deleted(self) -> "CloudFolder":
        """What was deleted, and still reserves its name."""
        return CloudFolder(self.folder / ".soft_deleted")

    @property
    def assumed(self) -> "CloudFolder":
        """What data sources took to exist outside the stacks."""
        return CloudFolder(self.folder / ".assumed")

    def types(self) -> list[str]:
        """The types that exist or once existed here."""
        if not self.folder.is_dir():
            return []
        return sorted(f.name for f in self.folder.iterdir() if f.is_dir() and f.name[0] != ".")

    def path(self, type_: str, id_: str) -> Path:
        """Return the file of a resource; ids of Azure do not tell upper from lower case."""
        name = re.sub(r"[^\w.-]+", "_", id_.rstrip("/").rsplit("/", 1)[-1])[:60]
        digest = hashlib.sha256(id_.lower().encode()).hexdigest()[:8]
        return self.folder / type_ / f"{name.lower()}.{digest}.json"

    def find(self, type_: str, id_: str) -> Values | None:
        """Return what exists under the id.

        Raises:
            UnreadableResourceError: somebody wrote something else into the file.
        """
        return _read(self.path(type_, id_))

    def all(self, *types: str) -> list[Values]:
        """Return every resource of the types; of all types, if none is given."""
        files = [f for t in types or self.types() for f in (self.folder / t).glob("*.json")]
        return [values for file in sorted(files) if (values := _read(file)) is not None]

    def put(self, type_: str, id_: str, values: Values) -> None:
        """Write the resource, whole or not at all."""
        path = self.path(type_, id_)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(values, indent=1, sort_keys=True, default=bytes.decode)
        descriptor, draft = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with open(descriptor, "w") as file:
                file.write(text)
            os.replace(draft, path)
        except OSError:  # the disk is full: leave nothing behind
            os.unlink(draft)
            raise

    def remove(self, type_: str, id_: str) -> None:
        """Forget the resource; its type's folder stays as a sign that the type was used."""
        self.path(type_, id_).unlink(missing_ok=True)


def _read(path: Path) -> Values | None:
    try:
        values = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UnreadableResourceError(f"{path} is not JSON: {error}") from None
    if not isinstance(values, dict) or not isinstance(values.get("id"), str):
        raise UnreadableResourceError(f"{path} is not a JSON object with an id")
    return values
