"""Names that are one space for all of Azure: is each free, or ours already?"""

from collections.abc import Iterator

from conventions.faults import Fault
from tools.preflight.deployment import Deployment
from tools.preflight.reading import Azure

_CONTRIBUTOR = "Contributor on the subscription"
_CHECKS = {
    "Microsoft.ContainerRegistry/registries": ("2023-07-01", _CONTRIBUTOR),
    "Microsoft.KeyVault/vaults": ("2023-07-01", "Reader on the subscription"),
    "Microsoft.DBforPostgreSQL/flexibleServers": ("2024-08-01", _CONTRIBUTOR),
    "Microsoft.Storage/storageAccounts": ("2024-01-01", "Reader on the subscription"),
}


def names(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """Names that somebody else has."""
    for type_, name in deployment.names:
        namespace = type_.partition("/")[0]
        version, role = _CHECKS[type_]
        base = f"{deployment.subscription}/providers/{namespace}"
        if namespace == "Microsoft.DBforPostgreSQL":
            base = f"{base}/locations/{deployment.env.location}"
        asked = {"name": name, "type": type_}
        said = azure.check(f"{base}/checkNameAvailability", version, asked, role)
        if said["nameAvailable"] or _ours(deployment, azure, type_, name):
            continue
        yield Fault(
            place=type_,
            key=name,
            problem=f"{said.get('reason', 'is not free')}: {said.get('message', '')}".rstrip(": "),
            fix="find who has it; another name of the environment makes other names",
        )


def _ours(deployment: Deployment, azure: Azure, type_: str, name: str) -> bool:
    """Whether it is there in this subscription, or lies in its soft delete and is recovered."""
    there = azure.list(
        f"{deployment.subscription}/resources", "2021-04-01", filter=f"resourceType eq '{type_}'"
    )
    if type_ == "Microsoft.KeyVault/vaults":
        deleted = f"{deployment.subscription}/providers/Microsoft.KeyVault/deletedVaults"
        there = [*there, *azure.list(deleted, "2023-07-01")]
    return any(one["name"].lower() == name.lower() for one in there)
