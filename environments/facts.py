"""What Azure offers: regions and sizes, as far as the model has to know them.

Sources, on learn.microsoft.com: "List of Azure regions", "Azure Database for PostgreSQL compute
options", "Virtual machine sizes". A value missing here is a one-line change.
"""

from typing import NamedTuple


class Region(NamedTuple):
    """An Azure region: whether it has availability zones, and the region it is paired with."""

    zones: bool
    pair: str | None


# Some are open only to subscriptions that Microsoft has let in: `make preflight` asks
REGIONS = {
    "australiacentral": Region(False, "australiacentral2"),
    "australiacentral2": Region(False, "australiacentral"),
    "australiaeast": Region(True, "australiasoutheast"),
    "australiasoutheast": Region(False, "australiaeast"),
    "austriaeast": Region(True, None),
    "belgiumcentral": Region(True, None),
    "brazilsouth": Region(True, "southcentralus"),
    "brazilsoutheast": Region(False, "brazilsouth"),
    "canadacentral": Region(True, "canadaeast"),
    "canadaeast": Region(False, "canadacentral"),
    "centralindia": Region(True, "southindia"),
    "centralus": Region(True, "eastus2"),
    "chilecentral": Region(True, None),
    "denmarkeast": Region(True, None),
    "eastasia": Region(True, "southeastasia"),
    "eastus": Region(True, "westus"),
    "eastus2": Region(True, "centralus"),
    "francecentral": Region(True, "francesouth"),
    "francesouth": Region(False, "francecentral"),
    "germanynorth": Region(False, "germanywestcentral"),
    "germanywestcentral": Region(True, "germanynorth"),
    "indonesiacentral": Region(True, None),
    "israelcentral": Region(True, None),
    "italynorth": Region(True, None),
    "japaneast": Region(True, "japanwest"),
    "japanwest": Region(True, "japaneast"),
    "jioindiacentral": Region(False, "jioindiawest"),
    "jioindiawest": Region(False, "jioindiacentral"),
    "koreacentral": Region(True, "koreasouth"),
    "koreasouth": Region(False, "koreacentral"),
    "malaysiawest": Region(True, None),
    "mexicocentral": Region(True, None),
    "newzealandnorth": Region(True, None),
    "northcentralus": Region(False, "southcentralus"),
    "northeurope": Region(True, "westeurope"),
    "norwayeast": Region(True, "norwaywest"),
    "norwaywest": Region(False, "norwayeast"),
    "polandcentral": Region(True, None),
    "qatarcentral": Region(True, None),
    "southafricanorth": Region(True, "southafricawest"),
    "southafricawest": Region(False, "southafricanorth"),
    "southcentralus": Region(True, "northcentralus"),
    "southeastasia": Region(True, "eastasia"),
    "southindia": Region(False, "centralindia"),
    "spaincentral": Region(True, None),
    "swedencentral": Region(True, "swedensouth"),
    "switzerlandnorth": Region(True, "switzerlandwest"),
    "switzerlandwest": Region(False, "switzerlandnorth"),
    "uaecentral": Region(False, "uaenorth"),
    "uaenorth": Region(True, "uaecentral"),
    "uksouth": Region(True, "ukwest"),
    "ukwest": Region(False, "uksouth"),
    "westcentralus": Region(False, "westus2"),
    "westeurope": Region(True, "northeurope"),
    "westindia": Region(False, "southindia"),
    "westus": Region(False, "eastus"),
    "westus2": Region(True, "westcentralus"),
    "westus3": Region(True, "eastus"),
}

_SERVER_CORES = {  # v4 ends at 64; azurerm takes fewer v6 sizes than Azure has
    ("GP", "D", "ds_v4"): (2, 4, 8, 16, 32, 48, 64),
    ("GP", "D", "ds_v5"): (2, 4, 8, 16, 32, 48, 64, 96),
    ("GP", "D", "ads_v5"): (2, 4, 8, 16, 32, 48, 64, 96),
    ("GP", "D", "ds_v6"): (2, 4, 8, 16, 32, 48, 64, 96),
    ("MO", "E", "ds_v4"): (2, 4, 8, 16, 20, 32, 48, 64),
    ("MO", "E", "ds_v5"): (2, 4, 8, 16, 20, 32, 48, 64, 96),
    ("MO", "E", "ads_v5"): (2, 4, 8, 16, 32, 48, 64, 96),
    ("MO", "E", "ds_v6"): (2, 4, 8, 16, 32, 48, 64, 96),
}
_BURSTABLE_SERVERS = ("B1ms", "B2s", "B2ms", "B4ms", "B8ms", "B12ms", "B16ms", "B20ms")
POSTGRES_SKUS = frozenset(
    [f"B_Standard_{size}" for size in _BURSTABLE_SERVERS]
    + [
        f"{tier}_Standard_{letter}{count}{kind}"
        for (tier, letter, kind), counts in _SERVER_CORES.items()
        for count in counts
    ]
)
# learn.microsoft.com: "List of extensions and modules by name", Azure Database for PostgreSQL
POSTGRES_EXTENSIONS = frozenset(
    {
        "address_standardizer",
        "address_standardizer_data_us",
        "age",
        "amcheck",
        "anon",
        "azure_ai",
        "azure_storage",
        "bloom",
        "btree_gin",
        "btree_gist",
        "citext",
        "credcheck",
        "cube",
        "dblink",
        "dict_int",
        "dict_xsyn",
        "earthdistance",
        "fuzzystrmatch",
        "hll",
        "hstore",
        "hypopg",
        "intagg",
        "intarray",
        "ip4r",
        "isn",
        "lo",
        "login_hook",
        "ltree",
        "oracle_fdw",
        "orafce",
        "pageinspect",
        "pg_buffercache",
        "pg_cron",
        "pg_diskann",
        "pg_duckdb",
        "pg_freespacemap",
        "pg_hint_plan",
        "pg_ivm",
        "pg_partman",
        "pg_prewarm",
        "pg_repack",
        "pg_squeeze",
        "pg_stat_statements",
        "pg_trgm",
        "pg_visibility",
        "pgaudit",
        "pgcrypto",
        "pglogical",
        "pgrouting",
        "pgrowlocks",
        "pgstattuple",
        "plpgsql",
        "plv8",
        "postgis",
        "postgis_raster",
        "postgis_sfcgal",
        "postgis_tiger_geocoder",
        "postgis_topology",
        "postgres_fdw",
        "postgres_protobuf",
        "semver",
        "session_variable",
        "sslinfo",
        "tablefunc",
        "tdigest",
        "tds_fdw",
        "temporal_tables",
        "timescaledb",
        "topn",
        "tsm_system_rows",
        "tsm_system_time",
        "unaccent",
        "uuid-ossp",
        "vector",
    }
)
# The same page: what works only if the server loads its library at its start
PRELOADED_EXTENSIONS = frozenset(
    {
        "age",
        "anon",
        "azure_storage",
        "credcheck",
        "pg_cron",
        "pg_duckdb",
        "pg_hint_plan",
        "pg_ivm",
        "pg_prewarm",
        "pg_squeeze",
        "pg_stat_statements",
        "pgaudit",
        "pglogical",
        "timescaledb",
    }
)
# learn.microsoft.com: "Server parameters", shared_preload_libraries
PRELOADED_BY_AZURE = frozenset({"pg_cron", "pg_stat_statements"})
# The largest disk lacks one GiB of 32 TiB
POSTGRES_STORAGE_GIB = (*(32 * 2**step for step in range(10)), 32767)


class VmSize(NamedTuple):
    """A virtual machine size: its cores, its memory, and the largest OS disk on its own disk.

    An ephemeral OS disk lies on the temporary disk; with v6 on NVMe, with F and v3 in the cache
    (learn.microsoft.com: "Ephemeral OS disks for Azure VMs"). `local_disk_gib` is 0 where a size
    has none of these.
    """

    cores: int
    memory_gib: int
    local_disk_gib: int


_GENERAL, _LARGE = (2, 4, 8, 16, 32, 48, 64), (2, 4, 8, 16, 32, 48, 64, 96)
_BURSTABLE = {"s_v2": (2, 4, 8, 16, 32), "as_v2": (2, 4, 8, 16, 32), "ms": (2, 4, 8, 12, 16, 20)}
_MEMORY = {"D": 4, "E": 8}  # GiB a core: general purpose, memory optimized
_FAMILIES = {  # by ending: cores, and GiB of local disk a core
    "s_v3": (_GENERAL, 25.0),
    "s_v4": (_GENERAL, 0.0),
    "ds_v4": (_GENERAL, 37.5),
    **dict.fromkeys(("s_v5", "as_v5", "s_v6", "as_v6"), (_LARGE, 0.0)),
    **dict.fromkeys(("ds_v5", "ads_v5"), (_LARGE, 37.5)),
    **dict.fromkeys(("ds_v6", "ads_v6"), (_LARGE, 55.0)),
}
_LESS_MEMORY = {"E64s_v3": 432, "E64s_v4": 504, "E64ds_v4": 504} | dict.fromkeys(
    ("E96s_v5", "E96ds_v5", "E96as_v5", "E96ads_v5"), 672
)
_GPU = {  # learn.microsoft.com: "NCasT4_v3", "NC_A100_v4", "NCads_H100_v5" and "NVadsA10_v5" series
    "NC4as_T4_v3": VmSize(4, 28, 176),
    "NC8as_T4_v3": VmSize(8, 56, 352),
    "NC16as_T4_v3": VmSize(16, 110, 352),
    "NC64as_T4_v3": VmSize(64, 440, 2816),
    "NC24ads_A100_v4": VmSize(24, 220, 64),
    "NC48ads_A100_v4": VmSize(48, 440, 128),
    "NC96ads_A100_v4": VmSize(96, 880, 256),
    "NC40ads_H100_v5": VmSize(40, 320, 128),
    "NC80adis_H100_v5": VmSize(80, 640, 256),
    "NV6ads_A10_v5": VmSize(6, 55, 180),
    "NV12ads_A10_v5": VmSize(12, 110, 360),
    "NV18ads_A10_v5": VmSize(18, 220, 720),
    "NV36ads_A10_v5": VmSize(36, 440, 1440),
    "NV72ads_A10_v5": VmSize(72, 880, 2880),
}
VM_SIZES: dict[str, VmSize] = {
    f"Standard_{name}": size
    for name, size in (
        {
            f"{letter}{cores}{kind}": VmSize(
                cores,
                _LESS_MEMORY.get(f"{letter}{cores}{kind}", memory * cores),
                int(cores * disk),
            )
            for letter, memory in _MEMORY.items()
            for kind, (counts, disk) in _FAMILIES.items()
            for cores in counts
        }
        | {  # "Dlsv5" and its like: half the memory of D
            f"D{cores}{kind}": VmSize(cores, 2 * cores, int(cores * disk))
            for kind, disk in (("ls_v5", 0), ("lds_v5", 37.5), ("ls_v6", 0), ("lds_v6", 55))
            for cores in _LARGE
        }
        | {
            f"B{cores}{kind}": VmSize(cores, 4 * cores, 0)
            for kind, counts in _BURSTABLE.items()
            for cores in counts
        }
        | {
            f"L{cores}{kind}": VmSize(cores, 8 * cores, 10 * cores)
            for kind in ("s_v3", "as_v3")
            for cores in (8, 16, 32, 48, 64, 80)
        }
        | {
            f"F{cores}s_v2": VmSize(cores, 2 * cores, 16 * cores)
            for cores in (2, 4, 8, 16, 32, 48, 64, 72)
        }
        | _GPU
    ).items()
}
# learn.microsoft.com: "Resource reservations in AKS", by cores
_RESERVED_CORES = {1: 0.06, 2: 0.1, 4: 0.14, 8: 0.18, 16: 0.26, 32: 0.42, 64: 0.74}


# learn.microsoft.com: "Create an AKS cluster with API Server VNet Integration", region availability
WITHOUT_API_SERVER_INTEGRATION = frozenset({"qatarcentral"})


def allocatable(vm_size: str, max_pods: int) -> tuple[float, int]:
    """Return the cores and the MiB of memory that a node has for pods.

    AKS reserves cores by their number. Of the memory it reserves 20 MB a pod and 50 MB more, at
    most a quarter; and 100 MiB, at which it evicts pods (learn.microsoft.com: "Resource
    reservations in AKS").
    """
    size = VM_SIZES[vm_size]
    memory = size.memory_gib * 1024
    cores = size.cores - _RESERVED_CORES[max(n for n in _RESERVED_CORES if n <= size.cores)]
    return cores, memory - min(20 * max_pods + 50, memory // 4) - 100


def max_connections(postgres_sku: str) -> int:
    """Return the default of `max_connections` on a server of this SKU.

    It depends on the memory (learn.microsoft.com: "Limits in Azure Database for PostgreSQL").
    """
    tier, _, size = postgres_sku.split("_")[:3]
    cores = int("".join(filter(str.isdigit, size)))
    memory_gib = {"GP": 4, "MO": 8, "B": 4}[tier] * cores
    memory_gib = {"B1ms": 2, "B2s": 4}.get(size, memory_gib)
    return {2: 50, 4: 429, 8: 859, 16: 1718, 32: 3437}.get(memory_gib, 5000)
