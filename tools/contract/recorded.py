"""Recorded requests: what a rehearsal on the loopback Azure has sent."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from terraform_runner.errors import BadInputError

BELOW = Path("cloud") / ".azure" / "requests.jsonl"
"""Where a rehearsal that is kept leaves the recording of an environment."""


@dataclass(frozen=True, kw_only=True)
class RecordedRequest:
    """One PUT or PATCH."""

    method: str
    type: str
    """For example `Microsoft.Network/virtualNetworks/subnets`, as it was sent."""
    version: str
    """The version of the API, for example `2025-01-01`."""
    id: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """The resource's own name."""
        return self.id.rsplit("/", 1)[1]

    @property
    def api(self) -> str:
        """The namespace and the version, in lower case: types of both lie together."""
        return f"{self.type.partition('/')[0]}@{self.version}".lower()


def read(files: Iterable[Path]) -> list[RecordedRequest]:
    """Read recordings, one JSON object a line.

    Raises:
        BadInputError: a file is not there, or not a recording, or holds nothing.
    """
    found = []
    for file in files:
        try:
            for line in file.read_text(encoding="utf-8").splitlines():
                found.append(_request(json.loads(line)))
        except (OSError, ValueError) as error:
            problem = f": {error.strerror}" if isinstance(error, OSError) else ""
            raise BadInputError(
                f"{file}: it is no recording of requests{problem}",
                allowed="a JSON object a line, with method, type, version, id and body",
                fix="name a requests.jsonl that a rehearsal with --loopback and --keep has left",
            ) from None
    if not found:
        raise BadInputError("nothing was recorded", fix="rehearse with --loopback and --keep")
    return found


def _request(given: Any) -> RecordedRequest:
    fields = set(RecordedRequest.__dataclass_fields__)
    if not isinstance(given, dict) or set(given) != fields:
        raise ValueError
    if not isinstance(given["body"], dict) or "/" not in str(given["id"]):
        raise ValueError
    return RecordedRequest(**given)
