"""The real parts behind this folder's tests."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_azure.certificates import CertificateFiles

from tests.parts.azurite import Azurite, azurite
from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome, Conversation
from tests.runtime.authority import Authority, authority
from tests.runtime.lab import PREAMBLE, Lab
from tests.runtime.live import LiveAirflow, live_airflow

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"


@pytest.fixture(scope="session")
def token_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """One token endpoint for the session."""
    with authority(tmp_path_factory.mktemp("entra")) as made:
        yield made


@pytest.fixture
def entra(token_endpoint: Authority) -> Authority:
    """The endpoint with another token, and with no memory of earlier tests."""
    token_endpoint.reset()
    return token_endpoint


@pytest.fixture
def database(airflow: Path, tmp_path: Path, postgres: Postgres, entra: Authority) -> AirflowHome:
    """Airflow that signs in to the server with the current token, and with nothing else."""
    postgres.accept_only(entra.token)
    return signed_in(airflow, tmp_path, postgres, entra)


@pytest.fixture(scope="session")
def warm_airflow(
    airflow: Path,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: Postgres,
    token_endpoint: Authority,
) -> Iterator[Conversation]:
    """A process that has imported Airflow, to fork from."""
    home = signed_in(airflow, tmp_path_factory.mktemp("home"), postgres, token_endpoint)
    home.environment |= dag_connections(postgres)
    with home.conversation(DATABASE) as conversation:
        yield conversation


@pytest.fixture
def python(
    warm_airflow: Conversation, postgres: Postgres, entra: Authority
) -> Iterator[Conversation]:
    """An Airflow process that has not signed in yet, to the server that takes only the token."""
    postgres.accept_only(entra.token)
    with warm_airflow.fresh() as child:
        yield child


def signed_in(
    airflow: Path, folder: Path, server: Postgres, token_endpoint: Authority
) -> AirflowHome:
    home = AirflowHome(airflow, folder, dict(token_endpoint.environment))
    home.set("database", sql_alchemy_conn=server.airflow_url())
    home.set("azure_postgres", entra_token_scope=SCOPE)
    return home


def dag_connections(server: Postgres) -> dict[str, str]:
    verified = {"sslmode": "verify-full", "sslrootcert": str(server.root_certificate)}
    extra = {"iam": True, "azure_conn_id": "azure_default", **verified}
    role = {"login": "airflow", "schema": "airflow", "extra": extra}
    where = {"conn_type": "postgres", "host": "localhost", "port": server.port, **role}
    keyless = {"conn_type": "azure", "extra": {"use_azure_identity_object": True}}
    return {
        "AIRFLOW_CONN_WAREHOUSE": json.dumps(where),
        "AIRFLOW_CONN_AZURE_DEFAULT": json.dumps(keyless),
    }


DATABASE = """
import asyncio
from concurrent.futures import ThreadPoolExecutor
from airflow import settings
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

PID = "select pg_backend_pid()"
ASYNC = dict(drivername="postgresql+asyncpg")

def ask(engine=settings.engine):
    with engine.connect() as connection:
        return connection.exec_driver_sql(PID).scalar()

async def ask_async(engine=settings.async_engine):
    async with engine.connect() as connection:
        return (await connection.exec_driver_sql(PID)).scalar()

loop = None
def run(coroutine):
    global loop
    loop = loop or asyncio.new_event_loop()
    return loop.run_until_complete(coroutine)

def to(url):
    return lambda: ask(create_engine(url))

def to_async(url):
    return lambda: run(ask_async(create_async_engine(url.replace("psycopg2", "asyncpg"))))

def error(call):
    try:
        return f"no error: {call()}"
    except Exception as raised:
        return f"{type(raised).__name__}: {raised}"

def ask_in_a_child_while_a_thread_waits_for_a_token():
    import select, threading, time
    waiting = threading.Thread(target=ask)
    waiting.start()
    time.sleep(0.5)
    receiving, sending = os.pipe()
    if os.fork() == 0:
        os.write(sending, str(ask()).encode())
        os._exit(0)
    ready, _, _ = select.select([receiving], [], [], 60)
    waiting.join()
    return int(os.read(receiving, 20)) if ready else None

def store_in_celery(url):
    from celery import Celery
    app = Celery(backend="db+" + url.replace("+psycopg2", ""))
    app.backend.store_result("a-task", "done", "SUCCESS")
    return app.AsyncResult("a-task").result

def ask_by_hook():
    from airflow.providers.postgres.hooks.postgres import PostgresHook
    return PostgresHook("warehouse").get_first("select current_user")[0]

def dbt_profile():
    from airflow_azure.dbt import EntraPostgresProfileMapping
    return EntraPostgresProfileMapping("warehouse", {"schema": "public"})
"""


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """One Blob storage for the session; containers are the test's to make."""
    with azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server


@pytest.fixture
def keyless_storage(tmp_path: Path) -> Iterator[Azurite]:
    """A Blob storage that takes Entra tokens."""
    folder = tmp_path / "azurite"
    folder.mkdir()
    with azurite(folder, CertificateFiles.make(folder, ["127.0.0.1"])) as server:
        yield server


@pytest.fixture(scope="session")
def process(
    airflow: Path, tmp_path_factory: pytest.TempPathFactory, storage: Azurite
) -> Iterator[Lab]:
    """Airflow's Python with a client of the storage, to try things in."""
    home = AirflowHome(airflow, tmp_path_factory.mktemp("lab"))
    home.environment["AIRFLOW_CONN_WASB_DEFAULT"] = storage.connection
    with home.conversation(PREAMBLE) as conversation:
        yield Lab(conversation.process)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the modules that need a whole Airflow at the end: it works on as long as it is up."""
    need_it = {item.path for item in items if "live" in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path in need_it)


@pytest.fixture(scope="session")
def live(
    airflow: Path, tmp_path_factory: pytest.TempPathFactory, storage: Azurite, process: Lab
) -> Iterator[LiveAirflow]:
    """A whole Airflow at work."""
    with live_airflow(
        airflow, tmp_path_factory.mktemp("live"), storage, process
    ) as running_airflow:
        yield running_airflow
