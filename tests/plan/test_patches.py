"""A patch that Azure installs by itself is no drift."""

import pytest
from terraform_runner.differences import AttributeChange
from terraform_runner.plan import Action, ResourceChange

from tools.plan.patches import is_installed_patch

CLUSTER = "azurerm_kubernetes_cluster"


def update(type_: str, **versions: tuple[str, str]) -> ResourceChange:
    attributes = tuple(
        AttributeChange(path=path.replace("__", ".0."), before=before, after=after)
        for path, (before, after) in versions.items()
    )
    return ResourceChange(
        address=f"{type_}.one", type=type_, action=Action.UPDATE, attributes=attributes
    )


def test_the_minor_of_an_installed_patch_is_no_change() -> None:
    patched = ("1.36.4", "1.36")

    assert is_installed_patch(update(CLUSTER, kubernetes_version=patched))
    assert is_installed_patch(
        update(CLUSTER, kubernetes_version=patched, default_node_pool__orchestrator_version=patched)
    )
    assert is_installed_patch(update(f"{CLUSTER}_node_pool", orchestrator_version=patched))


@pytest.mark.parametrize(
    "change",
    [
        update(CLUSTER, kubernetes_version=("1.35.9", "1.36")),
        update(CLUSTER, kubernetes_version=("1.36.4", "1.3")),
        update(CLUSTER, kubernetes_version=("1.36.4", "1.36"), sku_tier=("Standard", "Premium")),
        update("azurerm_postgresql_flexible_server", version=("16.4", "16")),
    ],
    ids=["another minor", "a minor that only begins alike", "and more", "another service"],
)
def test_anything_else_is_a_change(change: ResourceChange) -> None:
    assert not is_installed_patch(change)
