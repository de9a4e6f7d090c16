"""What Airflow's processes find at their start: variables, connections and pools of the company."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    JsonValue,
    StrictBool,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)

from conventions.vault_secrets import (
    API_SECRET_KEY,
    FERNET_KEY,
    JWT_SECRET,
    REDIS_PASSWORD,
)
from environments.airflow_config import options_of_the_platform
from environments.hidden import HIDDEN, may_be_secret, named_like_a_secret
from environments.types import Section, Text, VaultName, refuse

BUILT_IN_CONNECTIONS = (
    "azure_default",
    "data_lake",
    "kubernetes_default",
    "warehouse",
    "wasb_default",
)
_PLATFORMS_SECRETS = {s.name for s in (API_SECRET_KEY, FERNET_KEY, JWT_SECRET, REDIS_PASSWORD)}
# What the platform, the webhook of workload identity, Kubernetes or the image's start set
_TAKEN = re.compile(
    r"AIRFLOW_(HOME|CONFIG|REDIS_PASSWORD|UID)|_AIRFLOW_.*|AZURE_(CLIENT_ID|TENANT_ID|"
    r"FEDERATED_TOKEN_FILE|AUTHORITY_HOST)|ENTRA_.*|KUBERNETES_.*|CONNECTION_CHECK_.*|"
    r"DUMB_INIT_SETSID|PATH|HOME"
)
_OPTION = re.compile(r"AIRFLOW__([A-Z0-9_]+?)__([A-Z0-9_]+)")
_READABLE = "what stands here can be read in the cluster and in the Terraform state"
_KEY_VAULT = "keep it in Key Vault, and name it in [airflow.env_from_key_vault]"

VariableName = Annotated[
    str,
    Text(r"[A-Za-z_][A-Za-z0-9_]{0,127}", "letters, digits and _, no digit first", "STAGE"),
]
Identifier = Annotated[
    str,
    Text(r"[a-z][a-z0-9_]{0,127}", "lower case letters, digits and _, a letter first", "shop_api"),
]
Extra = StrictBool | StrictInt | StrictStr


def _names(variables: dict[str, str]) -> dict[str, str]:
    for name in variables:
        if _TAKEN.fullmatch(name):
            refuse(f"{name} is set by the platform", allowed="other names", fix=f"delete {name}")
    return variables


def _no_secret(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if _is_secret(name, value):
            _refuse_secret(name)
    return variables


def _is_secret(name: str, value: str) -> bool:
    """Tell whether a value may be a secret by its name; an address or a switch is none."""
    plain = re.fullmatch(r"|https://[^\s@?]*|true|false|True|False|\d{1,9}", value)
    return may_be_secret(value) or (named_like_a_secret(name) and not plain)


def _refuse_secret(name: str) -> None:
    refuse(
        f"{name} = {HIDDEN}: {_READABLE}",
        allowed="values that everybody may read",
        fix=_KEY_VAULT,
    )


def _not_airflows(variables: dict[str, str]) -> dict[str, str]:
    tables = {
        "AIRFLOW__": "airflow.config.<section>",
        "AIRFLOW_CONN_": "airflow.connections.<id>",
        "AIRFLOW_VAR_": "airflow.variables",
    }
    for name in variables:
        for prefix, table in tables.items():
            if name.startswith(prefix):
                refuse(
                    f"{name} has a table of its own",
                    allowed=f"names that do not begin with {prefix}",
                    fix=f"write it in [{table}]",
                )
    return variables


def _secrets(variables: dict[str, str]) -> dict[str, str]:
    for name, secret in variables.items():
        option = _OPTION.fullmatch(name)
        place = option and options_of_the_platform().get(".".join(option.groups()).lower())
        if place:
            refuse(f"{name} is set by the platform", allowed="other names", fix=place)
        if secret.lower() in _PLATFORMS_SECRETS:
            refuse(
                f"{name} = {secret} is a secret of the platform, which no task may read",
                allowed="secrets that your company has put into the vault",
                fix="give the name of one of them",
            )
    names = set(variables.values())
    if len({name.lower() for name in names}) < len(names):
        refuse(
            "spells one secret in two ways, and Key Vault knows no upper case",
            allowed="one spelling",
            fix="write it alike",
        )
    return variables


Environment = Annotated[
    dict[VariableName, str],
    Field(
        default_factory=dict,
        description="environment variables of all pods of Airflow, tasks included; no secrets",
    ),
    AfterValidator(_not_airflows),
    AfterValidator(_names),
    AfterValidator(_no_secret),
]
EnvironmentFromKeyVault = Annotated[
    dict[VariableName, VaultName],
    Field(
        default_factory=dict,
        description="environment variables of all pods of Airflow, tasks included, each with the "
        "name of its secret in the environment's vault; without it pods do not start",
    ),
    AfterValidator(_names),
    AfterValidator(_secrets),
]


class Connection(Section):
    """An Airflow connection without a secret; its id is the table's name."""

    conn_type: Annotated[
        str,
        Text(r"[a-z][a-z0-9_]{0,63}", "the type that the provider's page names", "http"),
        Field(description="type, as the provider of its hook names it"),
    ]
    host: Annotated[str | None, Field(description="name of the server, or its address")] = None
    port: Annotated[int | None, Field(ge=1, le=65535, description="port")] = None
    login: Annotated[str | None, Field(description="who signs in, without a password")] = None
    db_schema: Annotated[
        str | None, Field(alias="schema", description="database, or what the hook takes it for")
    ] = None
    extra: Annotated[
        dict[str, Extra | list[Extra]],
        Field(default_factory=dict, description="what else the hook reads; no secrets"),
    ]

    @property
    def as_airflow_reads_it(self) -> dict[str, Any]:
        """The connection as Airflow reads it from JSON."""
        given = self.model_dump(exclude_none=True, by_alias=True)
        return {key: value for key, value in given.items() if value != {}}


def _open_connections(connections: dict[str, Connection]) -> dict[str, Connection]:
    for name, connection in connections.items():
        if name in BUILT_IN_CONNECTIONS:
            refuse(
                f"{name} is a connection of the platform",
                allowed=f"any id but {', '.join(BUILT_IN_CONNECTIONS)}",
                fix=f"rename {name}",
            )
        for key, value in _texts(connection.as_airflow_reads_it):
            if _is_secret(key, value):
                _refuse_secret(f"{name}.{key}")
    return connections


def _texts(value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _texts(inner)
        else:
            yield key, str(inner)


def _password(values: Any) -> Any:
    if isinstance(values, dict) and "password" in values:
        refuse(
            f"a password: {_READABLE}",
            allowed="connections that need none",
            fix="delete it; keep the connection in Key Vault",
        )
    return values


class Pool(Section):
    """An Airflow pool: how many tasks of a kind run at once."""

    slots: Annotated[int, Field(ge=0, le=100_000, description="tasks at once; 0 stops them")]
    description: Annotated[str, Field(max_length=500, description="what it bounds")] = ""
    include_deferred: Annotated[
        bool, Field(description="deferred tasks keep their slot while they wait")
    ] = False


Connections = Annotated[
    dict[Identifier, Annotated[Connection, BeforeValidator(_password)]],
    Field(
        default_factory=dict,
        description="connections without secrets, by id; they need no database, and no page of "
        "Airflow lists them",
    ),
    AfterValidator(_open_connections),
]
Variables = Annotated[
    dict[Identifier, str],
    Field(
        default_factory=dict,
        description="Airflow variables without secrets; no page of Airflow lists them",
    ),
    AfterValidator(_no_secret),
]


def _plain_values(values: dict[str, Any]) -> dict[str, Any]:
    for key, value in _texts(values):
        if may_be_secret(value):
            _refuse_secret(key)
    return values


ChartValues = Annotated[
    dict[str, JsonValue],
    Field(
        default_factory=dict,
        description="values of Airflow's Helm chart, laid over those of the platform: tables are "
        "joined, lists follow each other, all else is replaced, commands too; the policy gate "
        "renders the chart and looks at what it makes",
    ),
    AfterValidator(_plain_values),
    WithJsonSchema({"type": "object"}),
]
PoolName = Annotated[str, Text(r"[\w.-]{1,256}", "1 to 256 letters, digits, . _ -", "shop_api")]
Pools = Annotated[
    dict[PoolName, Pool],
    Field(
        default_factory=dict,
        description="pools by name, set at each deployment; one that is deleted here stays in "
        "Airflow until somebody deletes it there",
    ),
]
