"""What a rehearsal says of a node pool that moves to other machines."""

import pytest
from terraform_runner.differences import AttributeChange
from terraform_runner.plan import Action, ResourceChange

from tools.rehearsal.pool_rotation import rotations

POOL = "azurerm_kubernetes_cluster_node_pool"


def change(type_: str, path: str, action: Action = Action.UPDATE) -> tuple[ResourceChange, ...]:
    differs = AttributeChange(path=path, before="a", after="b")
    return (ResourceChange(address="it", type=type_, action=action, attributes=(differs,)),)


@pytest.mark.parametrize(
    ("type_", "path", "named"),
    [
        (POOL, "vm_size", "vm_size"),
        (POOL, "zones", "zones"),
        ("azurerm_kubernetes_cluster", "default_node_pool.0.os_disk_size_gb", "os_disk_size_gb"),
    ],
)
def test_a_rotation_is_told_with_what_happens_to_pods(type_: str, path: str, named: str) -> None:
    (told,) = rotations(change(type_, path))

    assert told.startswith(f"it: {named}: Terraform calls it an update; azurerm makes a temporary")
    assert "tasks that run on it are lost and tried again" in told


@pytest.mark.parametrize(
    ("type_", "path", "action"),
    [
        (POOL, "max_count", Action.UPDATE),
        (POOL, "vm_size", Action.CREATE),
        ("azurerm_kubernetes_cluster", "zones", Action.UPDATE),
    ],
)
def test_other_changes_are_no_rotation(type_: str, path: str, action: Action) -> None:
    assert list(rotations(change(type_, path, action))) == []
