"""Facts about sizes, where their names have to be read."""

import pytest

from environments.facts import (
    POSTGRES_STORAGE_GIB,
    has_local_disk,
    local_disk_gib,
    max_connections,
)


@pytest.mark.parametrize(
    ("size", "there"),
    [
        ("Standard_D4ds_v5", True),
        ("Standard_D4s_v5", False),
        ("Standard_E8ads_v6", True),
        ("Standard_E8as_v6", False),
        ("Standard_F8s_v2", True),
    ],
)
def test_the_letter_d_behind_the_cores_means_a_local_disk(size: str, there: bool) -> None:
    assert has_local_disk(size) is there


@pytest.mark.parametrize(
    ("size", "gib"),
    [
        ("Standard_D2ds_v5", 75),
        ("Standard_E96ads_v5", 3600),
        ("Standard_D2ads_v6", 110),
        ("Standard_F4s_v2", 64),
    ],
)
def test_an_os_disk_can_be_as_large_as_the_local_disk(size: str, gib: int) -> None:
    assert local_disk_gib(size) == gib


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
