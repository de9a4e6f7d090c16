"""How many pods a minute the Kubernetes executor starts and sees end, and what each costs.

The scheduler with its executor, the API server, etcd, Kubernetes' scheduler and the pods' manifests
(from the platform's chart) are real. Nodes are simulated, and no task runs in a pod.
"""

import configparser
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import median, quantiles
from typing import Any

import yaml

from conventions import company
from synthesis.reader import Synthesis, SynthesisError
from synthesis.resources import by_environment
from tools.attack_paths.cluster import objects_of_chart
from tools.bench_tasks.load import of_runs_since, parse, tasks_that_end, trigger, unfinished
from tools.bench_tasks.platform import BenchError, Platform, platform
from tools.bench_tasks.processes import cpu_seconds
from tools.bench_tasks.simulated import PROGRAMS, Simulation, StartedPods, simulation
from tools.bench_tasks.tables import Table, machine
from tools.rendered_chart import Objects, of_kind, task_pod

SECTION = "kubernetes_executor"
ONE_BY_ONE = "one pod in a loop, Airflow's default"
WAYS: Mapping[str, Mapping[str, object]] = {
    ONE_BY_ONE: {"worker_pods_creation_batch_size": 1, "async_pod_creation": False},
    "16 in a loop, one after another": {"async_pod_creation": False},
    "as the platform has it: 16 at once": {},
}
PATIENCE_SECONDS = 3_600
COLUMNS = (
    "pods",
    "how many",
    "a minute",
    "times",
    "until it runs s",
    "p99 s",
    "CPU ms a pod: scheduler and executor",
    *PROGRAMS,
    "load",
)


@dataclass(frozen=True)
class Size:
    """The size of the load.

    Attributes:
        dags: number of DAGs, each of which runs once in a round.
        slow_dags: the same where pods are started one by one, one in each loop.
        tasks: number of tasks of a DAG.
        at_once: the most tasks that may run at a time.
        nodes: number of simulated nodes.
    """

    dags: int = 4
    slow_dags: int = 2
    tasks: int = 50
    at_once: int = 200
    nodes: int = 20


WHOLE = Size()


@dataclass(frozen=True, kw_only=True)
class Found:
    """Result of one way: pods a minute, waits in seconds, CPU in milliseconds a pod."""

    count: int
    rate: float
    waits: list[float]
    cpu: list[float]
    load: float


def measure(rounds: int, *, size: Size = WHOLE, objects: Objects | None = None) -> Iterator[Table]:
    """Run all pods in each way, `rounds` times in turn; yield the table of medians."""
    objects = _of_an_environment() if objects is None else objects
    table = Table("pod-rate", COLUMNS, machine())
    labels = _labels(objects)
    with (
        platform(executor=False) as running,
        simulation(running.folder / "kubernetes", nodes=size.nodes, labels=labels) as made,
    ):
        _configure(running, made, objects, size)
        running.serve()
        parse(running, dags=size.dags, tasks=size.tasks, after=False)
        running.sql(f"update slot_pool set slots = {size.at_once}")
        found: dict[str, list[Found]] = {way: [] for way in WAYS}
        for _ in range(rounds):
            for way, settings in WAYS.items():
                dags = size.slow_dags if way == ONE_BY_ONE else size.dags
                found[way].append(_run(running, made, settings, dags, dags * size.tasks))
    first = 0.0
    for way, runs in found.items():
        rate = median([one.rate for one in runs])
        first = first or rate
        waits = sorted(wait for one in runs for wait in one.waits)
        cpu = [median(values) for values in zip(*(one.cpu for one in runs), strict=True)]
        load = f"{median([one.load for one in runs]):.1f}"
        p99 = quantiles(waits, n=100)[-1]
        table.add(way, str(runs[0].count), rate, rate / first, median(waits), p99, *cpu, load)
    yield table


def _of_an_environment() -> Objects:
    """Return the chart's objects of the first environment that runs tasks in pods.

    Raises:
        BenchError: none does, nothing is synthesized, or the chart is not here.
    """
    missing: list[str] = []
    try:
        for environment in by_environment(Synthesis.load(company.output())):
            objects, faults = objects_of_chart(environment)
            missing += faults
            if task_pod(objects):
                return objects
    except SynthesisError as error:
        raise BenchError(f"{error}; make synth") from None
    raise BenchError("; ".join(missing) or "no environment that is synthesized runs tasks in pods")


def _pod(objects: Objects) -> dict[str, Any]:
    pod = task_pod(objects)
    if pod is None:
        raise BenchError("the chart's objects have no pod for tasks")
    return pod


def _labels(objects: Objects) -> dict[str, str]:
    """Return labels of nodes that the pod may be placed on."""
    spec = _pod(objects)["spec"]
    wanted: dict[str, str] = dict(spec.get("nodeSelector") or {})
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    for term in required.get("nodeSelectorTerms", [])[:1]:
        wanted |= {each["key"]: each["values"][0] for each in term["matchExpressions"]}
    return wanted


def _configure(running: Platform, made: Simulation, objects: Objects, size: Size) -> None:
    """Make the executor's settings those of the chart, and what its pods ask for."""
    (config,) = (
        found["data"]["airflow.cfg"]
        for found in of_kind(objects, "ConfigMap")
        if "airflow.cfg" in (found.get("data") or {})
    )
    chart = configparser.ConfigParser(interpolation=None, strict=False)
    chart.read_string(config)
    running.set(SECTION, **chart[SECTION])
    template = running.folder / "pod.yaml"
    template.write_text(yaml.safe_dump(_pod(objects)))
    running.set(SECTION, pod_template_file=template, in_cluster=False, config_file=made.kubeconfig)
    running.set(SECTION, worker_container_repository="registry.test/airflow")
    running.tune(parallelism=size.at_once)
    running.set("core", executor="KubernetesExecutor", parallelism=size.at_once)
    namespace = chart[SECTION]["namespace"]
    account = {"name": _pod(objects)["spec"]["serviceAccountName"], "namespace": namespace}
    needed: Objects = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": account},
        *of_kind(objects, "PriorityClass"),
    ]
    for each in needed:
        if refused := made.server.apply(each):
            raise BenchError(str(refused))


def _run(
    running: Platform, made: Simulation, settings: Mapping[str, object], dags: int, count: int
) -> Found:
    before = dict(running.settings)
    running.set(SECTION, **settings)
    namespace = running.settings["AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE"]
    pods = StartedPods(made, namespace)
    (moment,) = running.sql("select now()")
    scheduler = running.start("scheduler", "--skip-serve-logs")
    started = f"select 1 from job where job_type = 'SchedulerJob' and start_date > '{moment}'"
    running.wait(partial(running.sql, started), "the scheduler's start")
    used = [cpu_seconds(scheduler.pid), *made.cpu().values()]
    nothing = partial(int)
    with tasks_that_end(running, lambda: [(task, nothing) for task in pods.take()]):
        began = time.monotonic()
        for number in range(dags):
            trigger(running, f"dag_{number:05}")
        running.wait(
            lambda: not unfinished(running) and not made.pods(namespace),
            "the end of all pods",
            PATIENCE_SECONDS,
        )
        seconds = time.monotonic() - began
    after, load = [cpu_seconds(scheduler.pid), *made.cpu().values()], os.getloadavg()[0]
    running.stop(scheduler)
    running.settings = before
    runs = of_runs_since(running, moment)
    query = (
        "select extract(epoch from task_instance.start_date - queued_dttm) from task_instance "
        f"join (select dag_id, run_id from {runs}) as run using (dag_id, run_id)"
    )
    return Found(
        count=count,
        rate=60 * count / seconds,
        waits=[float(wait) for wait in running.sql(query)],
        cpu=[1_000 * (b - a) / count for a, b in zip(used, after, strict=True)],
        load=load,
    )
