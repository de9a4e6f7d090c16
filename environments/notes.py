"""What an environment file may say, and its author should know: a synth prints it."""

from collections.abc import Iterator
from datetime import timedelta

from environments.capacity import warm_node_count
from environments.idle import idle_keys
from environments.model import Environment


def notes(env: Environment) -> Iterator[str]:
    """Tell what works and costs more than it looks like, and what changes nothing."""
    for key, why in idle_keys(env):
        yield f"{env.name}: {key} has no effect with {why}"
    if env.airflow.dags == "git" and env.airflow.runs_pods:
        yield (
            f'{env.name}: airflow.dags = "git" with KubernetesExecutor: each task is a pod of its '
            "own and clones the whole history of the repository before it starts. Keep the history "
            'small, or set dags = "blob", or executors = ["CeleryExecutor"]'
        )
    if hours := env.hibernation:
        window, begins = env.kubernetes.maintenance, env.upgrades_begin
        if not any(hours.runs(begins + timedelta(hours=hour)) for hour in range(window.hours)):
            early = hours.early
            yield (
                f"{env.name}: kubernetes.maintenance, from {window.day} {window.start_hour:02}:00 "
                f"UTC for {window.hours} hours, lies where [hibernation] has the cluster stopped: "
                "Azure upgrades neither Kubernetes nor the nodes then. Delete the table, and it "
                f"begins on {early:%A} at {early:%H:%M} UTC"
            )
    if env.airflow.warm_tasks:
        nodes = warm_node_count(env.kubernetes.node_pools, env.airflow)
        yield (
            f"{env.name}: airflow.warm_tasks = {env.airflow.warm_tasks} keeps the room of "
            f"{nodes} {'node' if nodes == 1 else 'nodes'} of the tasks' pools free, day and night; "
            "`make cost` says what a node costs"
        )
