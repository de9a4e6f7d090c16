"""What a subscription offers before anything is made in it: the reads of a check in advance.

Shapes as in the REST reference on learn.microsoft.com: "Resource Skus - List", "Usage - List",
"Capabilities By Location - List", "Features - Get", "Check Name Availability", "Role Assignments -
List For Subscription".
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from loopback_azure.http_messages import Document, RefusedError, Reply, Request
from loopback_azure.store import Store

_GIB = 1 << 30
_FAMILIES = {  # letters of a size, with what a core brings of local disk, in GiB
    "D{}ds_v5": ("standardDDSv5Family", 37.5),
    "D{}ads_v5": ("standardDADSv5Family", 37.5),
    "E{}ds_v5": ("standardEDSv5Family", 37.5),
}
_CORES = (2, 4, 8, 16, 32, 48, 64, 96)
_ZONES = ["1", "2", "3"]
# learn.microsoft.com: "Azure built-in roles"; what they hold that a check asks for
_PERMISSIONS: dict[str, Document] = {
    "Contributor": {
        "actions": ["*"],
        "notActions": [
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ],
    },
    "Owner": {"actions": ["*"]},
    "Reader": {"actions": ["*/read"]},
    "Locks Contributor": {
        "actions": [f"Microsoft.Authorization/locks/{verb}" for verb in ("read", "write", "delete")]
    },
    "Resource Policy Contributor": {
        "actions": ["*/read", "Microsoft.Authorization/policyassignments/*"]
    },
    "Role Based Access Control Administrator": {
        "actions": [
            "Microsoft.Authorization/roleAssignments/write",
            "Microsoft.Authorization/roleAssignments/delete",
            "*/read",
        ]
    },
    "Storage Blob Data Contributor": {
        "actions": ["Microsoft.Storage/storageAccounts/blobServices/containers/read"],
        "dataActions": [
            f"Microsoft.Storage/storageAccounts/blobServices/containers/blobs/{verb}"
            for verb in ("delete", "read", "write", "move/action", "add/action")
        ],
    },
}
ROLES_OF_DEPLOYERS = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Locks Contributor": "28bf596f-4eb7-45ce-b5bc-6cf482fec137",
    "Resource Policy Contributor": "36243c78-bf99-498c-9df9-86d9f8d28608",
    "Role Based Access Control Administrator": "f58310d9-a9f6-439a-9e8d-f62e7b41a168",
}
"""Ids of built-in roles that the stacks give to nobody."""


def _sizes() -> dict[str, Document]:
    return {
        name: _size(name, family, cores, int(cores * disk))
        for pattern, (family, disk) in _FAMILIES.items()
        for cores in _CORES
        for name in [f"Standard_{pattern.format(cores)}"]
    }


@dataclass(kw_only=True)
class Offers:
    """What a subscription lacks; by default nothing."""

    unregistered: set[str] = field(default_factory=set)
    """Resource providers that are not registered, as `Microsoft.Compute`."""
    features_off: set[str] = field(default_factory=set)
    """Features that are not registered, as `Microsoft.Compute/EncryptionAtHost`."""
    limits: dict[str, int] = field(default_factory=dict)
    """Most cores by family of sizes, `cores` and `lowPriorityCores`; 1,000 where none is given."""
    used: dict[str, int] = field(default_factory=dict)
    """Cores in use, by the same names; 0 where none are given."""
    sizes: dict[str, Document] = field(default_factory=_sizes)
    """Machine sizes by name, as "Resource Skus - List" describes them."""
    taken: set[str] = field(default_factory=set)
    """Names that somebody else has."""
    database_closed: str = ""
    """Why the region has no PostgreSQL for the subscription."""
    forbidden: set[str] = field(default_factory=set)
    """Ends of paths that the caller may not read."""

    def refuse(self, request: Request) -> None:
        """Refuse what the caller may not read.

        Raises:
            RefusedError: as Resource Manager and Graph say it.
        """
        if any(request.path.lower().endswith(end.lower()) for end in self.forbidden):
            raise RefusedError(
                403,
                "AuthorizationFailed",
                f"The client does not have authorization to perform action over {request.path}.",
            )

    def availability(self, asked: Document, store: Store) -> Reply:
        """Tell whether a name is free: of the store's resources, and of other people's."""
        name, type_ = asked["name"].lower(), asked["type"]
        ours = any(one["name"].lower() == name for one in store.of_type(type_))
        said = {"reason": "AlreadyExists", "message": f"the name {asked['name']} is in use"}
        taken = ours or name in self.taken
        return Reply(document={"nameAvailable": not taken, **(said if taken else {})})

    def reply(self, request: Request) -> Reply | None:
        """Answer what is asked of a region or of features; None if it is something else."""
        words = [word.lower() for word in request.path.strip("/").split("/")]
        match words[2:]:
            case ["providers", "microsoft.compute", "skus"]:
                return Reply(document={"value": list(self.sizes.values())})
            case ["providers", "microsoft.compute", "locations", _, "usages"]:
                return Reply(document={"value": list(self._usages())})
            case ["providers", "microsoft.dbforpostgresql", "locations", _, "capabilities"]:
                return Reply(document={"value": [self._database()]})
            case ["providers", "microsoft.features", "providers", namespace, "features", name]:
                off = f"{namespace}/{name}" in {one.lower() for one in self.features_off}
                state = {"state": "NotRegistered" if off else "Registered"}
                return Reply(document={"id": request.path, "name": name, "properties": state})
        return None

    def _usages(self) -> Iterator[Document]:
        families = {size["family"] for size in self.sizes.values()}
        for name in sorted({*families, "cores", "lowPriorityCores"}):
            yield {
                "name": {"value": name, "localizedValue": name},
                "unit": "Count",
                "currentValue": self.used.get(name, 0),
                "limit": self.limits.get(name, 1000),
            }

    def _database(self) -> Document:
        if self.database_closed:
            return {"name": "FlexibleServerCapabilities", "restricted": "Enabled"} | {
                "reason": self.database_closed
            }
        general = [f"Standard_D{cores}ds_v5" for cores in _CORES]
        memory = [f"Standard_E{cores}ds_v5" for cores in _CORES]
        burstable = [f"Standard_B{size}" for size in ("1ms", "2s", "2ms", "4ms")]
        return {
            "name": "FlexibleServerCapabilities",
            "restricted": "Disabled",
            "zoneRedundantHaSupported": "Enabled",
            "geoBackupSupported": "Enabled",
            "supportedServerEditions": [
                {"name": name, "supportedServerSkus": [{"name": size} for size in sizes]}
                for name, sizes in (
                    ("Burstable", burstable),
                    ("GeneralPurpose", general),
                    ("MemoryOptimized", memory),
                )
            ],
            "supportedServerVersions": [{"name": str(major)} for major in range(11, 19)],
        }


def permissions(role: str) -> list[Document]:
    """Return what a built-in role holds; empty for those that only the stacks give."""
    empty: Document = {"actions": [], "notActions": [], "dataActions": [], "notDataActions": []}
    return [{**empty, **_PERMISSIONS[role]}] if role in _PERMISSIONS else []


def assigned_to(request: Request, store: Store) -> Reply | None:
    """List the role assignments of one principal; None if the request names no principal."""
    wanted = request.query.get("$filter", "")
    if not wanted.startswith("assignedTo("):
        return None
    who = wanted.partition("'")[2].partition("'")[0].lower()
    found = store.of_type("Microsoft.Authorization/roleAssignments")
    own = [one for one in found if one["properties"]["principalId"].lower() == who]
    return Reply(document={"value": own})


def _size(name: str, family: str, cores: int, disk_gib: int) -> Document:
    able = {
        "vCPUs": cores,
        "MaxResourceVolumeMB": disk_gib * 1024,
        "CachedDiskBytes": cores * 25 * _GIB,
        "EncryptionAtHostSupported": True,
        "EphemeralOSDiskSupported": True,
    }
    return {
        "resourceType": "virtualMachines",
        "name": name,
        "family": family,
        "size": name.removeprefix("Standard_"),
        "tier": "Standard",
        "locations": ["westeurope"],
        "locationInfo": [{"location": "westeurope", "zones": _ZONES, "zoneDetails": []}],
        "capabilities": [{"name": key, "value": str(value)} for key, value in able.items()],
        "restrictions": [],
    }
