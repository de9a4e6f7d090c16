"""An Azure role for an identity on one resource."""

from cdktf_cdktf_provider_azurerm.role_assignment import RoleAssignment
from constructs import Construct


def grant(
    scope: Construct,
    construct_id: str,
    *,
    role: str,
    on: str,
    to: str,
    principal_type: str = "ServicePrincipal",
) -> RoleAssignment:
    """Give the principal `to` a built-in `role` on the resource `on`; return the assignment.

    With its type Azure does not look the principal up, which fails for one that was just made
    (learn.microsoft.com: "Troubleshoot Azure RBAC").
    """
    return RoleAssignment(
        scope,
        construct_id,
        scope=on,
        role_definition_name=role,
        principal_id=to,
        principal_type=principal_type,
    )
