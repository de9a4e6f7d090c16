"""How long running tasks are waited for, where nodes, workers and queues must agree.

A node is given back when its pods are gone: by an upgrade, which waits `DRAIN_MINUTES` for them,
or by the cluster autoscaler. So a worker may take a little less than that to finish its tasks.
"""

DRAIN_MINUTES = 30
"""Minutes that an upgrade waits for the pods of a node ("Node drain timeout", AKS)."""

SOAK_MINUTES = 5
"""Minutes between a node that is drained and the next ("Node soak duration", AKS; its own is 0).

What was on it starts on another node: an API server is ready after some 45 seconds in the rehearsed
cluster, later where a node or the image has to come first.
"""

WORKER_GRACE_SECONDS = 25 * 60
"""Seconds that a task has to end after its worker, or its pod, was told to.

Below `DRAIN_MINUTES`: what is left of a drain must be more than a pod's grace, or AKS counts the
node as one that cannot be drained.
"""

API_TRIES = 45
API_PAUSE_SECONDS = 10
"""How often a task asks an API server that is away, and the longest pause between.

Four minutes on average, since pauses are drawn up to the longest. With Airflow's own five tries a
task ends itself after half a minute, and a new API server takes longer to start. After five minutes
without a heartbeat the scheduler fails the task (`[scheduler] task_instance_heartbeat_timeout`).
"""

NODE_MINUTES = 15
"""Minutes that the cluster autoscaler waits for a node before it asks another pool (AKS)."""

QUEUED_SECONDS = 2 * NODE_MINUTES * 60
"""Seconds that a task may be queued before the scheduler fails it.

Airflow's own 600 end before the autoscaler has given up on a pool without capacity, and asked the
next: tasks fail that only had to wait for their node.
"""
