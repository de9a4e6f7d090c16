"""The metadata database: each component signs in as its own identity, and no URL has a password."""

from conventions.components import (
    DAG_PROCESSOR,
    LONG_RUNNING,
    MIGRATIONS,
    TRIGGERER,
    WORKER,
    Component,
)
from conventions.databases import POOLER_PORT, SERVER_PORT
from environments.facts import max_connections
from environments.model import Environment
from helm_values.infrastructure import Infrastructure
from helm_values.merge import Values, at, merged

TOKEN_SCOPE = "https://ossrdbms-aad.database.windows.net/.default"
NO_SECRET = "airflow-has-no-database-secret"
ROOTS = "/etc/ssl/certs/ca-certificates.crt"  # of the image; libpq brings no roots of its own
CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
MIGRATIONS_SECONDS = 600  # that components wait for the migrations, and for their roles before
SECONDS_BETWEEN_TRIES = 3


def database_values(env: Environment, infra: Infrastructure) -> Values:
    """Return the address of the database in every component but the workers.

    Workers have none: in Airflow 3 a task talks to the API server only. The chart's own Secret with
    a connection is neither made nor read; the image's `airflow_local_settings.py` adds the token.
    """
    migrations = _env(infra, infra.identities[MIGRATIONS].name, SERVER_PORT)
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
        # A pooler that hands out a session per transaction loses the locks of a migration.
        at(MIGRATIONS.chart_key, {"args": _migrate(env, infra), "env": migrations}),
        at("databaseCleanup", _cleanup(migrations)),
    )


def _migrate(env: Environment, infra: Infrastructure) -> list[str]:
    """Migrate, then give the other identities their roles: only the owner of the tables can."""
    options = dict.fromkeys(LONG_RUNNING, "--component") | {
        DAG_PROCESSOR: "--dag-processor",
        TRIGGERER: "--triggerer",
        WORKER: "--worker",
    }
    roles = [f"{option} {infra.identities[who].name}" for who, option in options.items()]
    # tasks and Airflow share one server: whatever tasks do, half of it is left
    roles += [f"--worker-connections {max_connections(env.postgres.sku_name) // 2}"]
    roles += [f"--warehouse {infra.warehouse_database}"]
    command = f"airflow db migrate && exec python -m airflow_azure.roles {' '.join(roles)}"
    return ["bash", "-c", command]


def _cleanup(env: list[Values]) -> Values:
    """Every Sunday, what is older than the chart's 90 days: nobody has to remember it.

    It makes tables and drops them, which only the owner of the schema may.
    """
    return {
        "enabled": True,
        "skipArchive": True,
        "applyCustomEnv": False,
        "env": env,
        "serviceAccount": {"create": False, "name": MIGRATIONS.service_account.name},
    }


def _component(env: Environment, infra: Infrastructure, component: Component) -> Values:
    user = infra.identities[component].name
    port = POOLER_PORT if env.postgres.pgbouncer else SERVER_PORT
    variables = _env(infra, user, port)
    if port != SERVER_PORT:
        # asyncpg prepares its statements, and they outlive the pooler's transaction.
        variables.append(
            {"name": f"{CONN}_ASYNC", "value": _url(infra, user, SERVER_PORT, "+asyncpg")}
        )
    waiting = {"env": [*_env(infra, user, port), *_patience()]}
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


def _env(infra: Infrastructure, user: str, port: int) -> list[Values]:
    return [{"name": CONN, "value": _url(infra, user, port)}]


def _url(infra: Infrastructure, user: str, port: int, driver: str = "") -> str:
    place = f"{infra.postgres_host}:{port}/{infra.airflow_database}"
    return f"postgresql{driver}://{user}@{place}?sslmode=verify-full&sslrootcert={ROOTS}"
