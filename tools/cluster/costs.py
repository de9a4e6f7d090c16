"""What tasks cost on the cluster: times from the database, CPU and memory from cgroups."""

import os
import statistics
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from local_kubernetes.repeat import repeated
from local_kubernetes.room import CONTROL_GROUPS

from tools.cluster.airflow import ENDS, Airflow
from tools.cluster.images import runs_workers
from tools.cluster.story import Story, wait_for

ROUNDS = 3
MANY = 22
PODS, CELERY = "KubernetesExecutor", "CeleryExecutor"
BOTH = "both"  # its DAG gives each task to the other executor than the one before
BY = {PODS: "pods", CELERY: "Celery", BOTH: "both, half by each"}
WORKER_SET = "worker-set"
LOOK_SECONDS = 0.1


@dataclass
class Groups:
    """CPU seconds and peak memory in bytes of each pod that was seen, by the pod's uid."""

    folder: Path
    """Of all pods' control groups: of version 2, or of the controller `cpuacct` before it."""
    cpu: dict[str, float] = field(default_factory=dict)
    memory: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, room: Path) -> "Groups":
        """Return the control groups of the node that runs in a room."""
        v2 = (CONTROL_GROUPS / "cgroup.controllers").is_file()
        return cls(CONTROL_GROUPS / ("" if v2 else "cpuacct") / room.name / "kubepods")

    def look(self) -> None:
        """Read what pods have used so far."""
        for quality in ("", "burstable", "besteffort"):
            with suppress(FileNotFoundError):  # no pod is of this quality
                for name in os.listdir(self.folder / quality):
                    if name.startswith("pod"):
                        self._read(self.folder / quality / name)

    def _read(self, group: Path) -> None:
        uid = group.name.removeprefix("pod")
        with suppress(OSError, ValueError):  # it went away between two looks
            self.cpu[uid] = _cpu_seconds(group)
            self.memory[uid] = _most_memory(group)


def _cpu_seconds(group: Path) -> float:
    if (group / "cpu.stat").is_file():
        lines = (group / "cpu.stat").read_text().splitlines()
        if found := [line.split()[1] for line in lines if line.startswith("usage_usec")]:
            return int(found[0]) / 1e6
    return int((group / "cpuacct.usage").read_text()) / 1e9


def _most_memory(group: Path) -> int:
    for file in (
        group / "memory.peak",
        Path(str(group).replace("/cpuacct/", "/memory/", 1)) / "memory.max_usage_in_bytes",
    ):
        if file.is_file():
            return int(file.read_text())
    return 0  # before Linux 5.19 version 2 does not tell


@dataclass(frozen=True)
class Costs:
    """Measures tasks of each executor, as steps of the story."""

    airflow: Airflow
    story: Story
    room: Path

    def measure(self) -> None:
        """Measure one task alone, then 22 at once, with each executor and with both in turn.

        Each several times: what another machine on the same host does shows in one round.
        """
        self._alone(PODS)
        self._many(PODS)
        if not runs_workers(self.airflow.platform.deployment):
            reason = "the environment's `executors` does not name it"
            self.story.skip("costs of a task by Celery", reason)
            return
        self._alone(CELERY)
        self._many(CELERY)
        self._many(BOTH)

    def _alone(self, executor: str) -> None:
        with self.story.step(f"one task by {BY[executor]}, {ROUNDS} times") as step:
            rounds = [self._run(executor, 1, number) for number in range(ROUNDS)]
            started, ended, run = (statistics.median(each) for each in zip(*rounds, strict=True))
            step.told = (
                f"trigger to start {started:.1f} s, to its end {ended:.1f} s, to the run's "
                f"{run:.1f} s (medians){_load()}"
            )

    def _many(self, executor: str) -> None:
        with self.story.step(f"{MANY} tasks at once by {BY[executor]}, {ROUNDS} times") as step:
            groups = Groups.of(self.room)
            groups.look()
            before = dict(groups.cpu)
            workers = self._workers()
            with repeated(groups.look, seconds=LOOK_SECONDS):  # a pod's group ends with it
                rounds = []
                for number in range(ROUNDS):
                    rounds.append(self._run(executor, MANY, number))
                    workers |= self._workers()  # what scales them may take one away
            groups.look()
            first, last, run = (statistics.median(each) for each in zip(*rounds, strict=True))
            ends = ", ".join(f"{end:.0f}" for end in sorted(each[1] for each in rounds))
            told = (
                f"first starts after {first:.0f} s, last ends {last:.0f} s ({ends}), "
                f"the run {run:.0f} s (medians)"
            )
            cores = os.cpu_count() or 1
            rate = f"{MANY / last * 60:.0f} tasks a minute, {MANY / last * 60 / cores:.0f} a core"
            step.told = f"{told}; {rate}; {self._used(executor, groups, before, workers)}{_load()}"

    def _used(
        self,
        executor: str,
        groups: Groups,
        before: dict[str, float],
        workers: set[str],
    ) -> str:
        """Return a text: CPU seconds and memory of a task, and CPU seconds of all other pods."""
        if not groups.folder.is_dir():
            return "the control groups of its pods are on another machine"
        used = {uid: cpu - before.get(uid, 0) for uid, cpu in groups.cpu.items()}
        found = [] if executor == CELERY else [uid for uid in used if uid not in before]
        if executor == PODS:
            middle = statistics.median([used[uid] for uid in found] or [0])
            memory = int(statistics.median([groups.memory[uid] for uid in found] or [0]))
            told = f"{middle:.2f} CPU s a pod, {memory >> 20} MB ({len(found)} pods)"
        else:
            memory = max((groups.memory.get(uid, 0) for uid in workers), default=0)
            found += [uid for uid in workers if uid in used and uid not in found]
            cpu = sum(used[uid] for uid in found)
            told = f"{cpu / MANY / ROUNDS:.2f} CPU s a task, {memory >> 20} MB in the worker"
        others = sum(used.values()) - sum(used[uid] for uid in found)
        return f"{told}; all other pods {others / ROUNDS:.0f} CPU s a round"

    def _workers(self) -> set[str]:
        """Return the uids of Celery's workers."""
        pods = self.airflow.pods("worker")
        return {pod.metadata.uid for pod in pods if WORKER_SET in pod.metadata.labels}

    def _run(self, executor: str, count: int, number: int) -> tuple[float, float, float]:
        """Return seconds since the trigger: of the first start, the last end, and the run's end."""
        air, dag, run = self.airflow, f"journey_{executor}_{count}", f"costs-{number}"
        wait_for(dag, lambda: air.knows(dag), 300)
        air.trigger(dag, run)
        wait_for(f"{dag} {run}", lambda: air.state(dag, run) in ENDS, 600)
        state = air.state(dag, run)
        self.story.check(state == "success", f"{dag} {run} ended with {state}")
        found = air.sql(
            "SELECT extract(epoch FROM min(t.start_date) - r.queued_at), "
            "extract(epoch FROM max(t.end_date) - r.queued_at), "
            "extract(epoch FROM r.end_date - r.queued_at) "
            "FROM dag_run r JOIN task_instance t USING (dag_id, run_id) "
            f"WHERE r.dag_id = '{dag}' AND r.run_id = '{run}' GROUP BY r.queued_at, r.end_date"
        )
        first, last, ended = map(float, found.split("|"))
        return first, last, ended


def _load() -> str:
    return f"; load {os.getloadavg()[0]:.1f}"
