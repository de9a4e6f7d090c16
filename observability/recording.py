"""The series that Grafana's built-in Kubernetes boards draw, computed from what is scraped.

Azure Managed Grafana brings boards ("Kubernetes / Compute Resources ...", "Node Exporter ...")
that read recorded series and stay empty without them. Their names and meanings are those of the
kubernetes-mixin and node-mixin; Microsoft's own onboarding in the portal makes the same ones
(learn.microsoft.com: "Default Prometheus metrics configuration in Azure Monitor").
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recording:
    """A series that is computed each minute and kept under a name."""

    record: str
    expression: str


_NODE = 'job="node"'
_STATE = 'job="kube-state-metrics"'
_CADVISOR = 'job="cadvisor"'
# a pod's node, once a pod: a pod that has moved is reported by two series for a while
_PLACED = (
    "on (cluster, namespace, pod) group_left (node) "
    "topk by (cluster, namespace, pod) (1, max by (cluster, namespace, pod, node) "
    '(kube_pod_info{node!=""}))'
)
_ALIVE = (
    "* on (cluster, namespace, pod) group_left () max by (cluster, namespace, pod) "
    '(kube_pod_status_phase{phase=~"Pending|Running"} == 1)'
)


def node_recordings() -> tuple[Recording, ...]:
    """Return the series of the boards about nodes."""
    idle = f'node_cpu_seconds_total{{{_NODE},mode=~"idle|iowait|steal"}}'
    free = f"node_memory_MemAvailable_bytes{{{_NODE}}}"
    return (
        Recording(
            "instance:node_num_cpu:sum",
            f'count by (instance, cluster, job) (node_cpu_seconds_total{{{_NODE},mode="idle"}})',
        ),
        Recording(
            "instance:node_cpu_utilisation:rate5m",
            f"1 - avg by (instance, cluster, job) (sum without (mode) (rate({idle}[5m])))",
        ),
        Recording(
            "instance:node_load1_per_cpu:ratio",
            f"node_load1{{{_NODE}}} / instance:node_num_cpu:sum{{{_NODE}}}",
        ),
        Recording(
            "instance:node_memory_utilisation:ratio",
            f"1 - {free} / node_memory_MemTotal_bytes{{{_NODE}}}",
        ),
        Recording(
            "instance:node_vmstat_pgmajfault:rate5m",
            f"rate(node_vmstat_pgmajfault{{{_NODE}}}[5m])",
        ),
        *(
            Recording(
                f"instance_device:node_disk_{what}_seconds:rate5m",
                f'rate(node_disk_{what}_seconds_total{{{_NODE},device!=""}}[5m])',
            )
            for what in ("io_time", "io_time_weighted")
        ),
        *(
            Recording(
                f"instance:node_network_{way}_{what}_excluding_lo:rate5m",
                f"sum without (device) "
                f'(rate(node_network_{way}_{what}_total{{{_NODE},device!="lo"}}[5m]))',
            )
            for way in ("receive", "transmit")
            for what in ("bytes", "drop")
        ),
        Recording(
            "cluster:node_cpu:ratio_rate5m",
            f"sum by (cluster) (rate(node_cpu_seconds_total{{{_NODE},"
            f'mode!~"idle|iowait|steal"}}[5m])) '
            f'/ count by (cluster) (node_cpu_seconds_total{{{_NODE},mode="idle"}})',
        ),
        Recording(":node_memory_MemAvailable_bytes:sum", f"sum by (cluster) ({free})"),
    )


def kubernetes_recordings() -> tuple[Recording, ...]:
    """Return the series of the boards about namespaces, workloads and pods."""
    used = f'container_cpu_usage_seconds_total{{{_CADVISOR},image!=""}}'
    return (
        Recording(
            "node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate",
            f"sum by (cluster, namespace, pod, container) (irate({used}[5m])) * {_PLACED}",
        ),
        *(
            Recording(
                f"node_namespace_pod_container:container_memory_{kind}",
                f'container_memory_{kind}{{{_CADVISOR},image!=""}} * {_PLACED}',
            )
            for kind in ("working_set_bytes", "rss", "cache", "swap")
        ),
        *(
            recording
            for resource in ("memory", "cpu")
            for bound in ("requests", "limits")
            for recording in _bounds(resource, bound)
        ),
        *_owners(),
    )


def _bounds(resource: str, bound: str) -> tuple[Recording, Recording]:
    series = f"kube_pod_container_resource_{bound}"
    given = f'{series}{{{_STATE},resource="{resource}"}}'
    a_pod = "sum by (namespace, pod, cluster) (max by (namespace, pod, container, cluster) "
    return (
        Recording(f"cluster:namespace:pod_{resource}:active:{series}", f"{given} {_ALIVE}"),
        Recording(
            f"namespace_{resource}:{series}:sum",
            f"sum by (namespace, cluster) ({a_pod}({given})) {_ALIVE})",
        ),
    )


def _owners() -> tuple[Recording, ...]:
    """Return which workload a pod belongs to, kind by kind."""

    def owned_by(kind: str) -> str:
        return f'kube_pod_owner{{{_STATE},owner_kind="{kind}"}}'

    sets = owned_by("ReplicaSet")
    deployed = (
        f'label_replace({sets}, "replicaset", "$1", "owner_name", "(.*)") '
        f"* on (replicaset, namespace, cluster) group_left (owner_name) "
        "topk by (replicaset, namespace, cluster) (1, max by (replicaset, namespace, cluster, "
        f"owner_name) (kube_replicaset_owner{{{_STATE}}}))"
    )
    sources = {
        "deployment": deployed,
        "daemonset": owned_by("DaemonSet"),
        "statefulset": owned_by("StatefulSet"),
        "job": owned_by("Job"),
    }
    return tuple(
        Recording(
            "namespace_workload_pod:kube_pod_owner:relabel",
            "label_replace(max by (cluster, namespace, workload, pod) "
            f'(label_replace({source}, "workload", "$1", "owner_name", "(.*)")), '
            f'"workload_type", "{kind}", "", "")',
        )
        for kind, source in sources.items()
    )
