"""An Azure role for an identity on one resource."""

from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from constructs import Construct


def grant(
    scope: Construct,
    construct_id: str,
    *,
    role: str | None = None,
    role_id: str | None = None,
    on: str,
    to: str,
    principal_type: str = "ServicePrincipal",
    condition: str | None = None,
) -> RoleAssignment:
    """Give the principal `to` a role on the resource `on`; return the assignment.

    `role` is the name of a built-in one. One of our own goes by its id: Azure finds the name of
    one that was just made late.

    A `condition` bounds it (learn.microsoft.com: "What is Azure attribute-based access control").

    With its type Azure does not look the principal up, which fails for one that was just made
    (learn.microsoft.com: "Troubleshoot Azure RBAC").
    """
    return RoleAssignment(
        scope,
        construct_id,
        scope=on,
        role_definition_name=role,
        role_definition_id=role_id,
        principal_id=to,
        principal_type=principal_type,
        condition=condition,
        condition_version="2.0" if condition else None,
    )
