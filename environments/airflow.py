"""The `[airflow]` table: the release, its executors, and how Airflow is set."""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from conventions.executors import DEFAULT, PODS, WORKERS, Executor
from conventions.service_accounts import MICROSOFTS_NAMESPACES, OWN_NAMESPACES
from environments.airflow_config import AirflowConfig
from environments.airflow_data import (
    ChartValues,
    Connections,
    Environment,
    EnvironmentFromKeyVault,
    Pools,
    Variables,
)
from environments.dags import GitDags
from environments.resources import ComponentResources
from environments.types import EACH_ONCE, Section, Text, Uuid, refuse


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
    Text(
        r"UTC|[A-Z][A-Za-z_]+(/[A-Z][A-Za-z_-]+){1,2}",
        "UTC, or a region and a city of the IANA database",
        "Europe/Berlin",
    ),
    AfterValidator(lambda name: name if name == "UTC" else _known_zone(name)),
]
Digest = Annotated[
    str,
    Text(r"sha256:[0-9a-f]{64}", "sha256: and 64 hexadecimal digits", f"sha256:{'0f' * 32}"),
]


def _at_least_one(executors: tuple[Executor, ...]) -> tuple[Executor, ...]:
    if not executors:  # min_length would say so of a list with a wrong name, too
        refuse(
            "nothing runs tasks",
            allowed=f'"{PODS}", "{WORKERS}", or both, the default first',
            fix=f'write executors = ["{PODS}"], or delete the line',
        )
    return executors


FLOATING_TAGS = {"latest", "main", "master", "stable", "dev", "edge"}


Namespace = Annotated[
    str,
    Text(
        r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?",
        "a namespace's name: up to 63 lower case letters, digits and hyphens",
        "spark",
    ),
]


def _others(namespaces: tuple[str, ...]) -> tuple[str, ...]:
    taken = sorted(set(namespaces) & {*OWN_NAMESPACES, *MICROSOFTS_NAMESPACES, "default"})
    if taken:
        refuse(
            f"{', '.join(taken)} belongs to the platform, and tasks do not call its pods",
            allowed="namespaces of your company's own services",
            fix="delete it; Airflow's API server is reached without",
        )
    return namespaces


_FEWEST = {
    "celery_max_workers": "celery_min_workers",
    "api_server_max_replicas": "api_server_replicas",
}


class Airflow(Section):
    """The Airflow release: image, executors, replicas, and where DAGs come from."""

    image_repository: Annotated[
        str,
        Text(
            r"[a-z0-9]+((/|[._]|__|-+)[a-z0-9]+)*",
            "a path in the registry: lower case letters and digits, between them / . _ -",
            "airflow",
        ),
        Field(description="repository in the registry"),
    ] = "airflow"
    image_tag: Annotated[
        str,
        Text(r"\w[\w.-]{0,127}", "1 to 128 letters, digits, . _ -", "3.3.2-4f2c9d1"),
        Field(description="immutable tag of the image, version and commit"),
    ]
    image_digest: Annotated[
        Digest | None,
        Field(
            description="digest of the image, which the pipeline of the image prints: every pod "
            "names it beside the tag, and the deployment checks its signature"
        ),
    ] = None
    executors: Annotated[
        tuple[Executor, ...],
        Field(
            strict=False,
            description="a pod for each task, long-lived workers scaled by KEDA, or both: the "
            "first runs tasks that name no `executor=` of their own",
        ),
        AfterValidator(_at_least_one),
        EACH_ONCE,
    ] = DEFAULT
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
    celery_min_workers: Annotated[
        int,
        Field(
            ge=1,
            le=500,
            description="workers that KEDA keeps while nothing runs, with CeleryExecutor: a short "
            "task starts at once",
        ),
    ] = 1
    celery_max_workers: Annotated[
        int, Field(ge=1, le=500, description="most workers KEDA starts, with CeleryExecutor")
    ] = 10
    celery_tasks_per_worker: Annotated[
        int,
        Field(ge=1, le=200, description="tasks that a worker runs at once, with CeleryExecutor"),
    ] = 8
    warm_tasks: Annotated[
        int,
        Field(
            ge=0,
            le=500,
            description="tasks that find room on a node at once while the pools grow and shrink: "
            "pods of that size hold it, and cost the nodes that they stand on",
        ),
    ] = 0
    parallelism: Annotated[int, Field(ge=1, le=10000, description="running tasks at most")] = 32
    secret_owners: Annotated[
        tuple[Uuid, ...],
        Field(
            strict=False,
            description="object ids of Entra groups that write the secrets of all DAGs, in a "
            "vault of their own; teams may have theirs apart: [teams.<name>]",
        ),
        EACH_ONCE,
    ] = ()
    time_zone: Annotated[
        TimeZone,
        Field(description="zone of the times and cron schedules in DAGs that name none"),
    ] = "UTC"
    dags_paused_at_creation: Annotated[
        bool, Field(description="a new DAG runs only after somebody switched it on")
    ] = True
    database_retention_days: Annotated[
        int,
        Field(
            ge=7,
            le=3650,
            description="days that runs, task instances, XComs and events stay in Airflow's "
            "database; older ones are deleted every night",
        ),
    ] = 90
    scratch_volume: Annotated[
        bool,
        Field(description="mount the data container by blobfuse2 for tools that need a folder"),
    ] = False
    resources: Annotated[
        ComponentResources, Field(description="CPU, memory and disk of each component")
    ] = ComponentResources()
    task_namespaces: Annotated[
        tuple[Namespace, ...],
        Field(
            strict=False,
            description="namespaces of the cluster that tasks, their pods and triggers may call, "
            "as those of Spark, Trino or MLflow",
        ),
        AfterValidator(_others),
        EACH_ONCE,
    ] = ()
    config: AirflowConfig
    env: Environment
    env_from_key_vault: EnvironmentFromKeyVault
    connections: Connections
    variables: Variables
    pools: Pools
    chart_values: ChartValues

    @property
    def runs_pods(self) -> bool:
        """Whether tasks may run in a pod of their own."""
        return PODS in self.executors

    @property
    def runs_workers(self) -> bool:
        """Whether tasks may run in Celery's workers."""
        return WORKERS in self.executors

    @property
    def signs_in_to_git(self) -> bool:
        """Whether the connection to the Git server comes from Key Vault."""
        return "AIRFLOW_CONN_GIT_DEFAULT" in self.env_from_key_vault

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

    @field_validator("celery_max_workers", "api_server_max_replicas")
    @classmethod
    def _most(cls, most: int, info: ValidationInfo) -> int:
        lowest = _FEWEST[str(info.field_name)]
        fewest = info.data.get(lowest, 1)
        if most < fewest:
            refuse(
                f"fewer than {lowest} = {fewest}",
                allowed=f"{fewest} or more",
                fix=f"raise it, or lower {lowest}",
            )
        return most
