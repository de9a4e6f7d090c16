"""Facts about sizes, where their names have to be read."""

import pytest

from environments.facts import (
    POSTGRES_STORAGE_GIB,
    VM_SIZES,
    allocatable,
    max_connections,
)


@pytest.mark.parametrize(
    ("size", "cores", "memory_gib", "local_disk_gib"),
    [
        ("Standard_D4ds_v5", 4, 16, 150),
        ("Standard_D4s_v5", 4, 16, 0),
        ("Standard_E8ads_v6", 8, 64, 440),
        ("Standard_E8as_v6", 8, 64, 0),
        ("Standard_E96ads_v5", 96, 672, 3600),
        ("Standard_D4s_v3", 4, 16, 100),
        ("Standard_F8s_v2", 8, 16, 128),
        ("Standard_NC4as_T4_v3", 4, 28, 176),
    ],
)
def test_a_size_has_cores_memory_and_a_local_disk_or_none(
    size: str, cores: int, memory_gib: int, local_disk_gib: int
) -> None:
    assert VM_SIZES[size] == (cores, memory_gib, local_disk_gib)


@pytest.mark.parametrize(
    ("size", "max_pods", "cores", "memory_mib"),
    [
        ("Standard_D2ds_v5", 110, 1.9, 8192 - 2048 - 100),
        ("Standard_D4ds_v5", 110, 3.86, 16384 - 2250 - 100),
        ("Standard_D4ds_v5", 250, 3.86, 16384 - 4096 - 100),
        ("Standard_D48ds_v5", 110, 47.58, 196608 - 2250 - 100),
    ],
)
def test_aks_keeps_a_part_of_each_node(
    size: str, max_pods: int, cores: float, memory_mib: int
) -> None:
    found = allocatable(size, max_pods)

    assert found[0] == pytest.approx(cores)
    assert found[1] == memory_mib


def test_the_largest_database_disk_is_the_one_that_the_provider_takes() -> None:
    assert POSTGRES_STORAGE_GIB[-1] * 1024 == 33553408


@pytest.mark.parametrize(
    ("sku", "connections"),
    [
        ("B_Standard_B1ms", 50),
        ("B_Standard_B2s", 429),
        ("GP_Standard_D2ds_v5", 859),
        ("GP_Standard_D4ads_v5", 1718),
        ("MO_Standard_E4ds_v5", 3437),
        ("GP_Standard_D96ds_v5", 5000),
    ],
)
def test_a_server_takes_as_many_connections_as_its_memory_allows(
    sku: str, connections: int
) -> None:
    assert max_connections(sku) == connections
