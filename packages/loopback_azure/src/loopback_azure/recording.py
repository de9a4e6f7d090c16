"""What Resource Manager was asked to write, one JSON object per line, to check the bodies by."""

import json
from pathlib import Path

from loopback_azure.http_messages import Request
from loopback_azure.resource_path import ResourcePath

FILE = "requests.jsonl"
"""The recording's name in the folder of a loopback Azure."""
_WRITES = ("PUT", "PATCH")


class Recording:
    """A file that grows by a line for each PUT and PATCH, refused ones and secrets included."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def note(self, request: Request, address: ResourcePath) -> None:
        """Write down what is asked of a resource, before anybody answers."""
        if request.method not in _WRITES or not address.is_resource:
            return
        line = {
            "method": request.method,
            "type": address.type,
            "version": request.query.get("api-version", ""),
            "id": address.path,
            "body": request.document,
        }
        with self._file.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line, separators=(',', ':'))}\n")
