"""What a container asks of its node, as Kubernetes writes it."""

from conventions.sizes import Size
from helm_values.merge import Values


def resources(size: Size) -> Values:
    """Return requests and limits of a container."""
    disk = {"ephemeral-storage": f"{size.disk_gib}Gi"} if size.disk_gib else {}
    cpu_limit = {} if size.cpu_limit is None else {"cpu": _cores(size.cpu_limit)}
    return {
        "requests": {"cpu": _cores(size.cpu), "memory": _memory(size.memory_mib)} | disk,
        "limits": cpu_limit | {"memory": _memory(size.memory_limit_mib)} | disk,
    }


def _cores(cores: float) -> str:
    return f"{cores:g}" if cores == int(cores) else f"{round(cores * 1000)}m"


def _memory(mib: int) -> str:
    return f"{mib}Mi" if mib % 1024 else f"{mib // 1024}Gi"
