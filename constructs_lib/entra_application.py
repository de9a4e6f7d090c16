"""The Entra application that Airflow's users sign in through."""

from collections.abc import Mapping, Sequence
from uuid import NAMESPACE_URL, uuid5

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_azuread.app_role_assignment import AppRoleAssignment
from cdktf_cdktf_provider_azuread.application import (
    Application,
    ApplicationApi,
    ApplicationAppRole,
    ApplicationOptionalClaims,
    ApplicationOptionalClaimsIdToken,
    ApplicationRequiredResourceAccess,
    ApplicationRequiredResourceAccessResourceAccess,
    ApplicationWeb,
    ApplicationWebImplicitGrant,
)
from cdktf_cdktf_provider_azuread.service_principal import (
    ServicePrincipal,
    ServicePrincipalFeatureTags,
)
from constructs import Construct

MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
# delegated permissions of Microsoft Graph (learn.microsoft.com: "Permissions reference")
SIGN_IN_SCOPES = {
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "profile": "14dad69e-099b-42c9-810b-d002981feec1",
    "email": "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0",
}
ROLES = {
    "Admin": "Everything, with users and configuration",
    "Op": "Runs DAGs and keeps connections, variables and pools",
    "User": "Runs DAGs",
    "Viewer": "Looks at DAGs, runs and logs",
}


def role_id(role: str) -> str:
    """Return the id of an app role: the same in every environment, whatever its value is."""
    return str(uuid5(NAMESPACE_URL, f"airflow-on-azure/app-role/Airflow.{role}"))


class SignInApplication(Construct):
    """The application with a role for each of Airflow's, given to groups, and to nobody else.

    Users without a role cannot sign in at all: assignment is required. A token names the roles in
    its claim `roles`; group claims, which overflow at 200 groups, are not used. There is no client
    secret: the API server proves itself by a federated credential, added where the cluster is.

    Entra ID shows a new service principal to some of its servers only later, and a role that is
    given meanwhile is made but not found again, which ends the deployment ("Provider produced
    inconsistent result"). `after` names what takes minutes in the same stack: roles are given then.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        display_name: str,
        redirect_uri: str,
        home_page: str,
        owners: Sequence[str],
        groups_by_role: Mapping[str, Sequence[str]],
        role_names: Mapping[str, str],
        after: Sequence[ITerraformDependable],
    ) -> None:
        super().__init__(scope, construct_id)
        self.application = Application(
            self,
            "Default",
            display_name=display_name,
            sign_in_audience="AzureADMyOrg",
            prevent_duplicate_names=True,
            owners=list(owners),
            api=ApplicationApi(requested_access_token_version=2),
            app_role=[
                ApplicationAppRole(
                    id=role_id(role),
                    value=role_names[role],
                    display_name=f"Airflow {role}",
                    description=description,
                    allowed_member_types=["User"],
                    enabled=True,
                )
                for role, description in ROLES.items()
            ],
            optional_claims=ApplicationOptionalClaims(
                id_token=[
                    ApplicationOptionalClaimsIdToken(name="email"),
                    ApplicationOptionalClaimsIdToken(name="upn"),
                ]
            ),
            required_resource_access=[
                ApplicationRequiredResourceAccess(
                    resource_app_id=MICROSOFT_GRAPH,
                    resource_access=[
                        ApplicationRequiredResourceAccessResourceAccess(id=scope_id, type="Scope")
                        for scope_id in SIGN_IN_SCOPES.values()
                    ],
                )
            ],
            web=ApplicationWeb(
                homepage_url=home_page,
                redirect_uris=[redirect_uri],
                implicit_grant=ApplicationWebImplicitGrant(
                    access_token_issuance_enabled=False, id_token_issuance_enabled=False
                ),
            ),
        )
        principal = ServicePrincipal(
            self,
            "service_principal",
            client_id=self.application.client_id,
            app_role_assignment_required=True,
            owners=list(owners),
            preferred_single_sign_on_mode="oidc",
            feature_tags=[ServicePrincipalFeatureTags(enterprise=True, hide=False)],
        )
        for role, groups in groups_by_role.items():
            for position, group in enumerate(groups):
                AppRoleAssignment(
                    self,
                    f"{role.lower()}_{position}",
                    app_role_id=role_id(role),
                    principal_object_id=group,
                    resource_object_id=principal.object_id,
                    depends_on=list(after),
                )
