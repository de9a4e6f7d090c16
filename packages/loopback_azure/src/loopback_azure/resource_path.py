"""Paths of Azure Resource Manager: what a resource id says about its resource."""

from dataclasses import dataclass
from typing import Self

_CORE = "Microsoft.Resources"


@dataclass(frozen=True, kw_only=True)
class ResourcePath:
    """A path, read from its last `/providers/` on; a collection or an action has no last name."""

    path: str
    scope: str
    """What the resource lies in or extends; empty for a subscription."""
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @classmethod
    def parse(cls, path: str) -> Self:
        """Read a path; a subscription and a resource group are of Microsoft.Resources."""
        segments = path.strip("/").split("/")
        marks = [at for at, word in enumerate(segments[:-1]) if word.lower() == "providers"]
        if marks:
            scope, namespace = segments[: marks[-1]], segments[marks[-1] + 1]
            rest = segments[marks[-1] + 2 :]
        else:
            scope, namespace, rest = segments[:2], _CORE, segments[2:]
            if not rest:
                scope, rest = [], segments
        return cls(
            path="/".join(["", *segments]),
            scope="/".join(["", *scope]) if scope else "",
            namespace=namespace,
            types=tuple(rest[::2]),
            names=tuple(rest[1::2]),
        )

    @property
    def type(self) -> str:
        """For example `Microsoft.Network/virtualNetworks/subnets`."""
        return "/".join([self.namespace, *self.types])

    @property
    def is_resource(self) -> bool:
        """Whether the path names one resource."""
        return len(self.names) == len(self.types) > 0

    @property
    def name(self) -> str:
        """The resource's own name."""
        return self.names[-1]

    @property
    def parent(self) -> str:
        """The id of what must exist before this can; empty for a subscription."""
        return self.path.rsplit("/", 2)[0] if len(self.types) > 1 else self.scope

    @property
    def group(self) -> str:
        """The id of the resource group, or an empty text."""
        segments = self.path.split("/")
        inside = len(segments) > 4 and segments[3].lower() == "resourcegroups"
        return "/".join(segments[:5]) if inside else ""

    @property
    def subscription(self) -> str:
        """The subscription's GUID, or an empty text."""
        segments = self.path.split("/")
        return segments[2] if segments[1].lower() == "subscriptions" else ""
