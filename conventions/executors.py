"""What runs tasks: a pod of its own for each, or workers that stay, and both beside each other."""

from typing import Literal

Executor = Literal["KubernetesExecutor", "CeleryExecutor"]
"""An executor of Airflow by its class, as `[core] executor` and a task's `executor=` name it."""

PODS: Executor = "KubernetesExecutor"
"""Starts a pod for each task, which ends with it."""

WORKERS: Executor = "CeleryExecutor"
"""Sends tasks to workers that wait for them; KEDA adds workers, and takes them away."""

DEFAULT: tuple[Executor, ...] = (PODS,)
"""Those of an environment that names none."""

WORKER_SET = "celery"
"""Name of Celery's workers in the chart: their label `worker-set`.

Without it the chart's own selectors (the disruption budget's, the network policy's) would find the
pods of the KubernetesExecutor too, which are workers by every other label.
"""
