"""Where the resources of a stack go."""

from dataclasses import dataclass

from constructs_lib.naming import Names


@dataclass(frozen=True, kw_only=True)
class Place:
    """The resource group, the region, and the names of what is put there.

    `resource_group_name` is a reference to the group: whatever uses it waits for the group.
    """

    names: Names
    resource_group_id: str
    resource_group_name: str
    location: str

    @property
    def at(self) -> dict[str, str]:
        """The two arguments that nearly every Azure resource takes."""
        return {"resource_group_name": self.resource_group_name, "location": self.location}
