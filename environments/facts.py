"""What Azure offers: regions and sizes, as far as the model has to know them.

Sources, on learn.microsoft.com: "List of Azure regions", "Azure Database for PostgreSQL compute
options", "Virtual machine sizes". A value missing here is a one-line change.
"""

import re
from itertools import product
from typing import NamedTuple


class Region(NamedTuple):
    """An Azure region: whether it has availability zones, and the region it is paired with."""

    zones: bool
    pair: str | None


REGIONS = {
    "australiaeast": Region(True, "australiasoutheast"),
    "australiasoutheast": Region(False, "australiaeast"),
    "austriaeast": Region(True, None),
    "belgiumcentral": Region(True, None),
    "brazilsouth": Region(True, "southcentralus"),
    "canadacentral": Region(True, "canadaeast"),
    "canadaeast": Region(False, "canadacentral"),
    "centralindia": Region(True, "southindia"),
    "centralus": Region(True, "eastus2"),
    "eastasia": Region(True, "southeastasia"),
    "eastus": Region(True, "westus"),
    "eastus2": Region(True, "centralus"),
    "francecentral": Region(True, "francesouth"),
    "germanywestcentral": Region(True, "germanynorth"),
    "israelcentral": Region(True, None),
    "italynorth": Region(True, None),
    "japaneast": Region(True, "japanwest"),
    "japanwest": Region(True, "japaneast"),
    "koreacentral": Region(True, "koreasouth"),
    "mexicocentral": Region(True, None),
    "newzealandnorth": Region(True, None),
    "northcentralus": Region(False, "southcentralus"),
    "northeurope": Region(True, "westeurope"),
    "norwayeast": Region(True, "norwaywest"),
    "polandcentral": Region(True, None),
    "qatarcentral": Region(True, None),
    "southafricanorth": Region(True, "southafricawest"),
    "southcentralus": Region(True, "northcentralus"),
    "southeastasia": Region(True, "eastasia"),
    "spaincentral": Region(True, None),
    "swedencentral": Region(True, "swedensouth"),
    "switzerlandnorth": Region(True, "switzerlandwest"),
    "uaenorth": Region(True, "uaecentral"),
    "uksouth": Region(True, "ukwest"),
    "ukwest": Region(False, "uksouth"),
    "westcentralus": Region(False, "westus2"),
    "westeurope": Region(True, "northeurope"),
    "westus": Region(False, "eastus"),
    "westus2": Region(True, "westcentralus"),
    "westus3": Region(True, "eastus"),
}

_SERVER_CORES = {  # v4 ends at 64; only Intel's memory optimized ones have 20
    ("GP", "D", "ds_v4"): (2, 4, 8, 16, 32, 48, 64),
    ("GP", "D", "ds_v5"): (2, 4, 8, 16, 32, 48, 64, 96),
    ("GP", "D", "ads_v5"): (2, 4, 8, 16, 32, 48, 64, 96),
    ("MO", "E", "ds_v4"): (2, 4, 8, 16, 20, 32, 48, 64),
    ("MO", "E", "ds_v5"): (2, 4, 8, 16, 20, 32, 48, 64, 96),
    ("MO", "E", "ads_v5"): (2, 4, 8, 16, 32, 48, 64, 96),
}
POSTGRES_SKUS = frozenset(
    [f"B_Standard_{size}" for size in ("B1ms", "B2s", "B2ms", "B4ms", "B8ms", "B12ms", "B16ms")]
    + [
        f"{tier}_Standard_{letter}{count}{kind}"
        for (tier, letter, kind), counts in _SERVER_CORES.items()
        for count in counts
    ]
)
# The largest disk lacks one GiB of 32 TiB
POSTGRES_STORAGE_GIB = (*(32 * 2**step for step in range(10)), 32767)

_VM_CORES = (2, 4, 8, 16, 32, 48, 64, 96)
VM_SIZES = frozenset(
    f"Standard_{letter}{cores}{kind}"
    for letter, cores, kind in product(
        "DE",
        _VM_CORES,
        ("s_v5", "ds_v5", "as_v5", "ads_v5", "s_v6", "ds_v6", "as_v6", "ads_v6"),
    )
) | frozenset(f"Standard_F{cores}s_v2" for cores in (2, 4, 8, 16, 32, 48, 64, 72))


# learn.microsoft.com: "Create an AKS cluster with API Server VNet Integration", region availability
WITHOUT_API_SERVER_INTEGRATION = frozenset({"qatarcentral"})


def has_local_disk(vm_size: str) -> bool:
    """Whether the size carries the temporary disk that an ephemeral OS disk is placed on."""
    kind = vm_size.removeprefix("Standard_")
    return kind.startswith("F") or "d" in kind.lower()[1:]


def local_disk_gib(vm_size: str) -> int:
    """Return how large an ephemeral OS disk of this size can be.

    It is placed on the temporary disk, on NVMe with v6, in the cache with F
    (learn.microsoft.com: "Ephemeral OS disks for Azure VMs").
    """
    kind = vm_size.removeprefix("Standard_")
    cores = int(re.findall(r"\d+", kind)[0])
    if kind.startswith("F"):
        return 16 * cores
    return cores * 55 if kind.endswith("v6") else cores * 75 // 2


def max_connections(postgres_sku: str) -> int:
    """Return how many connections a server of this SKU takes, unless its parameter is changed.

    It follows from the memory (learn.microsoft.com: "Limits in Azure Database for PostgreSQL").
    """
    tier, _, size = postgres_sku.split("_")[:3]
    cores = int("".join(filter(str.isdigit, size)))
    memory_gib = {"GP": 4, "MO": 8, "B": 4}[tier] * cores
    memory_gib = {"B1ms": 2, "B2s": 4}.get(size, memory_gib)
    return {2: 50, 4: 429, 8: 859, 16: 1718, 32: 3437}.get(memory_gib, 5000)
