"""What is known of one environment that decides who can become whom."""

from pydantic import BaseModel, ConfigDict

from conventions.executors import DEFAULT


class _Fact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Grant(_Fact):
    """A role of Azure or of Entra ID.

    Attributes:
        who: an identity of the stacks, as `worker_identity`, or one that a person made.
        role: its name in Azure; for the database `Entra administrator`.
        on: the resource without its provider, as `key_vault.key_vault`; `subscription`, `states`
            and `Entra ID` are given by a person.
        part: of the resource: the name of a secret, or a team's folder; empty is all of it.
    """

    who: str
    role: str
    on: str
    part: str = ""


class Federation(_Fact):
    """A service account, `namespace/name`, that becomes an identity."""

    account: str
    who: str


class Secret(_Fact):
    """A secret that the stacks make in a vault."""

    name: str
    vault: str


class StorageKey(_Fact):
    """An account with its keys switched on: the state of its stack holds one that works."""

    account: str
    reachable: bool
    """Whether any network leads to the account: a private endpoint, or its public address."""


class Right(_Fact):
    """A right of a service account in the cluster, from a Role that is bound to it."""

    account: str
    namespace: str
    """`*` is the whole cluster."""
    verb: str
    resource: str


class Admission(_Fact):
    """A policy that bounds the pods which some accounts may create in a namespace.

    Attributes:
        accounts: whom it bounds.
        namespace: where.
        runs_as: the only account that such a pod may run as; empty is any.
        secrets: whether such a pod may use Secrets.
        labels: whether it may have the labels of another component.
    """

    accounts: frozenset[str]
    namespace: str
    runs_as: str = ""
    secrets: bool = True
    labels: bool = True


class Pod(_Fact):
    """Where code runs.

    Attributes:
        name: the component, as `worker`.
        namespace: where it runs.
        account: the service account, `namespace/name`.
        asks_kubernetes: whether it has a token for the API server, and a network that leads there.
        asks_airflow: whether the network leads to Airflow's API server, and with it to the
            execution API.
    """

    name: str
    namespace: str
    account: str
    asks_kubernetes: bool = True
    asks_airflow: bool = True


class ClusterSecret(_Fact):
    """A Secret of Kubernetes that holds the value of a secret of the vault."""

    namespace: str
    name: str
    secret: str


class Rows(_Fact):
    """What an identity may do with the rows of a table in Airflow's database."""

    who: str
    table: str
    rights: str


class Job(_Fact):
    """A job of a pipeline in one kind of run.

    Attributes:
        repository: `platform` or `team`.
        place: pipeline, stage and job.
        reviewed: whether what it runs was merged to main.
        approval: whether it waits for a person, by the checks on its environment.
        pool: of its agents; empty are Microsoft's.
        connections: what its tasks sign in as.
    """

    repository: str
    place: str
    reviewed: bool
    approval: bool
    pool: str
    connections: frozenset[str]


class Connection(_Fact):
    """A service connection of Azure DevOps, and the identity behind it."""

    name: str
    who: str


class Unverified(_Fact):
    """Something that hands a database token to a server whose certificate it does not verify."""

    what: str
    who: str
    """The identity that the token is of."""


class Facts(_Fact):
    """Everything that the graph is made of."""

    environment: str
    kind: str = ""
    """What it is like: `dev` or `prod`."""
    grants: tuple[Grant, ...] = ()
    federations: tuple[Federation, ...] = ()
    secrets: tuple[Secret, ...] = ()
    storage_keys: tuple[StorageKey, ...] = ()
    rights: tuple[Right, ...] = ()
    admissions: tuple[Admission, ...] = ()
    pods: tuple[Pod, ...] = ()
    cluster_secrets: tuple[ClusterSecret, ...] = ()
    rows: tuple[Rows, ...] = ()
    jobs: tuple[Job, ...] = ()
    connections: tuple[Connection, ...] = ()
    unverified: tuple[Unverified, ...] = ()
    executors: tuple[str, ...] = DEFAULT
    execution_api_outside: bool = False
    """Whether the ingress leads to the execution API."""
    local_accounts: bool = False
    """Whether the cluster's own administrator can sign in, with what the state holds."""
    left_out: tuple[str, ...] = ()
    """What could not be read here, and what it would have told."""
