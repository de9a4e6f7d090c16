"""Where the resources of a stack go."""

from dataclasses import dataclass
from typing import NamedTuple, TypedDict

from constructs_lib.naming import Names


class At(TypedDict):
    """The two arguments that nearly every Azure resource takes."""

    resource_group_name: str
    location: str


@dataclass(frozen=True, kw_only=True)
class Place:
    """The resource group, the region, the names of what is put there, and whether it is protected.

    `resource_group_name` is a reference to the group: whatever uses it waits for the group.
    `protect` guards what holds data against deletion.
    """

    names: Names
    resource_group_id: str
    resource_group_name: str
    location: str
    protect: bool

    @property
    def at(self) -> At:
        """The arguments that put a resource here, to be unpacked into its call."""
        return {"resource_group_name": self.resource_group_name, "location": self.location}


class PrivateLink(NamedTuple):
    """Where an endpoint gets its address, and the private DNS zone that gets its record.

    `dns_zone_id` is None where an Azure Policy of the company writes the record.
    """

    subnet_id: str
    dns_zone_id: str | None
