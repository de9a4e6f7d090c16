"""Airflow signs in to a real PostgreSQL with the Entra token of the moment."""

import json

import pytest
from airflow_home import AirflowHome
from authority import CLIENT, TENANT, Authority
from postgres import Postgres

QUERY = """
from sqlalchemy import text
from airflow import settings
def ask(engine=settings.engine):
    with engine.connect() as connection:
        return connection.execute(text("select pg_backend_pid()")).scalar()
"""
ASYNC = """
import asyncio
loop = asyncio.new_event_loop()
run = loop.run_until_complete
async def ask_async():
    async with settings.async_engine.connect() as connection:
        return (await connection.execute(text("select pg_backend_pid()"))).scalar()
"""
CONNECT = {
    engine: f"""
try:
    answer({{"pid": {call}}})
except Exception as error:
    answer({{"error": str(error)}})
"""
    for engine, call in {"sync": "ask()", "async": "run(ask_async())"}.items()
}

KEYLESS = {"conn_type": "azure", "extra": {"use_azure_identity_object": True}}


def rotate(server: Postgres, entra: Authority) -> None:
    server.accept_only(entra.rotate())


def test_a_fresh_database_is_migrated_with_a_token(
    database: AirflowHome, postgres_server: Postgres, entra: Authority
) -> None:
    done = database.run("airflow", "db", "migrate")

    assert done.returncode == 0, done.stderr
    assert postgres_server.sql("SELECT count(*) FROM alembic_version") == "1"
    assert entra.token not in done.stdout + done.stderr


def test_after_a_rotation_the_next_connection_brings_the_new_token(
    database: AirflowHome, postgres_server: Postgres, entra: Authority
) -> None:
    entra.lifetime_seconds = 2

    with database.conversation(QUERY) as airflow:
        first = airflow.eval("ask()")
        rotate(postgres_server, entra)
        airflow.eval("settings.engine.dispose()")
        airflow.sleep_past(entra.lifetime_seconds)
        second = airflow.eval("ask()")

    assert first != second
    assert len(entra.requests) == 2


def test_the_pool_survives_a_failover_that_falls_together_with_an_expiry(
    database: AirflowHome, postgres_server: Postgres, entra: Authority
) -> None:
    entra.lifetime_seconds = 2

    with database.conversation(QUERY) as airflow:
        first = airflow.eval("ask()")
        postgres_server.cut_connections()
        rotate(postgres_server, entra)
        airflow.sleep_past(entra.lifetime_seconds)
        second = airflow.eval("ask()")

    assert first != second


def test_an_open_connection_outlives_its_token(
    database: AirflowHome, postgres_server: Postgres, entra: Authority
) -> None:
    entra.lifetime_seconds = 2

    with database.conversation(QUERY) as airflow:
        first = airflow.eval("ask()")
        rotate(postgres_server, entra)
        airflow.sleep_past(entra.lifetime_seconds)
        second = airflow.eval("ask()")

    assert first == second
    assert len(entra.requests) == 1


def test_the_async_engine_signs_in_anew_after_an_expiry(
    database: AirflowHome, postgres_server: Postgres, entra: Authority
) -> None:
    entra.lifetime_seconds = 2

    with database.conversation(QUERY + ASYNC) as airflow:
        first = airflow.eval("run(ask_async())")
        postgres_server.cut_connections()
        rotate(postgres_server, entra)
        airflow.sleep_past(entra.lifetime_seconds)
        second = airflow.eval("run(ask_async())")

    assert first != second


def test_twenty_threads_share_one_token_request(database: AirflowHome, entra: Authority) -> None:
    pids = database.probe(
        QUERY
        + """
from concurrent.futures import ThreadPoolExecutor
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool
engine = create_engine(settings.SQL_ALCHEMY_CONN, poolclass=NullPool)
with ThreadPoolExecutor(20) as pool:
    answer(list(pool.map(ask, [engine] * 20)))
"""
    )

    assert len(set(pids)) == 20
    assert len(entra.requests) == 1


def test_a_forked_child_signs_in_even_while_its_parent_waits_for_a_token(
    database: AirflowHome, entra: Authority
) -> None:
    entra.delay_seconds = 3  # the parent's thread holds the lock while the process forks

    pid = database.probe(
        QUERY
        + """
import threading, time
waiting = threading.Thread(target=ask)
waiting.start()
time.sleep(1)
receiving, sending = os.pipe()
if os.fork() == 0:
    settings.engine.dispose(close=False)
    os.write(sending, str(ask()).encode())
    os._exit(0)
import select
ready, _, _ = select.select([receiving], [], [], 30)
waiting.join()
answer(int(os.read(receiving, 20)) if ready else None)
"""
    )

    assert pid is not None
    assert len(entra.requests) == 2


def test_the_token_is_asked_for_as_the_pods_workload_identity(
    database: AirflowHome, entra: Authority
) -> None:
    database.probe(QUERY + "answer(ask())")

    request = entra.requests[0]
    assert request["path"] == f"/{TENANT}/oauth2/v2.0/token"
    assert request["client_id"] == CLIENT
    assert request["scope"] == "https://ossrdbms-aad.database.windows.net/.default"
    assert request["client_assertion"] == "the service account's token"


def test_the_scope_of_a_sovereign_cloud_is_the_one_asked_for(
    database: AirflowHome, entra: Authority
) -> None:
    china = "https://ossrdbms-aad.database.chinacloudapi.cn/.default"
    database.set("azure_postgres", entra_token_scope=china)

    database.probe(QUERY + "answer(ask())")

    assert entra.requests[0]["scope"] == china


def test_a_refused_token_is_told_with_identity_reason_and_remedy(
    database: AirflowHome, entra: Authority, postgres_server: Postgres
) -> None:
    entra.refuses = True

    done = database.run("airflow", "db", "check", "--retry", "0")

    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert "cannot sign in to PostgreSQL at localhost: no Entra token for https://ossrdbms" in told
    assert f"as workload identity (client id {CLIENT}, token file " in told
    assert "AADSTS700213: No matching federated identity record" in told
    assert "federated credential for exactly this service account and issuer" in told


def test_airflow_waits_for_a_token_as_it_does_for_a_database(
    database: AirflowHome, entra: Authority
) -> None:
    entra.refuses_times = 1

    done = database.run("airflow", "db", "check", "--retry", "3", "--retry-delay", "1")

    assert done.returncode == 0, done.stderr
    assert len(entra.requests) == 2


def test_without_encryption_no_token_is_even_fetched(
    database: AirflowHome, entra: Authority, postgres_server: Postgres
) -> None:
    database.set("database", sql_alchemy_conn=postgres_server.url("sslmode=prefer"))

    done = database.run("airflow", "db", "check", "--retry", "0")

    assert "sslmode is prefer, use one of ('require', 'verify-ca', 'verify-full')" in done.stderr
    assert entra.requests == []


@pytest.mark.parametrize("engine", ["sync", "async"])
def test_verify_full_accepts_the_servers_own_name(
    engine: str, database: AirflowHome, postgres_server: Postgres
) -> None:
    verified = f"sslmode=verify-full&sslrootcert={postgres_server.root_certificate}"
    database.set("database", sql_alchemy_conn=postgres_server.url(verified))

    pid = database.probe(QUERY + ASYNC + CONNECT[engine])

    assert pid["pid"]


@pytest.mark.parametrize("engine", ["sync", "async"])
def test_verify_full_refuses_a_server_of_another_name(
    engine: str, database: AirflowHome, postgres_server: Postgres
) -> None:
    verified = f"sslmode=verify-full&sslrootcert={postgres_server.root_certificate}"
    database.set("database", sql_alchemy_conn=postgres_server.url(verified, host="127.0.0.1"))

    refused = database.probe(QUERY + ASYNC + CONNECT[engine])

    assert "does not match host name" in refused["error"] or "mismatch" in refused["error"]


def test_another_host_is_never_given_the_token(
    database: AirflowHome, entra: Authority, postgres_server: Postgres
) -> None:
    other = postgres_server.url(host="127.0.0.1")

    refused = database.probe(
        QUERY
        + """
from sqlalchemy import create_engine, exc
try:
    ask(create_engine(given["other"]))
except exc.OperationalError as error:
    answer(str(error))
""",
        other=other,
    )

    assert "no password supplied" in refused
    assert entra.requests == []


def test_celery_s_result_backend_signs_in_by_the_same_listener(
    database: AirflowHome, postgres_server: Postgres
) -> None:
    state = database.probe(
        """
import airflow
from celery import Celery
app = Celery(backend="db+" + given["url"])
app.backend.store_result("a-task", "done", "SUCCESS")
answer(app.AsyncResult("a-task").result)
""",
        url=postgres_server.url().replace("+psycopg2", ""),
    )

    assert state == "done"


def test_a_url_with_a_password_beside_the_token_is_refused_without_showing_it(
    database: AirflowHome, postgres_server: Postgres
) -> None:
    url = postgres_server.url().replace("airflow@", "airflow:hunter2@")
    database.set("database", sql_alchemy_conn=url)

    done = database.run("airflow", "db", "check")

    assert done.returncode == 1
    assert "holds a password, and [azure_postgres] entra_token_scope is to give one" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_a_dag_s_postgres_connection_uses_a_token_of_the_task_s_identity(
    database: AirflowHome, postgres_server: Postgres, entra: Authority
) -> None:
    extra = {"iam": True, "azure_conn_id": "azure_default", "sslmode": "require"}
    where = {"conn_type": "postgres", "login": "airflow", "schema": "airflow", "extra": extra}
    where |= {"host": "localhost", "port": postgres_server.port}
    database.environment["AIRFLOW_CONN_WAREHOUSE"] = json.dumps(where)
    database.environment["AIRFLOW_CONN_AZURE_DEFAULT"] = json.dumps(KEYLESS)

    user = database.probe(
        """
from airflow.providers.postgres.hooks.postgres import PostgresHook
answer(PostgresHook("warehouse").get_first("select current_user")[0])
"""
    )

    assert user == "airflow"
    assert len(entra.requests) == 1
