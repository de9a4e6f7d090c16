"""Checks recorded requests, and says what was found."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tools.contract.body_check import BodyCheck, Finding, Kind, Types
from tools.contract.recorded import RecordedRequest
from tools.contract.type_files import TypeFiles

ACCEPTED = Path(__file__).with_name("accepted.toml")


@dataclass(frozen=True)
class Answer:
    """A finding, and the requests that it was found in."""

    type: str
    version: str
    finding: Finding
    names: Sequence[str]

    def __str__(self) -> str:
        more = f" and {len(self.names) - 1} more" if len(self.names) > 1 else ""
        return (
            f"{self.type} {self.names[0]}{more} (API {self.version}): "
            f"{self.finding.path} {self.finding.problem}"
        )


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a check of requests has found."""

    requests: int
    types: int
    faults: Sequence[Answer]
    accepted: Sequence[Answer]
    """Values beside Microsoft's lists that accepted.toml knows."""
    ignored: Sequence[Answer]
    """What was sent though Azure computes it."""


def judge(requests: Sequence[RecordedRequest], files: TypeFiles) -> Verdict:
    """Hold requests to Microsoft's types.

    Raises:
        BadInputError: types cannot be had.
    """
    kinds = _Types(files)
    met: dict[tuple[str, str, Finding], Counter[str]] = {}
    for request in requests:
        for finding in _findings(request, kinds):
            key = (request.type, request.version, finding)
            met.setdefault(key, Counter())[request.name] += 1
    answers = [Answer(t, v, finding, tuple(names)) for (t, v, finding), names in met.items()]
    known = [a for a in answers if a.finding.kind is Kind.UNLISTED and _is_accepted(a)]
    return Verdict(
        requests=len(requests),
        types=len({(r.type.lower(), r.version) for r in requests}),
        faults=[a for a in answers if a.finding.kind is not Kind.IGNORED and a not in known],
        accepted=known,
        ignored=[a for a in answers if a.finding.kind is Kind.IGNORED],
    )


class _Types:
    """Finds a resource type among the files of its API."""

    def __init__(self, files: TypeFiles) -> None:
        self._of = cache(files.of)

    def find(self, request: RecordedRequest) -> tuple[Types, dict[str, Any]] | None:
        wanted = f"{request.type}@{request.version}".lower()
        for types in self._of(request.api):
            for one in types:
                if one["$type"] == "ResourceType" and one["name"].lower() == wanted:
                    return types, one["body"]
        return None


def _findings(request: RecordedRequest, kinds: _Types) -> Iterator[Finding]:
    found = kinds.find(request)
    if found is None:
        yield Finding(
            Kind.FAULT,
            "the type",
            "is not among Microsoft's types of this version; if the provider is newer than the "
            "pins, write them again: python -m tools.contract pin",
        )
        return
    types, body = found
    # the name stands in the address; Bicep's types have it in the body
    sent = {**request.body, "name": request.name}
    yield from BodyCheck(types, complete=request.method == "PUT").check(body, sent)


@cache
def _accepted() -> Sequence[dict[str, str]]:
    found: Sequence[dict[str, str]] = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))["values"]
    return found


def _is_accepted(answer: Answer) -> bool:
    return any(
        one["type"].lower() == answer.type.lower()
        and one["path"] == answer.finding.path
        and re.match(rf"is '(?:{one['value']})',", answer.finding.problem)
        for one in _accepted()
    )
