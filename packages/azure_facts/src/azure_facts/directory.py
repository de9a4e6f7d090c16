"""Ids that are the same in every tenant: Microsoft Graph, built-in roles, built-in policies."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

# https://learn.microsoft.com/graph/permissions-reference
GRAPH = "00000003-0000-0000-c000-000000000000"
GRAPH_SCOPES: Mapping[str, str] = {
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
    "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
    "offline_access": "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "profile": "14dad69e-099b-42c9-810b-d002981feec1",
}
GRAPH_ROLES: Mapping[str, str] = {
    "AppRoleAssignment.ReadWrite.All": "06b708a9-e830-4db3-a914-8e69da51d44f",
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}
# https://learn.microsoft.com/azure/devops/managed-devops-pools/configure-networking
DEVOPS_INFRASTRUCTURE = "31687f79-5e43-4c1e-8c63-d9f4bff5cf8b"

_DEFINITIONS = tomllib.loads(
    Path(__file__).with_name("definitions.toml").read_text(encoding="utf-8")
)
ROLES: Mapping[str, str] = _DEFINITIONS["roles"]
"""Ids of built-in roles by their names."""
POLICIES: Mapping[str, str] = _DEFINITIONS["policies"]
"""Names of built-in policies by their ids."""
