"""Who reaches a data plane: nobody, once its public access is off and no endpoint is there.

And nobody whose role is too new: Azure takes minutes until a role counts.
"""

import time

from loopback_azure.http_messages import RefusedError
from loopback_azure.store import Store


def check_reachable(name: str, subresource: str, type_: str, store: Store) -> None:
    """Refuse a call to a private resource that comes before its private endpoint.

    Raises:
        RefusedError: as Azure's own firewalls say it, or that there is no such resource.
    """
    owners = [one for one in store.of_type(type_) if one["name"].lower() == name.lower()]
    if not owners:
        raise RefusedError(404, "NoSuchHost", f"there is no {type_} of the name {name}")
    owner = owners[0]
    if owner["properties"].get("publicNetworkAccess", "Enabled").lower() == "enabled":
        return
    for endpoint in store.of_type("Microsoft.Network/privateEndpoints"):
        for connection in endpoint["properties"].get("privateLinkServiceConnections", ()):
            asked = connection["properties"]
            here = asked["privateLinkServiceId"].lower() == owner["id"].lower()
            if here and subresource in asked.get("groupIds", ()):
                return
    raise RefusedError(
        403,
        "ForbiddenByConnection",
        f"public network access of {owner['id']} is off and no private endpoint leads to its "
        f"{subresource}",
    )


def check_granted(name: str, type_: str, store: Store, late: float) -> None:
    """Refuse a call to a vault on which no role is `late` seconds old; with 0 none is needed.

    Whose role it is does not count: the deployer's go to the pipeline's identity, which the
    loopback's own client is not.

    Raises:
        RefusedError: as Key Vault says it (learn.microsoft.com: "Azure role-based access control
            in Key Vault").
    """
    if not late:
        return
    owner = next(one for one in store.of_type(type_) if one["name"].lower() == name.lower())
    own = f"{owner['id'].lower()}/"
    for role in store.of_type("Microsoft.Authorization/roleAssignments"):
        given = role["properties"]
        above = own.startswith(f"{given['scope'].lower()}/")
        if above and time.time() - given["createdSeconds"] >= late:
            return
    raise RefusedError(
        403,
        "Forbidden",
        f"Caller is not authorized to perform action on resource {owner['id']}: ForbiddenByRbac; "
        f"no role on it is {late:g} seconds old",
    )
