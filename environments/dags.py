"""Where DAGs come from: the `[teams.<name>]` tables, and `[airflow.git]`."""

from collections.abc import Mapping
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationInfo, field_validator, model_validator

from conventions.addresses import PRIVATE_RANGES_SAID, is_private
from environments.types import EACH_ONCE, HTTPS, Address, Section, Text, Uuid, refuse

TeamName = Annotated[
    str,
    Text(
        r"[a-z][a-z0-9-]{1,30}",
        "2 to 31 lower case letters, digits and hyphens, a letter first",
        "sales-data",
    ),
]
Issuer = Annotated[
    str,
    Text(
        HTTPS,
        "the issuer that the form of the team's service connection shows",
        "https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0",
    ),
]
Subject = Annotated[
    str,
    Text(
        r"[^\x00-\x1f*]{1,600}",
        "up to 600 characters of one line; a * would be taken as it stands, and match nothing",
        "repo:contoso/dags:ref:refs/heads/main",
    ),
]
# of the platform itself: of backups, all DAGs' secrets, etcd's key, and its own keys
_VAULTS = ("backup", "dag", "etcd", "key")
PLATFORM_TEAM = "platform"  # the folder of this project's own DAGs: pipelines/dags.yml


class Team(Section):
    """A team that writes DAGs; its name is that of its folder in the DAG container."""

    keep_versions_days: Annotated[
        int,
        Field(
            ge=1,
            le=365,
            description="days that a replaced version can still run; more than its longest run",
        ),
    ] = 30
    pipeline_issuer: Annotated[
        Issuer | None,
        Field(description="issuer of the tokens of the team's pipeline; with pipeline_subject"),
    ] = None
    pipeline_subject: Annotated[
        Subject | None,
        Field(
            description="subject of those tokens; the team's pipeline then writes to its folder "
            "and nowhere else",
        ),
    ] = None
    secret_owners: Annotated[
        tuple[Uuid, ...],
        Field(
            strict=False,
            description="object ids of Entra groups that write the team's secrets; the team then "
            "has a vault of its own, and what it holds begins with the team's name",
        ),
        EACH_ONCE,
    ] = ()

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.pipeline_issuer is None) != (self.pipeline_subject is None):
            missing = "pipeline_issuer" if self.pipeline_issuer is None else "pipeline_subject"
            refuse(
                f"{missing} is missing: Entra trusts the two together",
                allowed="pipeline_issuer and pipeline_subject, or neither",
                fix="copy both from the form of the team's service connection",
            )
        return self


def refuse_taken_vaults(teams: Mapping[str, Team]) -> None:
    """Refuse a team's vault that would be named as one of the platform's."""
    if taken := [name for name in _VAULTS if name in teams and teams[name].secret_owners]:
        refuse(
            f"{', '.join(taken)} with secret_owners: its vault would have the name of one of the "
            "platform's own",
            allowed=f"with a vault, any team name but {', '.join(_VAULTS)}",
            fix=f'rename it, as "{taken[0]}-team", or delete its secret_owners',
        )


_FOLDER = r"(?!\.\.?(/|$))[\w.-]+(/(?!\.\.?(/|$))[\w.-]+)*"
Folder = Annotated[
    str,
    Text(
        _FOLDER,
        "a folder of the repository, without / at either end",
        "dags",
    ),
]


class GitDags(Section):
    """A Git repository that Airflow reads DAGs from."""

    repository: Annotated[
        str,
        Text(
            rf"{HTTPS}|ssh://[\w.-]+@[A-Za-z0-9.-]+(:\d+)?/[\w.~/%+-]+",
            "an https address without credentials, or an ssh one with a user",
            "https://example.com/dags",
        ),
        Field(
            description="address of the repository; by ssh://, or where it is private, the "
            "connection that signs in comes from env_from_key_vault.AIRFLOW_CONN_GIT_DEFAULT"
        ),
    ]
    identity: Annotated[
        bool,
        Field(
            description="sign in to Azure DevOps as the pods' own identities, without a secret; "
            "each is added to the organization as a user with Read"
        ),
    ] = False
    branch: Annotated[
        str,
        Text(
            r"(?![-/.])(?!.*(\.\.|//|@\{))[\w./@+#-]+(?<![/.])",
            "the name of a branch or a tag, as git takes it",
            "main",
        ),
        Field(description="branch to follow"),
    ] = "main"
    subdirectory: Annotated[
        str,
        Text(
            rf"\.?|{_FOLDER}",
            "a folder of the repository, without / at either end; . is its root",
            "dags",
        ),
        Field(description="folder of the DAGs in it"),
    ] = "dags"
    sparse_dirs: Annotated[
        tuple[Folder, ...],
        Field(
            strict=False,
            description="folders to check out, with that of the DAGs; left out, all of them. "
            "Each clone still fetches the whole history",
        ),
    ] = ()
    private_address: Annotated[
        Address | None,
        Field(
            description="address of the Git server where it is a private one: pods that read DAGs "
            "may connect to it, at the repository's port"
        ),
    ] = None

    @property
    def port(self) -> int:
        """The port that the repository's address names, or that of https or ssh."""
        parts = urlsplit(self.repository)
        return parts.port or (22 if parts.scheme == "ssh" else 443)

    @field_validator("sparse_dirs")
    @classmethod
    def _with_dags(cls, folders: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        dags = info.data.get("subdirectory", "")
        if folders and not any(f"{dags}/".startswith(f"{folder}/") for folder in folders):
            refuse(
                f"without the folder of the DAGs, airflow.git.subdirectory = {dags}",
                allowed="folders of the repository, that of the DAGs among them",
                fix=f'add "{dags}"',
            )
        return folders

    @field_validator("identity")
    @classmethod
    def _of_azure_devops(cls, identity: bool, info: ValidationInfo) -> bool:
        host = urlsplit(info.data.get("repository", "")).hostname or ""
        ours = host == "dev.azure.com" or host.endswith(".visualstudio.com")
        if identity and not (ours and info.data["repository"].startswith("https:")):
            refuse(
                "an identity, and the repository is not one of Azure DevOps by https",
                allowed="https://dev.azure.com/<organization>/<project>/_git/<repository>",
                fix="delete identity, and give a connection from Key Vault",
            )
        return identity

    @field_validator("repository")
    @classmethod
    def _has_a_port(cls, repository: str) -> str:
        try:
            urlsplit(repository).port  # noqa: B018  # raises
        except ValueError:
            refuse("no address", allowed="a port of 0 to 65535", fix="correct the port")
        return repository

    @field_validator("private_address")
    @classmethod
    def _private(cls, address: Address | None) -> Address | None:
        if address is not None and not is_private(address):
            refuse(
                "not an address of a private network; public ones are reached without it",
                allowed=f"an address of {PRIVATE_RANGES_SAID}",
                fix="delete it, or give the address that the server's name has in your network",
            )
        return address
