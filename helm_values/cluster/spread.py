"""How the pods of one workload stand apart: over zones, and in each over nodes."""

from collections.abc import Mapping
from typing import Any

ZONE, NODE = "topology.kubernetes.io/zone", "kubernetes.io/hostname"


def spread(labels: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the constraints of pods with these labels.

    Where there is one zone, or one node, they are scheduled all the same.
    """
    return [
        {
            "maxSkew": 1,
            "topologyKey": key,
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": dict(labels)},
        }
        for key in (ZONE, NODE)
    ]
