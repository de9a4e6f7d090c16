"""The `[kubernetes]` table: the cluster and its node pools."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from conventions.labels import NODE_POOL
from conventions.weekdays import WEEKDAYS, Weekday
from environments.facts import VM_SIZES
from environments.hibernation import A_SUNDAY
from environments.types import (
    EACH_ONCE,
    IN_ORDER,
    Section,
    Text,
    Uuid,
    VmSize,
    Zone,
    refuse,
)

PoolName = Annotated[
    str, Text(r"[a-z][a-z0-9]{0,11}", "1 to 12 lower case letters and digits", "workers")
]
# kubernetes.io: "Labels and Selectors", "Syntax and character set", which holds for taints, too
_NAME = r"[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?"
_DOMAIN = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_PAIR = rf"((?=[^/]{{1,253}}/){_DOMAIN}/)?{_NAME}=({_NAME})?"
LABEL = re.compile(_PAIR, re.ASCII)
Taint = Annotated[
    str,
    Text(
        rf"{_PAIR}:(NoSchedule|PreferNoSchedule|NoExecute)",
        "key=value:NoSchedule, :PreferNoSchedule or :NoExecute; key and value as of a label",
        "dedicated=dbt:NoSchedule",
    ),
]
# learn.microsoft.com: "Use labels in an AKS cluster", "Reserved prefixes"; system taints are AKS's
RESERVED = "kubernetes.azure.com/"
RESERVED_FOR_LABELS = (RESERVED, "kubernetes.io/")


class Pool(Section):
    """What the system pool and every worker pool share."""

    vm_size: Annotated[VmSize, Field(description="virtual machine size")]
    min_nodes: Annotated[int, Field(ge=0, le=1000, description="fewest nodes")] = 1
    max_nodes: Annotated[int, Field(ge=1, le=1000, description="most nodes")] = 3
    zones: Annotated[
        tuple[Zone, ...],
        Field(strict=False, description="availability zones; none = regional"),
        EACH_ONCE,
        IN_ORDER,
    ] = ("1", "2", "3")
    max_pods: Annotated[int, Field(ge=50, le=250, description="pods a node may hold")] = 110
    os_disk: Annotated[
        Literal["ephemeral", "managed"] | None,
        Field(
            description="on the local disk, or a disk of Azure's; left out, ephemeral where the "
            "size has a local disk"
        ),
    ] = None
    os_disk_gib: Annotated[
        int | None,
        Field(
            ge=30,
            le=2048,
            description="size of the OS disk; left out, 64, or what the local disk holds",
        ),
    ] = None
    spot: Annotated[bool, Field(description="spare capacity that Azure may take back")] = False

    @property
    def has_ephemeral_os_disk(self) -> bool:
        """Whether nodes have their OS disk on the local disk."""
        return self.os_disk == "ephemeral" or (
            self.os_disk is None and VM_SIZES[self.vm_size].local_disk_gib > 0
        )

    @property
    def os_disk_size_gib(self) -> int:
        """Size of the OS disk, whether the file gives it or not."""
        largest = VM_SIZES[self.vm_size].local_disk_gib if self.has_ephemeral_os_disk else 64
        return self.os_disk_gib or min(64, largest)

    @field_validator("os_disk")
    @classmethod
    def _local_disk(cls, os_disk: str | None, info: ValidationInfo) -> str | None:
        vm_size = info.data.get("vm_size")
        if vm_size and os_disk == "ephemeral" and not VM_SIZES[vm_size].local_disk_gib:
            refuse(
                f"{vm_size} has no local disk for it",
                allowed='"managed", or a size with a local disk',
                fix=f'set os_disk = "managed", or vm_size = "{_with_disk(vm_size)}"',
            )
        return os_disk

    @field_validator("os_disk_gib")
    @classmethod
    def _fits(cls, size: int | None, info: ValidationInfo) -> int | None:
        vm_size, os_disk = info.data.get("vm_size"), info.data.get("os_disk")
        if size is None or vm_size is None or os_disk == "managed":
            return size
        largest = VM_SIZES[vm_size].local_disk_gib
        if 0 < largest < size:
            refuse(
                f"larger than the local disk of {vm_size}, which the OS disk is placed on",
                allowed=f"30 to {largest}",
                fix=f'set {largest}, or os_disk = "managed", or choose a vm_size with more cores',
            )
        return size

    @field_validator("max_nodes")
    @classmethod
    def _range(cls, most: int, info: ValidationInfo) -> int:
        if most < info.data.get("min_nodes", 0):
            refuse(
                f"fewer than min_nodes = {info.data['min_nodes']}",
                allowed="min_nodes or more",
                fix="raise max_nodes, or lower min_nodes",
            )
        return most


def _with_disk(size: str) -> str:
    """Return the size with a local disk that is otherwise like `size`."""
    head, version = size.rsplit("_", 1)
    larger = f"{head.removesuffix('s')}ds_{version}"
    return larger if larger in VM_SIZES else "Standard_D4ds_v5"


def rotation_name(pool: str) -> str:
    """Return the name of the pool that stands in while the machines of `pool` are replaced."""
    return f"{pool[:9]}tmp"


class SystemPool(Pool):
    """The pool of the cluster's own components; AKS refuses spot and an empty system pool."""

    @field_validator("min_nodes")
    @classmethod
    def _never_empty(cls, fewest: int) -> int:
        if fewest < 1:
            refuse(
                "the system pool cannot be empty",
                allowed="1 or more, 3 to survive the loss of a zone",
                fix="set min_nodes = 1",
            )
        return fewest

    @field_validator("vm_size")
    @classmethod
    def _never_burstable(cls, size: str) -> str:
        """Refuse it (learn.microsoft.com: "Limits for resources, SKUs, and regions in AKS")."""
        if size.startswith("Standard_B"):
            refuse(
                "a burstable size, which AKS does not take for the system pool",
                allowed="any other size; B sizes are for pools under [kubernetes.node_pools]",
                fix='for example "Standard_D2ds_v5"',
            )
        return size

    @field_validator("spot")
    @classmethod
    def _never_spot(cls, spot: bool) -> bool:
        if spot:
            refuse(
                "the system pool cannot run on spot nodes: AKS refuses it",
                allowed="false; spot = true is for pools under [kubernetes.node_pools]",
                fix="delete it here, and set spot = true on a worker pool",
            )
        return spot


class NodePool(Pool):
    """A pool of worker nodes."""

    labels: Annotated[
        dict[str, str], Field(default_factory=dict, description="Kubernetes labels of its nodes")
    ]
    taints: Annotated[
        tuple[Taint, ...], Field(strict=False, description="Kubernetes taints: key=value:effect")
    ] = ()

    @field_validator("labels")
    @classmethod
    def _labels(cls, labels: dict[str, str]) -> dict[str, str]:
        for key, value in labels.items():
            if not LABEL.fullmatch(f"{key}={value}"):
                refuse(
                    f"{key} = {value} is no label of Kubernetes",
                    allowed="up to 63 letters, digits, - _ ., a letter or digit at both ends; the "
                    "key may have a DNS name and a slash before it",
                    fix='for example "airflow/role" = "worker"',
                )
        _refuse_reserved(labels, RESERVED_FOR_LABELS)
        if NODE_POOL in labels:
            refuse(
                f"{NODE_POOL} is the label by which pods find this pool",
                allowed="any other key",
                fix="delete it: it is set to the pool's name",
            )
        return labels

    @field_validator("taints")
    @classmethod
    def _taints(cls, taints: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_reserved(taints, (RESERVED,))
        pairs = [(taint.partition("=")[0], taint.rpartition(":")[2]) for taint in taints]
        twice = sorted(
            {f"{key} with {effect}" for key, effect in pairs if pairs.count((key, effect)) > 1}
        )
        if twice:
            refuse(
                f"{', '.join(twice)} twice, and Kubernetes takes each key once per effect",
                allowed="one value for a key and an effect",
                fix="delete the second one",
            )
        return taints


def _refuse_reserved(keys: Iterable[str], prefixes: tuple[str, ...]) -> None:
    if taken := [key for key in keys if key.startswith(prefixes)]:
        refuse(
            f"{', '.join(taken)}: AKS reserves {' and '.join(prefixes)}",
            allowed="any other prefix",
            fix="delete it; spot = true sets the one of spot pools",
        )


class ClusterMaintenance(Section):
    """A weekly window for upgrades, in UTC; AKS wants at least four hours."""

    day: Annotated[Weekday, Field(description="day of the week")] = "Sunday"
    start_hour: Annotated[int, Field(ge=0, le=23, description="hour of the day, UTC")] = 1
    hours: Annotated[int, Field(ge=4, le=24, description="length in hours")] = 4

    @property
    def begins(self) -> datetime:
        """The moment at which it opens in the week of `A_SUNDAY`, in UTC."""
        return A_SUNDAY + timedelta(days=WEEKDAYS.index(self.day), hours=self.start_hour)


class Kubernetes(Section):
    """Azure Kubernetes Service: always private, workload identity, no local accounts."""

    version: Annotated[
        str,
        Text(r"1\.(3[2-9]|4\d)", "a minor version from 1.32, without the patch", "1.36"),
        Field(description="minor version; Azure chooses the patch"),
    ]
    sku_tier: Annotated[
        Literal["Standard", "Premium"], Field(description="uptime SLA; Premium: long-term support")
    ] = "Standard"
    admin_group_object_ids: Annotated[
        tuple[Uuid, ...],
        Field(strict=False, min_length=1, description="Entra groups that administer the cluster"),
        EACH_ONCE,
    ]
    upgrade_channel: Annotated[
        Literal["patch", "stable", "rapid", "node-image"],
        Field(description="automatic upgrade channel"),
    ] = "patch"
    node_os_upgrade_channel: Annotated[
        Literal["NodeImage", "SecurityPatch"], Field(description="upgrade channel of node images")
    ] = "NodeImage"
    maintenance: Annotated[
        ClusterMaintenance,
        Field(description="when upgrades may run; with [hibernation] and left out, in its hours"),
    ] = ClusterMaintenance()
    backup_retention_days: Annotated[
        int,
        Field(
            ge=1,
            le=360,
            description="days that backups of the namespace are kept; another number makes a new "
            "backup, without what the old one holds",
        ),
    ] = 7
    etcd_key: Annotated[
        bool,
        Field(description="Secrets in etcd under a key of your own; a lost key is a lost cluster"),
    ] = False
    system_pool: Annotated[SystemPool, Field(description="pool of the cluster's own components")]
    node_pools: Annotated[
        dict[PoolName, NodePool],
        Field(min_length=1, description="worker pools by name, at most 12 lower alphanumerics"),
    ]

    @field_validator("node_os_upgrade_channel")
    @classmethod
    def _channels(cls, channel: str, info: ValidationInfo) -> str:
        if info.data.get("upgrade_channel") == "node-image" and channel != "NodeImage":
            refuse(
                'not possible together with upgrade_channel = "node-image"',
                allowed='"NodeImage" with it; any with the other channels',
                fix='set node_os_upgrade_channel = "NodeImage", or upgrade_channel = "patch"',
            )
        return channel

    @field_validator("node_pools")
    @classmethod
    def _pools(cls, pools: dict[str, NodePool]) -> dict[str, NodePool]:
        if "system" in pools:
            refuse(
                "the name of the system pool",
                allowed='any name but "system"',
                fix="rename the worker pool",
            )
        rotating = [rotation_name(name) for name in ("system", *pools)]
        if len({*pools, *rotating}) < len(pools) + len(rotating):
            refuse(
                "names alike: while Azure replaces a pool's machines, a pool of the first nine "
                'characters of its name and "tmp" takes its place',
                allowed="names that differ in the first nine characters, and from each other's",
                fix='shorten or rename one, as "big1" and "big2"',
            )
        if all(pool.spot for pool in pools.values()):
            refuse(
                "has spot pools only: schedulers and API servers would be evicted",
                allowed="at least one pool with spot = false",
                fix="add a pool without spot",
            )
        return pools
