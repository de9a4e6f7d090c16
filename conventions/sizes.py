"""What containers ask of a node by default: CPU, memory, and where both end."""

from collections.abc import Mapping
from dataclasses import dataclass

from conventions.components import (
    API_SERVER,
    DAG_PROCESSOR,
    MIGRATIONS,
    SCHEDULER,
    TRIGGERER,
    WORKER,
    Component,
)


@dataclass(frozen=True, kw_only=True)
class Size:
    """Requests and limits of a container.

    Attributes:
        cpu: cores that a node must have free for it.
        memory_mib: memory that a node must have free for it.
        cpu_limit: cores at most, or None for as many as are free.
        memory_limit_mib: memory at which Kubernetes ends the container.
        disk_gib: disk of the node, for what it writes, or None for as much as is free.
    """

    cpu: float
    memory_mib: int
    cpu_limit: float | None = None
    memory_limit_mib: int
    disk_gib: int | None = None


SIDECAR = Size(cpu=0.01, memory_mib=64, cpu_limit=0.2, memory_limit_mib=256)
ASLEEP = Size(cpu=0.001, memory_mib=8, cpu_limit=0.05, memory_limit_mib=32)
NGINX = Size(cpu=0.25, memory_mib=256, memory_limit_mib=512)
NGINX_START = Size(cpu=0.05, memory_mib=64, memory_limit_mib=128)
CERT_MANAGER = Size(cpu=0.02, memory_mib=64, memory_limit_mib=256)  # of each of its pods
CERT_MANAGER_PODS = 6  # three parts, two of each: a drained node takes one
_MEDIUM = Size(cpu=0.5, memory_mib=1024, cpu_limit=2, memory_limit_mib=2048)
# runs several tasks at once, each a process of its own
CELERY_WORKER = Size(cpu=1, memory_mib=2048, cpu_limit=4, memory_limit_mib=4096)
COMPONENT_SIZES: Mapping[Component, Size] = {
    API_SERVER: Size(cpu=0.5, memory_mib=1536, cpu_limit=2, memory_limit_mib=3072),
    SCHEDULER: _MEDIUM,
    DAG_PROCESSOR: _MEDIUM,
    TRIGGERER: _MEDIUM,
    WORKER: _MEDIUM,
    MIGRATIONS: Size(cpu=0.1, memory_mib=512, cpu_limit=1, memory_limit_mib=1024),
}
