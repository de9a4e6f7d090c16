"""Loaded by Python at its start: spares Airflow's processes, and the pods of tasks, needless work.

Importing Airflow makes hundreds of thousands of objects and no garbage, and Python's collector
looks at them again and again. In Airflow's own commands that run nobody's code in their process:

- It looks each time that so many more objects are there, 700 as Python comes and 50,000 here: 19 %
  of the CPU that the API server takes until it answers, with no megabyte more.
- When a process ends, it looks at all objects a last time: 0.9 of the 3.1 CPU seconds of
  `airflow db check`. A command like it waits for the migration in each component's pod. It is
  spared that (`gc.freeze`, which Python's documentation has for the like): the kernel takes the
  memory back.

Others are left alone: a script of a task may leave it to the collector to write the end of a file,
and a few of its objects may hold much memory.

A task's pod runs two processes. The first imports Airflow, forks the task and watches it.

- More than a third of the pod's CPU was the collector's. So it is off until the fork, and what is
  there by then is never looked at again, in both processes. The task has its collector again.
- Cosmos brings a plugin: pages of the user interface, and telemetry, which is off in this image. A
  task would import FastAPI for it.

All of them import less (`airflow_azure/fewer_imports.py`), and read fewer certificates
(`airflow_azure/authorities.py`).
"""

import atexit
import gc
import os
import sys

NEW_OBJECTS = 50_000
COMMANDS = {"api-server", "dag-processor", "db", "jobs", "scheduler"}
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


program, command = (*sys.orig_argv[1:3], "", "")[:2]
of_airflow = os.path.basename(program) == "airflow" and command in COMMANDS
of_a_task = ENTRY in sys.orig_argv
if of_airflow:
    gc.set_threshold(NEW_OBJECTS, *gc.get_threshold()[1:])
    atexit.register(gc.freeze)
if of_a_task:
    spare()
if of_airflow or of_a_task:
    from airflow_azure import authorities, fewer_imports

    authorities.look_up_when_needed()
    if command != "dag-processor":
        fewer_imports.import_less(in_task_pod=of_a_task)
    fewer_imports.read_packages_once()
    fewer_imports.read_yaml_fast()
