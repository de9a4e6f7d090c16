"""Two guards around what holds data: Azure refuses its deletion, and so does Terraform."""

from collections.abc import Mapping

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_azurerm.management_lock import ManagementLock
from constructs import Construct


def guarded(
    *, protect: bool, ignore_changes: list[str] | None = None
) -> TerraformResourceLifecycle | None:
    """Return a lifecycle that makes Terraform refuse to destroy the resource when `protect`."""
    if not protect and not ignore_changes:
        return None
    return TerraformResourceLifecycle(
        prevent_destroy=True if protect else None, ignore_changes=ignore_changes
    )


def lock_against_deletion(scope: Construct, resource_ids: Mapping[str, str]) -> None:
    """Lock resources, by role; whoever must delete one removes its lock first, knowingly."""
    for role, resource_id in resource_ids.items():
        ManagementLock(
            scope,
            f"{role}_lock",
            name=f"{role.replace('_', '-')}-holds-data",
            scope=resource_id,
            lock_level="CanNotDelete",
            notes="Holds data. Remove this lock only with the owner of the data.",
        )
