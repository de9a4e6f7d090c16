"""Everything that exists in the loopback Azure, by id; ids are compared as Azure does it."""

import copy
import json
import threading
from collections.abc import Iterator
from pathlib import Path

from loopback_azure.http_messages import Document
from loopback_azure.resource_path import ResourcePath


class Store:
    """Documents by id, without regard to case; what comes out is a copy."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        """Held over a whole request: Terraform asks ten things at once."""
        self._documents: dict[str, Document] = {}

    def get(self, resource_id: str) -> Document | None:
        """Return the document of an id; None if there is none."""
        return copy.deepcopy(self._documents.get(resource_id.lower()))

    def put(self, resource_id: str, document: Document) -> None:
        """Keep a document under an id, in place of an earlier one."""
        self._documents[resource_id.lower()] = copy.deepcopy(document)

    def delete(self, resource_id: str) -> None:
        """Remove the document of an id, and everything below the id."""
        key = resource_id.lower()
        for other in [k for k in self._documents if k == key or k.startswith(f"{key}/")]:
            del self._documents[other]

    def under(self, prefix: str) -> Iterator[Document]:
        """Yield what lies below an id, at any depth, in the order of the ids."""
        start = f"{prefix.rstrip('/')}/".lower()
        for key in sorted(self._documents):
            if key.startswith(start):
                yield copy.deepcopy(self._documents[key])

    def of_type(self, type_: str, prefix: str = "") -> list[Document]:
        """Return the resources of a type below an id."""
        wanted = type_.lower()
        found = self.under(prefix)
        return [one for one in found if ResourcePath.parse(one["id"]).type.lower() == wanted]

    def save(self, file: Path) -> None:
        """Write all documents into a file."""
        file.write_text(json.dumps(self._documents, indent=1, sort_keys=True), encoding="utf-8")

    def load(self, file: Path) -> None:
        """Read the documents of `save`; a file that is not there changes nothing."""
        if file.exists():
            self._documents = json.loads(file.read_text(encoding="utf-8"))
