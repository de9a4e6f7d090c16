"""Alerts on the cluster itself: rules on the metrics that AKS reports."""

from observability.alerts import PrometheusAlert

CLUSTER_ALERTS = (
    PrometheusAlert(
        name="NodeNotReady",
        expression='kube_node_status_condition{condition="Ready",status="true"} == 0',
        for_minutes=15,
        severity=2,
        summary="A node has not been ready for 15 minutes.",
        action="kubectl describe node; a spot node that was taken back goes away by itself.",
    ),
    PrometheusAlert(
        name="PodCrashLooping",
        expression=(
            'max_over_time(kube_pod_container_status_waiting_reason{reason="CrashLoopBackOff"}[5m])'
            " >= 1"
        ),
        for_minutes=15,
        severity=2,
        summary="A container starts and fails again and again.",
        action="kubectl logs --previous of the pod, and its last state by kubectl describe.",
    ),
    PrometheusAlert(
        name="ContainerOutOfMemory",
        # the reason stays until the next end: only a restart makes it news
        expression="max by (namespace, pod, container) "
        '(kube_pod_container_status_last_terminated_reason{reason="OOMKilled"}) == 1 and '
        "max by (namespace, pod, container) "
        "(increase(kube_pod_container_status_restarts_total[15m])) > 0",
        for_minutes=0,
        severity=2,
        summary="A container used more memory than it may and was started again.",
        action="Give it more memory in the environment file, or look for what grows in it.",
    ),
    PrometheusAlert(
        name="PodNotScheduled",
        # room that is kept for tasks waits whenever they need all nodes
        expression="sum by (namespace, pod) "
        '(kube_pod_status_phase{phase="Pending",pod!~"airflow-room-.+"}) > 0',
        for_minutes=30,
        severity=3,
        summary="A pod has waited 30 minutes for a node.",
        action="Is a pool at its max_nodes, or is the size sold out in the zone?",
    ),
    PrometheusAlert(
        name="NodeDiskFilling",
        expression=(
            'node_filesystem_avail_bytes{fstype!="tmpfs"} / node_filesystem_size_bytes < 0.1'
        ),
        for_minutes=15,
        severity=2,
        summary="A node has less than a tenth of its disk left.",
        action="Large images or logs: raise os_disk_gib of the pool.",
    ),
)
