"""What Terraform complains about, read from its machine-readable output (`-json`)."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from terraform_runner.errors import RunError

_LOCK = re.compile(r"^\s*(ID|Who|Created):\s+(\S.*?)\s*$", re.M)
_DECORATION = re.compile(r"\x1b\[[0-9;]*m|[╷│╵]")
_PROTECTED = ("Instance cannot be destroyed", "Resource instance cannot be destroyed")
"""What Terraform says, and OpenTofu."""
_EXISTS = re.compile(r"""(?:with the ID |resource with ID )"(?P<id>[^"]+)" already exists""")


@dataclass(frozen=True, kw_only=True)
class Diagnostic:
    """One of Terraform's errors, in its own words."""

    summary: str
    detail: str = ""
    address: str = ""

    @classmethod
    def of(cls, raw: dict[str, Any]) -> Self:
        """Read one diagnostic; a configuration error has no address, only the block it lies in."""
        place = raw.get("address") or (raw.get("snippet") or {}).get("context") or ""
        return cls(summary=raw["summary"], detail=raw.get("detail", "").strip(), address=place)

    def __str__(self) -> str:
        place = f" (in {self.address})" if self.address else ""
        return f"{self.summary}{place}" + (f": {self.detail}" if self.detail else "")

    @property
    def existing_id(self) -> str | None:
        """The id of an Azure resource that is there already, but not in the state."""
        found = _EXISTS.search(f"{self.summary}\n{self.detail}")
        return found["id"] if found else None

    @property
    def protected(self) -> str | None:
        """The address of a resource that `prevent_destroy` keeps."""
        if self.summary not in _PROTECTED:
            return None
        found = re.match(
            r"Resource (?:instance )?(\S+) has (?:lifecycle\.)?prevent_destroy set", self.detail
        )
        return found[1] if found else self.address

    @property
    def lock(self) -> dict[str, str]:
        """ID, Who and Created of the state lock that is in the way; empty if none is."""
        locked = self.summary.startswith("Error acquiring the state lock")
        return dict(_LOCK.findall(f"{self.summary}\n{self.detail}")) if locked else {}


class TerraformError(RunError):
    """Terraform refused; `diagnostics` says why."""

    def __init__(self, command: str, stack: str, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        told = "\n".join(str(diagnostic) for diagnostic in diagnostics)
        super().__init__(f"terraform {command} failed: {told}", stack=stack)

    @property
    def protected(self) -> tuple[str, ...]:
        """Addresses of the resources that `prevent_destroy` keeps."""
        return tuple(d.protected for d in self.diagnostics if d.protected)

    @property
    def existing(self) -> dict[str, str]:
        """Ids, by address, of resources that are in Azure already, but not in the state."""
        return {d.address: d.existing_id for d in self.diagnostics if d.existing_id}

    @property
    def lock(self) -> dict[str, str]:
        """ID, Who and Created of the state lock that is in the way; empty if none is."""
        return next((d.lock for d in self.diagnostics if d.lock), {})


def errors(stdout: str, stderr: str) -> list[Diagnostic]:
    """Return the errors in what a `-json` command printed, else its plain text on stderr."""
    raw = [record(line).get("diagnostic", {}) for line in stdout.splitlines()]
    raw += record(stdout).get("diagnostics", [])  # `validate` prints one object, no stream
    found = [Diagnostic.of(each) for each in raw if each.get("severity") == "error"]
    found = list(dict.fromkeys(found))  # a full disk is reported at every write
    return found or [Diagnostic(summary=_plain(stderr) or "it gave no reason")]


def _plain(text: str) -> str:
    """Strip colors and the frame that Terraform draws where a command has no `-json`."""
    lines = (_DECORATION.sub("", line).strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line).removeprefix("Error: ")


def record(text: str) -> dict[str, Any]:
    """Parse an object that Terraform printed; empty for whatever else stands there."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
