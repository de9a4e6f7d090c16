"""What is read of pods' control groups, of both versions of the kernel's files."""

from pathlib import Path

import pytest

from tools.cluster.costs import Groups


@pytest.fixture(params=["version 1", "version 2"])
def groups(tmp_path: Path, request: pytest.FixtureRequest) -> Groups:
    """The groups of a node with one pod, as a kernel of either version shows them."""
    kubepods = tmp_path / "cpuacct" / "room-x" / "kubepods"
    pod = kubepods / "burstable" / "pod1f-2e"
    pod.mkdir(parents=True)
    if request.param == "version 2":
        (pod / "cpu.stat").write_text("usage_usec 2500000\nuser_usec 2000000\n")
        (pod / "memory.peak").write_text("1048576\n")
    else:
        (pod / "cpuacct.usage").write_text("2500000000\n")
        (pod / "cpu.stat").write_text("nr_periods 0\n")
        memory = Path(str(pod).replace("/cpuacct/", "/memory/"))
        memory.mkdir(parents=True)
        (memory / "memory.max_usage_in_bytes").write_text("1048576\n")
    return Groups(kubepods)


def test_a_pod_s_cpu_and_memory_are_read(groups: Groups) -> None:
    groups.look()

    assert (groups.cpu, groups.memory) == ({"1f-2e": 2.5}, {"1f-2e": 1048576})


def test_a_pod_that_went_away_keeps_what_was_read(groups: Groups) -> None:
    groups.look()
    for file in groups.folder.rglob("*"):
        if file.is_file():
            file.unlink()

    groups.look()

    assert groups.cpu == {"1f-2e": 2.5}


def test_a_node_without_pods_is_looked_at(tmp_path: Path) -> None:
    groups = Groups(tmp_path / "kubepods")

    groups.look()

    assert groups.cpu == {}
