"""The `[airflow]`, `[ingress]` and `[single_sign_on]` tables: what users of Airflow see."""

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from environments.types import (
    EACH_ONCE,
    Address,
    DnsZoneId,
    Email,
    HostName,
    Section,
    Uuid,
    form,
    refuse,
)

VaultName = Annotated[
    str, form(r"[0-9A-Za-z-]{1,127}", "1 to 127 letters, digits and hyphens", "airflow-tls")
]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        refuse(
            "not a time zone of the IANA database",
            allowed="UTC, or a name of region and city",
            fix='for example "Europe/Berlin"',
        )
    return name


TimeZone = Annotated[
    str,
    form(
        r"UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+){1,2}",
        "UTC, or a region and a city of the IANA database",
        "Europe/Berlin",
    ),
    AfterValidator(lambda name: name if name == "UTC" else _known_zone(name)),
]
FLOATING_TAGS = {"latest", "main", "master", "stable", "dev", "edge"}


TeamName = Annotated[
    str,
    form(
        r"[a-z][a-z0-9-]{1,30}",
        "2 to 31 lower case letters, digits and hyphens, a letter first",
        "sales-data",
    ),
]
Issuer = Annotated[
    str,
    form(
        r"https://[^\s]+",
        "the issuer that the form of the team's service connection shows",
        "https://login.microsoftonline.com/22222222-2222-4222-8222-222222222222/v2.0",
    ),
]
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
        str | None,
        Field(
            min_length=1,
            max_length=600,
            description="subject of those tokens; the team's pipeline then writes to its folder "
            "and nowhere else",
        ),
    ] = None

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


class GitDags(Section):
    """A Git repository that Airflow reads DAGs from."""

    repository: Annotated[
        str,
        form(
            r"https://[^\s@]+", "an https address without credentials", "https://example.com/dags"
        ),
        Field(description="address of the repository"),
    ]
    branch: Annotated[str, Field(min_length=1, description="branch to follow")] = "main"
    subdirectory: Annotated[str, Field(description="folder of the DAGs in it")] = "dags"
    private_address: Annotated[
        Address | None,
        Field(
            description="address of the Git server where it is a private one: pods that read DAGs "
            "may connect to it, at the repository's port"
        ),
    ] = None

    @property
    def port(self) -> int:
        """The port that the repository's address names, or 443."""
        return urlsplit(self.repository).port or 443

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
        if address is not None and (not address.is_private or address.is_link_local):
            refuse(
                "not an address of a private network; public ones are reached without it",
                allowed="an address of 10/8, 172.16/12 or 192.168/16",
                fix="delete it, or give the address that the server's name has in your network",
            )
        return address


class Airflow(Section):
    """The Airflow release: image, executor, replicas, and where DAGs come from."""

    image_repository: Annotated[
        str,
        form(r"[a-z0-9]+([/_-][a-z0-9]+)*", "lower case path in the registry", "airflow"),
        Field(description="repository in the registry"),
    ] = "airflow"
    image_tag: Annotated[
        str,
        form(r"\w[\w.-]{0,127}", "1 to 128 letters, digits, . _ -", "3.3.2-4f2c9d1"),
        Field(description="immutable tag of the image, version and commit"),
    ]
    executor: Annotated[
        Literal["KubernetesExecutor", "CeleryExecutor"],
        Field(description="one pod per task, or long-lived workers scaled by KEDA"),
    ] = "KubernetesExecutor"
    dags: Annotated[
        Literal["blob", "git", "image"],
        Field(description="DAGs from the blob container, a Git repository, or the image"),
    ] = "blob"
    git: Annotated[GitDags | None, Field(description='repository, when dags = "git"')] = None
    scheduler_replicas: Annotated[int, Field(ge=1, le=10, description="schedulers")] = 2
    api_server_replicas: Annotated[int, Field(ge=1, le=20, description="API servers, fewest")] = 2
    api_server_max_replicas: Annotated[
        int, Field(ge=1, le=50, description="API servers under load")
    ] = 4
    triggerer_replicas: Annotated[int, Field(ge=1, le=10, description="triggerers")] = 2
    dag_processor_replicas: Annotated[int, Field(ge=1, le=10, description="DAG processors")] = 1
    celery_max_workers: Annotated[
        int, Field(ge=1, le=500, description="most workers KEDA starts, with CeleryExecutor")
    ] = 10
    parallelism: Annotated[int, Field(ge=1, le=10000, description="running tasks at most")] = 32
    time_zone: Annotated[
        TimeZone,
        Field(description="zone of the times and cron schedules in DAGs that name none"),
    ] = "UTC"
    dags_paused_at_creation: Annotated[
        bool, Field(description="a new DAG runs only after somebody switched it on")
    ] = True
    scratch_volume: Annotated[
        bool,
        Field(description="mount the data container by blobfuse2 for tools that need a folder"),
    ] = False

    @field_validator("image_tag")
    @classmethod
    def _immutable(cls, tag: str) -> str:
        if tag in FLOATING_TAGS:
            refuse(
                "a tag that moves: workers would run another image than the scheduler",
                allowed="a tag that is written once, version and commit",
                fix='for example "3.3.2-4f2c9d1"',
            )
        return tag

    @field_validator("git")
    @classmethod
    def _source(cls, git: GitDags | None, info: ValidationInfo) -> GitDags | None:
        if git is not None and info.data.get("dags") not in (None, "git"):
            refuse(
                f'without effect while airflow.dags = "{info.data["dags"]}"',
                allowed='only together with dags = "git"',
                fix='delete the table, or set dags = "git"',
            )
        return git

    @field_validator("api_server_max_replicas")
    @classmethod
    def _most(cls, most: int, info: ValidationInfo) -> int:
        fewest = info.data.get("api_server_replicas", 1)
        if most < fewest:
            refuse(
                f"fewer than api_server_replicas = {fewest}",
                allowed=f"{fewest} or more",
                fix="raise it, or lower api_server_replicas",
            )
        return most


class Ingress(Section):
    """How browsers reach Airflow: through NGINX, by TLS, on one host name."""

    host: Annotated[HostName, Field(description="host name of the user interface")]
    internal: Annotated[bool, Field(description="load balancer with a private address only")] = True
    replicas: Annotated[int, Field(ge=2, le=20, description="NGINX controllers")] = 2
    certificate: Annotated[
        Literal["letsencrypt", "key_vault"],
        Field(description="from Let's Encrypt by DNS-01, or a certificate kept in Key Vault"),
    ] = "letsencrypt"
    dns_zone_id: Annotated[
        DnsZoneId | None,
        Field(description="public DNS zone of the host, for Let's Encrypt's DNS-01"),
    ] = None
    key_vault_certificate: Annotated[
        VaultName | None, Field(description="name of the certificate in the vault")
    ] = None
    contact: Annotated[Email | None, Field(description="mail address for expiry notices")] = None

    @field_validator("dns_zone_id")
    @classmethod
    def _zone_holds_host(cls, zone: str | None, info: ValidationInfo) -> str | None:
        host = info.data.get("host")
        if zone is not None and host is not None:
            name = zone.rsplit("/", 1)[1]
            if not host.endswith(f".{name}"):
                refuse(
                    f"the zone {name} does not hold ingress.host = {host}",
                    allowed="the zone that the host name ends in",
                    fix="correct the host, or give its zone",
                )
        return zone


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
