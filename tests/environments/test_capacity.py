"""Nodes: which sizes are taken, and pools without room for what must run on them."""

from typing import Any

import pytest

from conventions.components import WORKER
from conventions.faults import Fault
from environments.facts import VM_SIZES
from environments.load import EnvironmentFileError, validate
from environments.model import Environment
from tests.environment_files import DEV, tables

Changes = dict[str, dict[str, Any]]


def made(pools: Changes, **airflow: Any) -> Environment:
    values = tables(DEV)
    for name, changes in pools.items():
        values["kubernetes"]["node_pools"].setdefault(name, {}).update(changes)
    values["airflow"] |= airflow
    return validate(values, DEV)


def refused(pools: Changes, **airflow: Any) -> Fault:
    with pytest.raises(EnvironmentFileError) as caught:
        made(pools, **airflow)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize("size", VM_SIZES)
def test_every_size_that_editors_complete_can_be_had(size: str) -> None:
    pools = {name: {"vm_size": size, "max_nodes": 6} for name in ("core", "workers")}

    env = made(pools)

    core = env.kubernetes.node_pools["core"]
    local = VM_SIZES[size].local_disk_gib
    assert core.has_ephemeral_os_disk == (local > 0)
    assert 30 <= core.os_disk_size_gib <= (local or 64)


@pytest.mark.parametrize("size", sorted(size for size, facts in VM_SIZES.items() if not facts[2]))
def test_a_size_that_a_refusal_offers_is_taken(size: str) -> None:
    fault = refused({"core": {"vm_size": size, "os_disk": "ephemeral"}})

    offered = fault.fix.split('"')[-2]
    assert VM_SIZES[offered].local_disk_gib > 0
    made({"core": {"vm_size": offered, "os_disk": "ephemeral", "max_nodes": 6}})


def test_a_managed_disk_may_be_larger_than_the_local_one() -> None:
    env = made({"core": {"vm_size": "Standard_D4ds_v5", "os_disk": "managed", "os_disk_gib": 512}})

    core = env.kubernetes.node_pools["core"]
    assert (core.has_ephemeral_os_disk, core.os_disk_size_gib) == (False, 512)


def test_a_pool_too_small_for_the_components_is_refused_with_the_sums() -> None:
    fault = refused({"core": {"vm_size": "Standard_D2ds_v5", "max_nodes": 1}})

    assert fault.key == "kubernetes"
    assert "Airflow's components need 2.54 cores and 6,400 MiB" in fault.problem
    assert "1 Standard_D2ds_v5 in core" in fault.problem
    assert "have 1.9 and 6,044" in fault.problem


def test_what_fits_each_alone_may_not_fit_together() -> None:
    fault = refused({"core": {"vm_size": "Standard_D2ds_v5", "max_nodes": 2}}, scheduler_replicas=3)

    assert "Airflow's components and NGINX and cert-manager need 4.18 cores" in fault.problem
    assert "have 3.8" in fault.problem


def test_memory_counts_as_cores_do() -> None:
    fault = refused(
        {"core": {"max_nodes": 1}},
        resources={"triggerer": {"memory_mib": 9_000}},
    )

    assert "MiB, and all nodes" in fault.problem


def test_a_pod_larger_than_every_node_is_refused() -> None:
    fault = refused({}, resources={"worker": {"memory_mib": 20_000}})

    assert "a pod of one task asks for 0.5 cores, 20,000 MiB" in fault.problem
    assert "workers: 3.86 cores, 14,034 MiB" in fault.problem


def test_a_task_s_disk_must_fit_the_node_s() -> None:
    fault = refused({}, resources={"worker": {"disk_gib": 60}})

    assert "60 GiB of disk" in fault.problem


def test_pods_that_tolerate_nothing_need_a_pool_without_taints() -> None:
    fault = refused({"core": {"taints": ["dedicated=airflow:NoSchedule"]}})

    assert "NGINX and cert-manager tolerate none" in fault.problem
    assert "delete the taints of one" in fault.fix


def test_a_taint_that_only_prefers_leaves_a_pool_open() -> None:
    assert made({"core": {"taints": ["dedicated=airflow:PreferNoSchedule"]}})


def test_celery_s_fewest_workers_must_fit_their_nodes() -> None:
    fault = refused(
        {"workers": {"max_nodes": 1}}, executors=["CeleryExecutor"], celery_min_workers=6
    )

    assert "Celery's workers need 6.06 cores and 12,672 MiB" in fault.problem


def test_room_that_no_node_could_hold_is_refused() -> None:
    fault = refused({"workers": {"max_nodes": 1}}, warm_tasks=20)

    assert "the room for warm_tasks need 10 cores" in fault.problem


def test_with_both_executors_a_task_must_fit_a_node_too() -> None:
    both = ["KubernetesExecutor", "CeleryExecutor"]

    fault = refused({}, executors=both, resources={"worker": {"memory_mib": 20_000}})

    assert "a pod of one task asks for" in fault.problem


@pytest.mark.parametrize(
    ("given", "problem", "fix"),
    [
        ({"worker": {"cpu": 3.0, "cpu_limit": 2.0}}, "worker.cpu = 3 is more", "cpu_limit = 3"),
        (
            {"scheduler": {"memory_mib": 4096, "memory_limit_mib": 2048}},
            "scheduler.memory_mib = 4096 is more than its memory_limit_mib = 2048",
            "memory_limit_mib = 4096",
        ),
        (
            {"celery_worker": {"memory_mib": 9000, "memory_limit_mib": 8000}},
            "celery_worker.memory_mib = 9000 is more than its memory_limit_mib = 8000",
            "airflow.resources.celery_worker.memory_limit_mib = 9000",
        ),
        ({"worker": {"cpu": 0.01}}, "too small", "set 0.05"),
        ({"worker": {"memory_mib": "2Gi"}}, "text where a whole number", "memory_mib"),
        ({"api_server": {"disk_gib": 3}}, "unknown key", "delete it"),
        ({"web": {"cpu": 1.0}}, "unknown key", "delete it"),
    ],
)
def test_a_size_that_cannot_be_is_refused(given: Any, problem: str, fix: str) -> None:
    fault = refused({}, resources=given)

    assert fault.key.startswith("airflow.resources")
    assert problem in fault.problem
    assert fix in fault.fix


def test_a_limit_that_is_left_out_follows_what_is_asked_for() -> None:
    sizes = made({}, resources={"worker": {"memory_mib": 4096}}).airflow.resources

    assert sizes.of(WORKER).memory_limit_mib == 4096
