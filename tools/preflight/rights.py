"""Rights: what the deployer may do, and whether anybody may sign in to Airflow."""

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from conventions.faults import Fault
from tools.preflight.deployment import Deployment
from tools.preflight.reading import Azure, Document, NotThereError

_GIVERS = {  # which role of the bootstrap holds what Contributor does not
    "Microsoft.Authorization/locks": "Locks Contributor",
    "Microsoft.Authorization/policyAssignments": "Resource Policy Contributor",
    "Microsoft.Authorization/roleAssignments": "Role Based Access Control Administrator",
}
_STATES = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
_GRAPH_READER = "Application.Read.All in Entra ID (Directory readers have it)"
SCOPES = ("openid", "profile", "email")
_DIRECTORY_READER = "Directory.Read.All in Entra ID (Directory readers have it)"
# learn.microsoft.com: "Microsoft Graph permissions reference"; the wider one holds the other
_GRAPH_ROLES = {
    "Application.ReadWrite.OwnedBy": {
        "18a4783c-866b-4cc7-a460-3d5e5662c884",
        "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",  # Application.ReadWrite.All
    },
    "AppRoleAssignment.ReadWrite.All": {"06b708a9-e830-4db3-a914-8e69da51d44f"},
}


def deployer(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """What the stacks write and the deployer may not, the roles it may not give, its states."""
    who = deployment.env.deployer_object_id
    granted = _granted(azure, deployment.subscription, who)
    wide = [one for one in granted if _above(deployment.subscription, one[0]["scope"])]
    missing: dict[str, list[str]] = {}
    for type_ in deployment.types:
        if not any(_allows(f"{type_}/write", rights) for _, rights in wide):
            missing.setdefault(_GIVERS.get(type_, "Contributor"), []).append(f"{type_}/write")
    for role, actions in missing.items():
        yield _may_not(deployment, f"may not {', '.join(actions)}", role)
    if _GIVERS["Microsoft.Authorization/roleAssignments"] not in missing:
        yield from _condition(deployment, [given for given, rights in wide if _assigns(rights)])
    yield from _states(deployment, azure, granted)


def _granted(
    azure: Azure, subscription: str, who: str
) -> list[tuple[Document, Sequence[Document]]]:
    """Return the roles of somebody in a subscription, each with what it permits."""
    path = f"{subscription}/providers/Microsoft.Authorization/roleAssignments"
    given = azure.list(path, "2022-04-01", filter=f"assignedTo('{who}')")
    return [(one["properties"], _permissions(azure, one["properties"])) for one in given]


def consent(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """Consent to the sign-in application, once it is there: Entra asks no user for it."""
    given = deployment.env.single_sign_on.application_id
    wanted = [
        ("displayName", application["display_name"])
        for application in deployment.all("azuread_application")
    ]
    for field, name in [*wanted, *([("appId", given)] if given else [])]:
        found = azure.list(
            "/v1.0/servicePrincipals", role=_GRAPH_READER, filter=f"{field} eq '{name}'"
        )
        if given and not found:
            yield Fault(
                place=deployment.place,
                key=f"single_sign_on.application_id = {given}",
                problem="there is no such application in the tenant",
                fix="ask its owner for the client id: docs/how-to/use-a-landing-zone.md",
            )
        for principal in found:
            grants = azure.list(
                f"/v1.0/servicePrincipals/{principal['id']}/oauth2PermissionGrants",
                role=_DIRECTORY_READER,
            )
            scopes = {
                scope
                for grant in grants
                if grant["consentType"] == "AllPrincipals"
                for scope in grant["scope"].split()
            }
            if lacking := [scope for scope in SCOPES if scope not in scopes]:
                yield Fault(
                    place="application in Entra ID",
                    key=name,
                    problem=f"nobody consented to {', '.join(lacking)} for all users: every "
                    "first sign-in ends in AADSTS65001",
                    allowed=", ".join(SCOPES),
                    fix=f"[environments.{deployment.env.name}] consent = true in seed.toml, and "
                    "make seed; without a seed an administrator: az ad app permission "
                    f"admin-consent --id {principal['appId']}",
                )


def directory(deployment: Deployment, azure: Azure) -> Iterator[Fault]:
    """Permissions of the deployer in Entra ID, where the stacks make the application."""
    if not any(deployment.all("azuread_application")):
        return
    who = deployment.env.deployer_object_id
    path = f"/v1.0/servicePrincipals/{who}/appRoleAssignments"
    try:
        held = {one["appRoleId"] for one in azure.list(path, role=_DIRECTORY_READER)}
    except NotThereError:
        yield Fault(
            place=deployment.place,
            key=f"deployer_object_id = {who}",
            problem="there is no such service principal in the tenant",
            allowed="the object id of the deployer's identity, not its client id",
            fix="az identity show --query principalId",
        )
        return
    for name, ids in _GRAPH_ROLES.items():
        if not held & ids:
            yield Fault(
                place=f"{deployment.place}: deployer_object_id = {who}",
                problem=f"Microsoft Graph's permission {name} is missing",
                allowed=name,
                fix="docs/how-to/bootstrap.md, part 3",
            )


def _states(
    deployment: Deployment, azure: Azure, granted: Sequence[tuple[Document, Sequence[Document]]]
) -> Iterator[Fault]:
    state = deployment.env.state
    subscription = f"/subscriptions/{state.subscription_id or deployment.env.subscription_id}"
    group = f"{subscription}/resourceGroups/{state.resource_group_name}"
    account = f"{group}/providers/Microsoft.Storage/storageAccounts/{state.storage_account_name}"
    try:
        azure.get(account, "2024-01-01")
    except NotThereError:
        yield Fault(
            place=deployment.place,
            key=f"state.storage_account_name = {state.storage_account_name}",
            problem=f"is not in the resource group {state.resource_group_name}",
            fix="make seed makes it: docs/how-to/bootstrap.md",
        )
        return
    if subscription != deployment.subscription:  # the seed's, which is not the environment's
        granted = _granted(azure, subscription, deployment.env.deployer_object_id)
    container = f"{account}/blobServices/default/containers/{state.container_name}"
    reach = [rights for given, rights in granted if _above(container, given["scope"])]
    if not any(_allows(_STATES, rights, "dataActions", "notDataActions") for rights in reach):
        yield _may_not(
            deployment,
            f"may not write states into {state.storage_account_name}",
            "Storage Blob Data Contributor",
            account,
        )


def _condition(deployment: Deployment, given: Sequence[Document]) -> Iterator[Fault]:
    """Roles of the stacks that the conditions of the deployer's assignments leave out."""
    conditions = [one.get("condition") or "" for one in given]
    if any("RoleDefinitionId" not in condition for condition in conditions):
        return  # one of them does not say which roles
    left_out = [
        name
        for name, own in deployment.roles.items()
        if not any(own in condition.lower() for condition in conditions)
    ]
    if left_out:
        yield Fault(
            place=f"deployer {deployment.env.deployer_object_id}",
            problem=f"the condition of its role does not let it give {', '.join(left_out)}",
            allowed="every role that the stacks give",
            fix="make seed writes it again: docs/how-to/bootstrap.md, part 2",
        )


def _may_not(deployment: Deployment, problem: str, role: str, scope: str = "") -> Fault:
    who = deployment.env.deployer_object_id
    return Fault(
        place=f"{deployment.place}: deployer_object_id = {who}",
        problem=problem,
        allowed=role,
        fix=f'az role assignment create --assignee-object-id {who} --role "{role}" --scope '
        f"{scope or deployment.subscription}"
        + (", with the condition of docs/how-to/bootstrap.md" if role.startswith("Role B") else ""),
    )


def _permissions(azure: Azure, given: Document) -> Sequence[Document]:
    definition = azure.get(given["roleDefinitionId"], "2022-04-01")
    found: Sequence[Document] = definition["properties"].get("permissions", ())
    return found


def _assigns(rights: Sequence[Document]) -> bool:
    return _allows("Microsoft.Authorization/roleAssignments/write", rights)


def _allows(
    action: str, rights: Sequence[Document], yes: str = "actions", no: str = "notActions"
) -> bool:
    return any(_matches(action, one, yes) and not _matches(action, one, no) for one in rights)


def _matches(action: str, permission: Mapping[str, Sequence[str]], key: str) -> bool:
    patterns = permission.get(key) or ()
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def _above(path: str, scope: str) -> bool:
    """Whether an assignment at a scope counts for a path; a management group's was listed too."""
    own = scope.lower().rstrip("/")
    management = own.startswith("/providers/microsoft.management/")
    return management or f"{path.lower()}/".startswith(f"{own}/")
