"""One request to the loopback Azure and its reply."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from azure_facts.refusals import Refusal

Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a provider asks."""

    method: str
    host: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case: Azure does not tell `API-Version` from `api-version`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""

    @property
    def document(self) -> Document:
        """The body as JSON."""
        found = json.loads(self.body or b"{}")
        if not isinstance(found, dict):
            raise RefusedError(400, "InvalidRequestContent", "the body is not a JSON object")
        return found

    def __str__(self) -> str:
        version = self.query.get("api-version", "none")
        return f"{self.method} https://{self.host}{self.path} (api-version {version})"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What the loopback Azure says."""

    status: int = 200
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


class RefusedError(Exception):
    """A refusal, in the form of Azure's own."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @classmethod
    def of(cls, refusal: Refusal, **values: object) -> Self:
        """Return one of Azure's own refusals."""
        return cls(refusal.status, refusal.code, refusal.message(**values))

    @property
    def reply(self) -> Reply:
        """The refusal as a reply."""
        error = {"code": self.code, "message": str(self)}
        return Reply(status=self.status, document={"error": error}, headers=self.headers)


def unknown(request: Request) -> RefusedError:
    """Return the refusal of what the loopback Azure has not been taught."""
    return RefusedError(
        501, "NotInLoopbackAzure", f"the loopback Azure has no answer to {request}; it needs a rule"
    )
