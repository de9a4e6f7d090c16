"""What a team's pipeline uploads DAGs as: an identity with rights on the team's folder alone."""

from cdktf_cdktf_provider_azurerm.user_assigned_identity import UserAssignedIdentity
from constructs import Construct

from constructs_lib.grant import grant
from constructs_lib.place import Place
from constructs_lib.workload_identity import Federation, WorkloadIdentities

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
_WRITES = ("write", "add/action", "delete", "move/action", "deleteBlobVersion/action")


def add_team_upload(
    scope: Construct,
    team: str,
    *,
    place: Place,
    name: str,
    issuer: str,
    subject: str,
    container_id: str,
) -> None:
    """Make the identity of a team's connection, and let it write blobs below `<team>/` alone.

    The role is on the container, and its condition on the path: Terraform would need the data plane
    to set an access list on a folder. Whoever lists must name the folder as prefix. A condition
    bounds what is done to blobs: the role's rights on the container itself stay, deleting it too.

    Args:
        scope: the stack that holds them.
        team: name of the team and of its folder.
        place: resource group and region.
        name: Azure name of the identity.
        issuer: of the service connection's tokens; its form shows it.
        subject: of the service connection's tokens; its form shows it.
        container_id: the container that Airflow reads DAGs from.
    """
    role = f"team_{team.replace('-', '_')}"
    identity = UserAssignedIdentity(scope, f"{role}_identity", name=name, **place.at)
    WorkloadIdentities(
        scope,
        f"{role}_pipeline",
        federations={role: Federation(identity.id, issuer, subject)},
    )
    grant(
        scope,
        f"{role}_writes_its_folder",
        role="Storage Blob Data Contributor",
        on=container_id,
        to=identity.principal_id,
        condition=folder_condition(team),
    )


def folder_condition(folder: str) -> str:
    """Return the condition of a role that holds below one folder of a container.

    ("Example Azure role assignment conditions for Blob Storage": read, write or delete blobs in
    named folders, and list blobs by prefix)
    """
    reads = f"!(ActionMatches{{'{_BLOBS}/read'}} AND NOT SubOperationMatches{{'Blob.List'}})"
    others = " AND ".join(f"!(ActionMatches{{'{_BLOBS}/{action}'}})" for action in _WRITES)
    below = f"@Resource[{_BLOBS}:path] StringLike '{folder}/*'"
    lists = f"!(ActionMatches{{'{_BLOBS}/read'}} AND SubOperationMatches{{'Blob.List'}})"
    prefix = f"@Request[{_BLOBS}:prefix] StringStartsWith '{folder}/'"
    return f"(({reads} AND {others}) OR ({below})) AND (({lists}) OR ({prefix}))"
