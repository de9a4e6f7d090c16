"""Reads Azure by its REST interfaces: Resource Manager, and Microsoft Graph."""

import logging
import os
from collections.abc import Mapping
from typing import Any

from azure.core import PipelineClient
from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy
from azure.core.rest import HttpRequest
from azure.identity import AzureCliCredential, ClientSecretCredential

from conventions.faults import Fault, FaultError

MANAGER = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
READER = "Reader on the subscription"
Document = Mapping[str, Any]
logging.getLogger("azure").addHandler(logging.NullHandler())  # what it warns of is raised, too


class NoAnswerError(FaultError):
    """Azure cannot be asked at all: nobody is signed in, or no way leads to it."""


class UnreadError(Exception):
    """Azure does not let the caller read something; `role` would."""

    def __init__(self, path: str, said: str, role: str) -> None:
        super().__init__(f"{path}: {said}")
        self.role = role


class NotThereError(Exception):
    """What was asked for does not exist."""


class Azure:
    """Asks as whoever is signed in, and again where Azure is busy; it only reads.

    Two of its calls are a POST (is a name free), as Azure wants it; they write nothing.
    """

    def __init__(self, credential: TokenCredential) -> None:
        self._clients = {base: _client(base, credential) for base in (MANAGER, GRAPH)}
        self._read: dict[tuple[str, tuple[tuple[str, str], ...]], Document] = {}

    @classmethod
    def signed_in(cls, tenant: str) -> "Azure":
        """Sign in with Terraform's variables of a client secret, else as `az login` has done."""
        client, secret = os.environ.get("ARM_CLIENT_ID"), os.environ.get("ARM_CLIENT_SECRET")
        if client and secret:
            return cls(
                ClientSecretCredential(tenant, client, secret, disable_instance_discovery=True)
            )
        return cls(AzureCliCredential(tenant_id=tenant))

    def get(self, path: str, version: str = "", role: str = READER, **query: str) -> Document:
        """Return what lies at a path of Resource Manager, or of Graph where no version is given.

        Asked once: several checks read the same lists, and the one of sizes is large.

        Raises:
            NotThereError: nothing lies there.
            UnreadError: the caller may not read it.
            NoAnswerError: nobody is signed in, or Azure cannot be reached.
        """
        asked = _query(version, query)
        key = (path, tuple(asked.items()))
        if key not in self._read:
            self._read[key] = self._ask("GET", path, asked, role)
        return self._read[key]

    def list(
        self, path: str, version: str = "", role: str = READER, **query: str
    ) -> list[Document]:
        """Return all pages of a list; raises as `get` does."""
        page = self.get(path, version, role, **query)
        found = list(page["value"])
        while link := page.get("nextLink") or page.get("@odata.nextLink"):
            page = self.get(link, role=role)
            found += page["value"]
        return found

    def check(self, path: str, version: str, body: Document, role: str = READER) -> Document:
        """Return what Azure says of something that would be made; raises as `get` does."""
        return self._ask("POST", path, _query(version, {}), role, body)

    def _ask(
        self, method: str, path: str, query: Document, role: str, body: Document | None = None
    ) -> Document:
        base = GRAPH if path.startswith(("/v1.0/", GRAPH)) else MANAGER
        url = path if path.startswith("https://") else f"{base}{path}"
        request = HttpRequest(method, url, params=query, json=body)
        try:
            answer = self._clients[base].send_request(request)
            document = answer.json() if answer.content else {}
        except ClientAuthenticationError as error:
            raise NoAnswerError([_not_signed_in(str(error))]) from None
        except (AzureError, ValueError) as error:
            fault = Fault(
                place=base,
                problem=f"gives no answer: {_first_line(str(error))}",
                fix="check the way to it: proxy (HTTPS_PROXY), the company's authority "
                "(REQUESTS_CA_BUNDLE), firewall",
            )
            raise NoAnswerError([fault]) from None
        if answer.status_code < 300:
            found: Document = document
            return found
        refused = document.get("error") or {}
        said = f"{refused.get('code', answer.status_code)}: {refused.get('message', '')}"
        if answer.status_code == 404:
            raise NotThereError(f"{path}: {said}")
        raise UnreadError(path, said, role)


def _client(base: str, credential: TokenCredential) -> PipelineClient:  # type: ignore[type-arg] # generic in its stubs only
    sign = BearerTokenCredentialPolicy(credential, f"{base}/.default")
    return PipelineClient(base, policies=[RetryPolicy(retry_total=4, retry_backoff_max=30), sign])


def _query(version: str, query: Mapping[str, str]) -> dict[str, str]:
    """Return a query; a keyword cannot begin with OData's `$`."""
    named = {f"${name}": value for name, value in query.items()}
    return {"api-version": version, **named} if version else named


def _not_signed_in(said: str) -> Fault:
    return Fault(
        place="sign-in",
        problem=_first_line(said),
        allowed="az login, or ARM_CLIENT_ID and ARM_CLIENT_SECRET",
        fix="az login --tenant <tenant_id of the environment file>; where no way leads there, "
        "set HTTPS_PROXY, and REQUESTS_CA_BUNDLE for a company's own authority",
    )


def _first_line(text: str) -> str:
    return (text.strip() or "no reason was given").splitlines()[0]
