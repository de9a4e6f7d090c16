"""The metadata database: each component signs in as its own identity, and no URL has a password."""

from conventions.components import LONG_RUNNING, Component
from conventions.databases import POOLER_PORT, SERVER_PORT
from environments.model import Environment
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, at, merged

TOKEN_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
NO_SECRET = "airflow-has-no-database-secret"
ROOTS = "/etc/ssl/certs/ca-certificates.crt"  # of the image; libpq brings no roots of its own
CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
# How long the migrations may take: an hour, and the time to get a node. So long a component waits
# for them, and for its role before: a pod that starts again meanwhile would fail, and be held back.
MIGRATIONS_SECONDS = 3900
SECONDS_BETWEEN_TRIES = 3
# For what has no database: most releases of the image's entry point look for one first, whatever
# they start, by a whole Airflow, and end after twenty tries. (apache/airflow#63413)
UNASKED: list[Values] = [{"name": "CONNECTION_CHECK_MAX_COUNT", "value": "0"}]


def database_values(env: Environment, infra: Infrastructure) -> Values:
    """Return the address of the database in every component but the workers.

    Workers have none: in Airflow 3 a task asks the API server. The chart's own Secret with
    a connection is neither made nor read; the image's `airflow_local_settings.py` adds the token.
    """
    return merged(
        {
            "data": {"metadataSecretName": NO_SECRET},
            "postgresql": {"enabled": False},
            "enableBuiltInSecretEnvVars": {
                "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": False,
                "AIRFLOW_CONN_AIRFLOW_DB": False,
            },
            "images": {"migrationsWaitTimeout": MIGRATIONS_SECONDS},
            # The chart would lay an empty file over the image's, which adds the token.
            "airflowLocalSettings": "",
            "config": {"azure_postgres": {"entra_token_scope": TOKEN_SCOPE}},
        },
        *(_component(env, infra, component) for component in LONG_RUNNING),
    )


def _component(env: Environment, infra: Infrastructure, component: Component) -> Values:
    user = infra.identities[component].name
    port = POOLER_PORT if env.postgres.pgbouncer else SERVER_PORT
    variables = address_variables(infra, user, port)
    if port != SERVER_PORT:
        # asyncpg prepares its statements, and they outlive the pooler's transaction.
        variables.append(
            {"name": f"{CONN}_ASYNC", "value": _url(infra, user, SERVER_PORT, "+asyncpg")}
        )
    waiting = {"env": [*address_variables(infra, user, port), *_patience()]}
    return at(component.chart_key, {"env": variables, "waitForMigrations": waiting})


def _patience() -> list[Values]:
    """Let the image's entry point wait for the component's role: the migrations make it.

    It tries twenty times by itself ("Entrypoint", Airflow's docker-stack documentation). A pod that
    fails instead starts again with pauses that grow to five minutes, while all else is ready.
    """
    tries = MIGRATIONS_SECONDS // SECONDS_BETWEEN_TRIES
    return [
        {"name": "CONNECTION_CHECK_MAX_COUNT", "value": str(tries)},
        {"name": "CONNECTION_CHECK_SLEEP_TIME", "value": str(SECONDS_BETWEEN_TRIES)},
    ]


def address_variables(infra: Infrastructure, user: str, port: int) -> list[Values]:
    """Return the variable that tells a process where the database is, and who it is there."""
    return [{"name": CONN, "value": _url(infra, user, port)}]


def _url(infra: Infrastructure, user: str, port: int, driver: str = "") -> str:
    place = f"{infra.postgres_host}:{port}/{infra.airflow_database}"
    return f"postgresql{driver}://{user}@{place}?sslmode=verify-full&sslrootcert={ROOTS}"
