"""Makes of facts a graph: whoever holds what an arrow leaves holds what it leads to."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import networkx

from conventions.executors import PODS
from conventions.service_accounts import AIRFLOW_NAMESPACE, MIGRATIONS_NAMESPACE
from tools.attack_paths.cluster import POD_OF_TASK
from tools.attack_paths.facts import Admission, Facts, Grant, Right

ADMIN = "Airflow Admin"
CLUSTER_ADMIN = "cluster administrator"
CONNECTIONS = "the password of every connection"
DATABASE_ADMIN = "database administrator"
DAG_FILES = "DAG files"
DEPLOYER = "deployer"
IMAGE = "the Airflow image"
STATES = "Terraform's states"
TENANT = "administrator of the tenant"
# what people and code start from
DAG_AUTHOR = "a DAG author"
MERGE = "a merge to main that nobody approved"
PLANNER = "planner"
PULL_REQUEST = "a pull request in the platform's repository"
REVIEWER = "reviewer"
TEAM_PULL_REQUEST = "a pull request in a team's repository"
TOKEN = "a stolen token of a task"
SIGNED_IN = {role: f"a signed-in {role}" for role in ("Viewer", "User", "Op")}

READS_SECRETS = {"Key Vault Secrets User", "Key Vault Secrets Officer", "Key Vault Administrator"}
WRITES_BLOBS = {"Storage Blob Data Contributor", "Storage Blob Data Owner"}
READS_BLOBS = WRITES_BLOBS | {"Storage Blob Data Reader"}
OWNS_CLUSTER = {"Azure Kubernetes Service RBAC Cluster Admin"}
# whoever has one can give itself any other permission in the tenant
OWNS_TENANT = {"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"}
# what runs in a pod that a DAG file or a row can choose
CODE = {"worker": "runs its tasks", "dag-processor": "imports it", "triggerer": "runs its triggers"}
JWT_SECRET, FERNET_KEY = "airflow-jwt-secret", "airflow-fernet-key"
RUNS_COMMANDS = {
    ("create", "pods/exec"),
    ("get", "pods/exec"),
    ("create", "pods/attach"),
    ("update", "pods/ephemeralcontainers"),
    ("patch", "pods/ephemeralcontainers"),
}


class Edge(NamedTuple):
    """One step: `start` has, or becomes, `end`."""

    start: str
    end: str
    words: str
    given: bool = False
    """Whether somebody gave this right, and could take it away."""


def pod(name: str) -> str:
    """Return the node of the code that runs in a component."""
    return f"code in {'the ' if name != POD_OF_TASK else 'a '}{name}"


def secret(name: str) -> str:
    """Return the node of a secret in the vault."""
    return f"secret {name}"


def between(what: str) -> str:
    """Return the node of whoever can answer in the database's place."""
    return f"somebody between {what} and the database"


def agents(pool: str) -> str:
    """Return the node of the agents of a pool."""
    return f"agents {pool}"


def build(facts: Facts) -> "networkx.DiGraph[str]":
    """Return the graph; an edge has `words` and `given`.

    Of two reasons for one step the first is kept: a step is a step.
    """
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    rules: list[Callable[[Facts], Iterator[Edge]]] = [
        _delivery,
        _identities,
        _roles,
        _secrets,
        _kubernetes,
        _rows,
        _airflow,
    ]
    for rule in rules:
        for edge in rule(facts):
            if edge.start != edge.end and not graph.has_edge(edge.start, edge.end):
                graph.add_edge(edge.start, edge.end, words=edge.words, given=edge.given)
    return graph


def _delivery(facts: Facts) -> Iterator[Edge]:
    """Pipelines: what runs unreviewed, on which agents, signed in as whom."""
    starts = {"platform": PULL_REQUEST, "team": TEAM_PULL_REQUEST}
    behind = {connection.name for connection in facts.connections}
    for job in facts.jobs:
        start = DAG_AUTHOR if job.repository == "team" else MERGE
        start = start if job.reviewed else starts[job.repository]
        here = [name for name in sorted(job.connections) if name in behind]
        if job.pool:
            if not job.reviewed:
                yield Edge(start, agents(job.pool), f"runs on them ({job.place})", given=True)
            for name in here:
                yield Edge(agents(job.pool), f"connection {name}", f"sign in by it ({job.place})")
        if not job.approval:
            for name in here:
                yield Edge(start, f"connection {name}", f"signs in by it ({job.place})", given=True)
    for connection in facts.connections:
        yield Edge(f"connection {connection.name}", connection.who, "is it")


def _identities(facts: Facts) -> Iterator[Edge]:
    """Pods and service accounts, and the identities that they become."""
    becomes = {federation.account: federation.who for federation in facts.federations}
    for account, who in becomes.items():
        yield Edge(f"account {account}", who, "becomes it by its token", given=True)
    for running in facts.pods:
        if running.account in becomes:
            yield Edge(pod(running.name), becomes[running.account], "signs in to Azure as it")
        if running.asks_kubernetes:
            yield Edge(pod(running.name), f"account {running.account}", "has its token")


def _roles(facts: Facts) -> Iterator[Edge]:
    """Roles of Azure and Entra ID, as far as they lead on."""
    for grant in facts.grants:
        role, who = f"has {grant.role}", grant.who
        yield from _of_vault(facts, grant)
        if grant.role in WRITES_BLOBS and grant.on.endswith("data_lake_dags_container"):
            where = f" below {grant.part}/" if grant.part else ""
            yield Edge(who, DAG_FILES, f"{role} on the container of DAGs{where}", given=True)
        if grant.role in READS_BLOBS and grant.on == "states":
            yield Edge(who, STATES, f"{role} on them", given=True)
        if grant.role == "AcrPush":
            yield Edge(who, IMAGE, f"{role} on {grant.on}", given=True)
        if grant.role == "Entra administrator":
            yield Edge(who, DATABASE_ADMIN, f"is {grant.role} of the server", given=True)
        if grant.role in OWNS_CLUSTER:
            yield Edge(who, CLUSTER_ADMIN, f"{role} on {grant.on}", given=True)
        if grant.role in OWNS_TENANT:
            yield Edge(who, TENANT, f"{role}: gives itself any other permission", given=True)
        if (grant.role, grant.on) == ("Contributor", "subscription"):
            yield Edge(who, DATABASE_ADMIN, f"{role}: names itself administrator", given=True)
    for key in facts.storage_keys:
        if key.reachable:
            yield Edge(STATES, f"key of {key.account}", "hold the key, and a network leads there")
    if facts.local_accounts:
        yield Edge(STATES, CLUSTER_ADMIN, "hold the certificate of the cluster's administrator")


def _of_vault(facts: Facts, grant: Grant) -> Iterator[Edge]:
    """The secrets that a role on a vault, or on one secret of it, reads."""
    if grant.role not in READS_SECRETS:
        return
    who, words = grant.who, f"has {grant.role} on {grant.on}"
    inside = [s.name for s in facts.secrets if s.vault == grant.on]
    for name in [grant.part] if grant.part else inside:
        yield Edge(who, secret(name), words, given=True)
    if not (grant.part or inside):  # what people put there
        yield Edge(who, f"secrets of {grant.on}", words, given=True)


def _secrets(facts: Facts) -> Iterator[Edge]:
    for made in facts.cluster_secrets:
        name = f"Secret {made.namespace}/{made.name}"
        yield Edge(name, secret(made.secret), "holds its value")
    yield Edge(secret(JWT_SECRET), ADMIN, "signs a token in the name of any user")


def _kubernetes(facts: Facts) -> Iterator[Edge]:
    """Rights in the cluster, within what admission lets through."""
    for right in facts.rights:
        start = f"account {right.account}"
        by = f"may {right.verb} {right.resource} in {right.namespace}"
        if right.namespace == "*" and {right.verb, right.resource} == {"*"}:
            yield Edge(start, CLUSTER_ADMIN, by, given=True)
        if (right.verb, right.resource) in RUNS_COMMANDS or "*" in (right.verb, right.resource):
            for running in facts.pods:
                if right.namespace in ("*", running.namespace):
                    yield Edge(start, pod(running.name), f"{by}: runs commands there", given=True)
        if (right.verb, right.resource) == ("create", "pods"):
            yield from _created(facts, start, right, f"{by}: starts one of its own")
        if right.resource == "secrets" and right.verb in ("get", "list", "watch", "*"):
            for made in facts.cluster_secrets:
                if right.namespace in ("*", made.namespace):
                    yield Edge(start, f"Secret {made.namespace}/{made.name}", by, given=True)
    yield Edge(CLUSTER_ADMIN, pod("api-server"), "runs commands there")
    for running in facts.pods:
        yield Edge(CLUSTER_ADMIN, pod(running.name), "runs commands there")
        if running.namespace in (AIRFLOW_NAMESPACE, MIGRATIONS_NAMESPACE):
            yield Edge(IMAGE, pod(running.name), "is what runs there")


def _created(facts: Facts, start: str, right: Right, words: str) -> Iterator[Edge]:
    """What a pod can be that an account creates, admission considered.

    The scheduler creates what a DAG file's `executor_config` asks for: whoever writes DAG files, or
    the rows that they become, creates pods with the scheduler's right.
    """
    starts = [start]
    if "scheduler" in right.account and PODS in facts.executors:
        starts += [DAG_FILES, pod("worker")]
        words += ", by a DAG's executor_config"
    bounds = [a for a in facts.admissions if _binds(a, right)]
    accounts = {p.account for p in facts.pods if right.namespace in ("*", p.namespace)}
    allowed = [a for a in sorted(accounts) if all(_may_run(b, a) for b in bounds)]
    for begin in starts:
        for account in allowed:
            yield Edge(begin, f"account {account}", words, given=True)
        if right.namespace in ("*", AIRFLOW_NAMESPACE) and all(b.labels for b in bounds):
            by = f"{words}, with the labels of the API server: it is sent a sign-in"
            yield Edge(begin, ADMIN, by, given=True)
        for made in facts.cluster_secrets:
            if right.namespace in ("*", made.namespace) and all(b.secrets for b in bounds):
                name = f"Secret {made.namespace}/{made.name}"
                yield Edge(begin, name, f"{words}, which mounts it", given=True)


def _binds(admission: Admission, right: Right) -> bool:
    return right.account in admission.accounts and admission.namespace == right.namespace


def _may_run(admission: Admission, account: str) -> bool:
    return not admission.runs_as or account.endswith(f"/{admission.runs_as}")


def _rows(facts: Facts) -> Iterator[Edge]:
    """What the rows that an identity may write, or read, lead to."""
    writes = {(r.who, r.table) for r in facts.rows if {"INSERT", "UPDATE"} & _words(r.rights)}
    reads = {(r.who, r.table) for r in facts.rows if "SELECT" in _words(r.rights)}
    vaults = {made.vault for made in facts.secrets}
    opens = {
        grant.who
        for grant in facts.grants
        if grant.role in READS_SECRETS
        and (grant.part == FERNET_KEY or (grant.on in vaults and not grant.part))
    }
    for who, table in sorted(writes):
        by = f"may write the table {table}"
        if table in ("ab_user", "ab_user_role", "ab_permission_view_role", "ab_role"):
            yield Edge(who, ADMIN, f"{by}: gives itself the role", given=True)
        if table == "session":
            yield Edge(who, ADMIN, f"{by}: makes a session of an Admin", given=True)
        if table == "trigger":
            yield Edge(who, pod("triggerer"), f"{by}: names the code of a trigger", given=True)
        if table == "serialized_dag":
            yield Edge(who, pod("worker"), f"{by}: names the code of a task", given=True)
        if table == "task_instance":
            yield Edge(who, pod("scheduler"), f"{by}: it unpickles executor_config", given=True)
        if table == "log_template":
            yield Edge(who, pod("api-server"), f"{by}: it renders the template", given=True)
    for who in sorted({who for who, table in reads if table == "connection"} & opens):
        yield Edge(
            who, CONNECTIONS, "reads the rows, and the Fernet key that opens them", given=True
        )
    for open_to in facts.unverified:
        token = f"database token of {open_to.who}"
        words = "shows a certificate of its own, which is not verified, and is handed it"
        yield Edge(between(open_to.what), token, words, given=True)
        if (open_to.who, "ab_user_role") in writes:
            yield Edge(token, ADMIN, "signs in for an hour, and gives itself the role")
    yield Edge(DATABASE_ADMIN, ADMIN, "gives itself the role in the table ab_user_role")


def _words(rights: str) -> set[str]:
    """Return the rights on whole rows: one on a column alone shows no row."""
    return {right.strip() for right in rights.split(",")}


def _airflow(facts: Facts) -> Iterator[Edge]:
    """Airflow itself: what DAG files become, and what its API hands out."""
    yield Edge(DAG_AUTHOR, DAG_FILES, "merges them")
    for running in facts.pods:
        if running.name in CODE:
            yield Edge(DAG_FILES, pod(running.name), CODE[running.name])
        if running.name == "worker" and running.asks_airflow:
            yield Edge(pod("worker"), CONNECTIONS, "asks the execution API for it", given=True)
    if facts.execution_api_outside:
        words = "asks the execution API for it, through the ingress"
        yield Edge(TOKEN, CONNECTIONS, words, given=True)
    words = "changes where a connection leads: its password goes there"
    yield Edge(SIGNED_IN["Op"], CONNECTIONS, words, given=True)
    yield Edge(ADMIN, CONNECTIONS, words)
