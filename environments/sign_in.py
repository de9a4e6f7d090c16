"""The `[single_sign_on]` table: who may sign in to Airflow, and as what."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from environments.types import EACH_ONCE, Section, Text, Uuid, VaultName, refuse

# learn.microsoft.com: "Add app roles to your application and receive them in the token"
RoleName = Annotated[
    str,
    Text(
        r"[A-Za-z0-9!#$%&'()*+,\-/:;<=>?@\[\]^_`{|}~][A-Za-z0-9!#$%&'()*+,\-./:;<=>?@\[\]^_`{|}~]{0,119}",
        "1 to 120 letters, digits and signs, no space, no dot in front",
        "Data.Airflow.Admin",
    ),
]


class RoleNames(Section):
    """The values of the app roles: what a token says, and Airflow reads as its own role."""

    admin: Annotated[RoleName, Field(description="gives Admin")] = "Airflow.Admin"
    op: Annotated[RoleName, Field(description="gives Op")] = "Airflow.Op"
    user: Annotated[RoleName, Field(description="gives User")] = "Airflow.User"
    viewer: Annotated[RoleName, Field(description="gives Viewer")] = "Airflow.Viewer"

    @property
    def by_role(self) -> dict[str, str]:
        """The value of each of Airflow's roles, as `{"Admin": "Airflow.Admin"}`."""
        return {"Admin": self.admin, "Op": self.op, "User": self.user, "Viewer": self.viewer}

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        values = list(self.by_role.values())
        twice = sorted({value for value in values if values.count(value) > 1})
        if twice:
            refuse(
                f"{', '.join(twice)} stands for two roles, and who has it would get both",
                allowed="four different values",
                fix="rename one of the two",
            )
        return self


class SingleSignOn(Section):
    """Who may sign in to Airflow: Entra groups by Airflow role, and the application's owners."""

    redirect_uri: Annotated[
        str | None,
        Field(description="where Entra sends users back; left out, it follows from ingress.host"),
    ] = None
    client_secret: Annotated[
        VaultName | None,
        Field(
            description="secret in the vault that proves the application, where a federated "
            "credential is not allowed"
        ),
    ] = None
    application_id: Annotated[
        Uuid | None,
        Field(
            description="client id of an application of another team, which then gives the roles; "
            "left out, the application is made"
        ),
    ] = None
    session_minutes: Annotated[
        int,
        Field(ge=5, le=1440, description="minutes after which users sign in again at the latest"),
    ] = 480
    role_names: Annotated[
        RoleNames, Field(description="own names for the app roles, as a convention wants them")
    ] = RoleNames()
    owners: Annotated[
        tuple[Uuid, ...],
        Field(
            strict=False,
            description="object ids of the application's owners; one or more where it is made",
            json_schema_extra={"minItems": 1},
        ),
        EACH_ONCE,
    ] = ()
    admin_groups: Annotated[
        tuple[Uuid, ...],
        Field(
            strict=False,
            description="Entra groups: Admin; one or more where it is made",
            json_schema_extra={"minItems": 1},
        ),
        EACH_ONCE,
    ] = ()
    op_groups: Annotated[tuple[Uuid, ...], Field(strict=False, description="Op"), EACH_ONCE] = ()
    user_groups: Annotated[
        tuple[Uuid, ...], Field(strict=False, description="User"), EACH_ONCE
    ] = ()
    viewer_groups: Annotated[
        tuple[Uuid, ...], Field(strict=False, description="Viewer"), EACH_ONCE
    ] = ()

    @model_validator(mode="after")
    def _made_or_given(self) -> Self:
        people = {
            "owners": self.owners,
            "admin_groups": self.admin_groups,
            "op_groups": self.op_groups,
            "user_groups": self.user_groups,
            "viewer_groups": self.viewer_groups,
        }
        missing = [name for name in ("owners", "admin_groups") if not people[name]]
        if self.application_id is None and missing:
            refuse(
                f"without {' and '.join(missing)}: nobody could look after the sign-in",
                allowed="one object id or more in each, or the application_id of another team",
                fix=f"set single_sign_on.{' and single_sign_on.'.join(missing)}",
            )
        written = [name for name, ids in people.items() if ids]
        if self.application_id is not None and written:
            refuse(
                f"{', '.join(written)} beside application_id: the team that owns the application "
                "gives its roles, and this project does not write them",
                allowed="application_id without owners and groups",
                fix=f"delete {', '.join(written)}, and have the groups given their roles",
            )
        return self
