"""The platform's executors on a laptop: both run tasks beside each other, in local processes.

Airflow takes them for those of the platform by the names of their classes.
"""

from airflow.executors.local_executor import (  # type: ignore[import-not-found,unused-ignore]
    LocalExecutor,
)

__all__ = ["CeleryExecutor", "KubernetesExecutor"]


class KubernetesExecutor(LocalExecutor):  # type: ignore[misc,unused-ignore]
    """Runs what would have a pod of its own."""


class CeleryExecutor(LocalExecutor):  # type: ignore[misc,unused-ignore]
    """Runs what would run in a worker."""
