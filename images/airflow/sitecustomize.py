"""Loaded by Python at its start: spares the pods of tasks what they do not need.

A task's pod runs two processes. The first imports Airflow, forks the task and watches it.

- Importing makes hundreds of thousands of objects and no garbage. Python's collector looks at them
  again and again, and a last time when the process ends: more than a third of the pod's CPU. So it
  is off until the fork, and what is there by then is never looked at again, in both processes
  (`gc.freeze`, which Python's documentation has for this). The task has its collector as always.
- Cosmos brings a plugin: pages of the user interface, and telemetry, which is off in this image. A
  task would import FastAPI for it.

Other processes are left alone: a long one would keep the garbage of the moment.
"""

import gc
import os
import sys

ENTRY = "airflow.sdk.execution_time.execute_workload"


def spare() -> None:
    """Leave the collector off until this process forks, and Cosmos's plugin out of the fork."""
    supervisor = os.getpid()

    def before() -> None:
        if os.getpid() == supervisor:  # not where the task itself forks
            gc.freeze()

    def in_supervisor() -> None:
        if os.getpid() == supervisor:
            gc.enable()

    def in_task() -> None:
        if os.getppid() == supervisor:
            gc.enable()
            # Airflow passes over what is no plugin; the module is there since Airflow read policies
            if cosmos := sys.modules.get("cosmos.plugin"):
                cosmos._CosmosPlugin = object  # type: ignore[attr-defined]

    gc.disable()
    os.register_at_fork(before=before, after_in_parent=in_supervisor, after_in_child=in_task)


if ENTRY in sys.orig_argv:
    spare()
