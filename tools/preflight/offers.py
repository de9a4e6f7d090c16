"""What Azure offers: providers, features, sizes, zones, cores, servers."""

from collections import defaultdict
from collections.abc import Iterator

from conventions.faults import Fault
from tools.preflight.deployment import Deployment, Pool
from tools.preflight.reading import Azure, Document, NotThereError

GIB = 1 << 30
ENCRYPTION = "Microsoft.Features/providers/Microsoft.Compute/features/EncryptionAtHost"
_TIERS = {"B": "Burstable", "GP": "GeneralPurpose", "MO": "MemoryOptimized"}


def providers(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """Resource providers that are not registered: Azure refuses what they make."""
    told = azure.list(f"{deployment.subscription}/providers", "2021-04-01")
    states = {one["namespace"].lower(): one["registrationState"] for one in told}
    for name in deployment.providers:
        state = states.get(name.lower(), "NotRegistered")
        if state != "Registered":
            yield Fault(
                place="resource provider",
                key=name,
                problem=f"is {state}",
                allowed="Registered",
                fix=f"az provider register --namespace {name} --wait",
            )


def host_encryption(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """The feature without which Azure encrypts no disk on the host."""
    if not any(pool.encrypted for pool in deployment.pools):
        return
    path = f"{deployment.subscription}/providers/{ENCRYPTION}"
    state = azure.get(path, "2021-07-01")["properties"]["state"]
    if state != "Registered":
        yield Fault(
            place="feature",
            key="Microsoft.Compute/EncryptionAtHost",
            problem=f"is {state}",
            allowed="Registered",
            fix="az feature register --namespace Microsoft.Compute --name EncryptionAtHost; once "
            "it is, az provider register --namespace Microsoft.Compute",
        )


def sizes(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """Sizes and zones of machines that the region does not have, or not for this subscription."""
    known = _sizes(deployment, azure)
    for pool in deployment.pools:
        place, key = deployment.place, f"{pool.place}.vm_size = {pool.size}"
        size = known.get(pool.size)
        if size is None:
            yield Fault(
                place=place,
                key=key,
                problem=f"{deployment.env.location} has no machines of this size",
                allowed=_like(pool.size, known),
                fix="choose another size or region",
            )
            continue
        if closed := _restriction(size):
            yield Fault(
                place=place,
                key=key,
                problem=f"closed to this subscription in {deployment.env.location} ({closed})",
                allowed=_like(pool.size, known),
                fix="choose another size, or ask Azure to open it: portal, Help + support, "
                "Service and subscription limits",
            )
        yield from _zones(place, pool, size)
        yield from _abilities(place, pool, size)


def cores(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """Quotas that are smaller than the pools at their largest, during an upgrade."""
    known = _sizes(deployment, azure)
    location = f"locations/{deployment.env.location}"
    path = f"{deployment.subscription}/providers/Microsoft.Compute/{location}/usages"
    usages = {one["name"]["value"].lower(): one for one in azure.list(path, "2024-07-01")}
    wanted: dict[str, int] = defaultdict(int)
    holders: dict[str, list[str]] = defaultdict(list)
    for pool in deployment.pools:
        if pool.size not in known:
            continue
        count = pool.nodes * int(_able(known[pool.size], "vCPUs") or 0)
        families = ("lowPriorityCores",) if pool.spot else (known[pool.size]["family"], "cores")
        for family in families:
            wanted[family] += count
            holders[family].append(f"{pool.place} {pool.nodes} x {pool.size}")
    running = _deployed(deployment, azure)
    for family, count in wanted.items():
        usage = usages.get(family.lower())
        limit = usage["limit"] if usage else 0
        used = usage["currentValue"] if usage and not running else 0
        if used + count > limit:
            yield Fault(
                place=f"quota of {deployment.env.location}",
                key=family,
                problem=f"{count} cores are needed at most ({', '.join(holders[family])}), "
                f"{max(limit - used, 0)} of {limit} are free",
                allowed=f"a limit of {used + count} or more",
                fix="portal, Quotas, Compute: raise it; or lower max_nodes",
            )


def database(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """Servers of PostgreSQL that the region does not have, or not for this subscription."""
    base = f"{deployment.subscription}/providers/Microsoft.DBforPostgreSQL/locations"
    for server in deployment.all("azurerm_postgresql_flexible_server"):
        offered = azure.list(f"{base}/{deployment.env.location}/capabilities", "2024-08-01")
        offer: Document = offered[0] if offered else {}
        closed = offer.get("restricted") == "Enabled" or not offer.get("supportedServerEditions")
        if closed:
            yield Fault(
                place=deployment.place,
                key=f"location = {deployment.env.location}",
                problem="has no PostgreSQL servers for this subscription"
                + (f": {offer['reason']}" if offer.get("reason") else ""),
                fix="ask Azure to open it (portal, Help + support, Service and subscription "
                "limits), or choose another region",
            )
            continue
        tier, _, size = server["sku_name"].partition("_")
        skus = {
            sku["name"]
            for edition in offer["supportedServerEditions"]
            if edition["name"] == _TIERS.get(tier)
            for sku in edition["supportedServerSkus"]
        }
        if size not in skus:
            yield Fault(
                place=deployment.place,
                key=f"postgres.sku_name = {server['sku_name']}",
                problem=f"{deployment.env.location} has no such server",
                allowed=", ".join(f"{tier}_{name}" for name in sorted(skus)) or "none of this tier",
                fix="choose one of these, or another region",
            )
        versions = sorted(one["name"] for one in offer.get("supportedServerVersions", ()))
        if versions and server["version"] not in versions:
            yield Fault(
                place=deployment.place,
                key=f"postgres.version = {server['version']}",
                problem=f"{deployment.env.location} has no such version",
                allowed=", ".join(versions),
                fix="choose one of these",
            )
        redundant = (server.get("high_availability") or {}).get("mode") == "ZoneRedundant"
        if redundant and offer.get("zoneRedundantHaSupported") == "Disabled":
            yield Fault(
                place=deployment.place,
                key="postgres: high availability over zones",
                problem=f"{deployment.env.location} does not offer it to this subscription",
                fix="ask Azure to open it, or set the key to another mode",
            )


def watcher(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """The region's network watcher, which flow logs hang on; Azure makes it with a network."""
    for log in deployment.all("azurerm_network_watcher_flow_log"):
        group, name = log["resource_group_name"], log["network_watcher_name"]
        path = f"{deployment.subscription}/resourceGroups/{group}/providers/Microsoft.Network"
        try:
            azure.get(f"{path}/networkWatchers/{name}", "2024-05-01")
        except NotThereError:
            yield Fault(
                place=f"resource group {group}",
                key=name,
                problem="there is no network watcher of the region, and flow logs need it",
                fix=f"az network watcher configure --resource-group {group} --locations "
                f"{deployment.env.location} --enabled true",
            )


def _sizes(deployment: Deployment, azure: Azure) -> dict[str, Document]:
    found = azure.list(
        f"{deployment.subscription}/providers/Microsoft.Compute/skus",
        "2021-07-01",
        filter=f"location eq '{deployment.env.location}'",
    )
    return {one["name"]: one for one in found if one["resourceType"] == "virtualMachines"}


def _zones(place: str, pool: Pool, size: Document) -> Iterator[Fault]:
    offered = {zone for info in size.get("locationInfo", ()) for zone in info.get("zones", ())}
    closed = {
        zone
        for one in size.get("restrictions", ())
        if one["type"] == "Zone"
        for zone in one["restrictionInfo"].get("zones", ())
    }
    if missing := [zone for zone in pool.zones if zone not in offered - closed]:
        reason = " to this subscription" if closed & set(missing) else ""
        yield Fault(
            place=place,
            key=f"{pool.place}.zones = {list(pool.zones)}",
            problem=f"{pool.size} is not offered{reason} in zone {', '.join(missing)}",
            allowed=", ".join(sorted(offered - closed)) or "no zones",
            fix="leave these zones out, or choose another size",
        )


def _abilities(place: str, pool: Pool, size: Document) -> Iterator[Fault]:
    if pool.encrypted and _able(size, "EncryptionAtHostSupported") == "False":
        yield Fault(
            place=place,
            key=f"{pool.place}.vm_size = {pool.size}",
            problem="its hosts do not encrypt disks",
            fix="choose a size that supports encryption at host",
        )
    caches = (
        int(_able(size, "CachedDiskBytes") or 0) // GIB,
        int(_able(size, "MaxResourceVolumeMB") or 0) // 1024,
        int(_able(size, "NvmeDiskSizeInMiB") or 0) // 1024,
    )
    if pool.disk_gib > max(caches):
        yield Fault(
            place=place,
            key=f"{pool.place}.os_disk_gib = {pool.disk_gib}",
            problem=f"{pool.size} has room for {max(caches)} GiB on its own disks",
            allowed=f"at most {max(caches)}",
            fix="lower it, or choose a size with larger disks",
        )


def _able(size: Document, name: str) -> str:
    return next((c["value"] for c in size.get("capabilities", ()) if c["name"] == name), "")


def _restriction(size: Document) -> str:
    found = [one for one in size.get("restrictions", ()) if one["type"] == "Location"]
    return ", ".join(one["reasonCode"] for one in found)


def _like(size: str, known: dict[str, Document]) -> str:
    """Return the open sizes of the same letter and as many cores, at most five."""
    letter = size[: len("Standard_D")]
    count = "".join(filter(str.isdigit, size.split("_")[1]))
    similar = [
        name
        for name, one in known.items()
        if name.startswith(letter) and _able(one, "vCPUs") == count
        if not _restriction(one)
    ]
    return ", ".join(sorted(similar)[:5]) or "no similar size is open"


def _deployed(deployment: Deployment, azure: Azure) -> bool:
    """Whether the cluster is there already: then its own cores are among those in use."""
    kind = "Microsoft.ContainerService/managedClusters"
    there = azure.list(
        f"{deployment.subscription}/resources", "2021-04-01", filter=f"resourceType eq '{kind}'"
    )
    names = {one["name"] for one in deployment.all("azurerm_kubernetes_cluster")}
    return any(one["name"] in names for one in there)
