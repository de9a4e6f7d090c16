"""Airflow signs in to a real PostgreSQL with the Entra token of the moment."""

import pytest

from tests.parts.postgres import Postgres
from tests.runtime.airflow_home import AirflowHome, Conversation
from tests.runtime.authority import CLIENT, TENANT, Authority
from tests.runtime.live import LiveAirflow

ENGINES = {"sync": "ask()", "async": "run(ask_async())"}


def rotate(server: Postgres, entra: Authority) -> None:
    server.accept_only(entra.rotate())


def test_a_fresh_database_is_migrated_with_a_token(live: LiveAirflow) -> None:
    assert live.database.sql("SELECT count(*) FROM alembic_version") == "1"


def test_the_token_is_in_no_file_setting_or_output_of_the_platform(live: LiveAirflow) -> None:
    files = [file for file in live.home.folder.rglob("*") if file.is_file()]
    texts = [file.read_text(errors="ignore") for file in files]

    assert texts
    assert not any(live.entra.token in text for text in (*texts, live.migration))
    assert live.entra.token not in str(live.home.env)


@pytest.mark.parametrize("ask", ENGINES.values(), ids=ENGINES)
def test_the_pool_survives_a_failover_that_falls_together_with_an_expiry(
    ask: str, python: Conversation, postgres: Postgres, entra: Authority
) -> None:
    entra.lifetime_seconds = 2
    first = python.eval(ask)

    postgres.cut_connections()
    rotate(postgres, entra)
    python.sleep_past(entra.lifetime_seconds)

    assert python.eval(ask) != first
    assert len(entra.requests) == 2


def test_an_open_connection_outlives_its_token(
    python: Conversation, postgres: Postgres, entra: Authority
) -> None:
    entra.lifetime_seconds = 2
    first = python.eval("ask()")

    rotate(postgres, entra)
    python.sleep_past(entra.lifetime_seconds)

    assert python.eval("ask()") == first


def test_twenty_threads_share_one_token_request(python: Conversation, entra: Authority) -> None:
    engine = "create_engine(settings.SQL_ALCHEMY_CONN, poolclass=NullPool)"

    pids = python.eval(f"list(ThreadPoolExecutor(20).map(ask, [{engine}] * 20))")

    assert len(pids) == 20
    assert len(entra.requests) == 1


def test_a_forked_child_signs_in_even_while_its_parent_waits_for_a_token(
    python: Conversation, entra: Authority
) -> None:
    entra.delay_seconds = 2  # the parent's thread holds the lock while the process forks

    assert python.eval("ask_in_a_child_while_a_thread_waits_for_a_token()") is not None


def test_the_token_is_asked_for_as_the_pods_workload_identity(
    python: Conversation, entra: Authority
) -> None:
    python.eval("ask()")

    request = entra.requests[0]
    assert request["path"] == f"/{TENANT}/oauth2/v2.0/token"
    assert request["client_id"] == CLIENT
    assert request["client_assertion"] == "the service account's token"


def test_the_scope_of_a_sovereign_cloud_is_the_one_asked_for(
    database: AirflowHome, entra: Authority
) -> None:
    china = "https://ossrdbms-aad.database.chinacloudapi.cn/.default"
    database.set("azure_postgres", entra_token_scope=china)

    done = database.run("airflow", "db", "check")

    assert done.returncode == 0, done.stderr
    assert entra.requests[0]["scope"] == china


def test_a_refused_token_is_told_with_identity_reason_and_remedy(
    database: AirflowHome, entra: Authority
) -> None:
    entra.refuses = True

    done = database.run("airflow", "db", "check", "--retry", "0")

    told = done.stdout + done.stderr
    assert done.returncode == 1
    assert "cannot sign in to PostgreSQL at localhost: no Entra token for https://ossrdbms" in told
    assert f"as workload identity (client id {CLIENT}, token file " in told
    assert "AADSTS700213: No matching federated identity record" in told
    assert "federated credential for exactly this service account and issuer" in told


def test_airflow_retries_a_refused_token_as_it_does_a_database_that_is_away(
    database: AirflowHome, entra: Authority
) -> None:
    entra.refuses_times = 1

    done = database.run("airflow", "db", "check", "--retry", "3", "--retry-delay", "1")

    assert done.returncode == 0, done.stderr
    assert len(entra.requests) == 2


def test_without_encryption_no_token_is_even_fetched(
    python: Conversation, entra: Authority, postgres: Postgres
) -> None:
    refused = python.eval(f"error(to({postgres.airflow_url('sslmode=prefer')!r}))")

    assert "sslmode is prefer, use one of ('require', 'verify-ca', 'verify-full')" in refused
    assert entra.requests == []


@pytest.mark.parametrize("connect", ["to", "to_async"])
def test_verify_full_accepts_a_server_whose_root_is_given(
    connect: str, python: Conversation, postgres: Postgres
) -> None:
    verified = f"sslmode=verify-full&sslrootcert={postgres.root_certificate}"

    assert python.eval(f"{connect}({postgres.airflow_url(verified)!r})()") > 0


@pytest.mark.parametrize("connect", ["to", "to_async"])
def test_verify_full_refuses_a_server_that_the_root_did_not_sign(
    connect: str, python: Conversation, postgres: Postgres, entra: Authority
) -> None:
    verified = f"sslmode=verify-full&sslrootcert={entra.certificate.trusted}"

    refused = python.eval(f"error({connect}({postgres.airflow_url(verified)!r}))")

    assert "certificate verify failed" in refused


def test_another_host_is_never_given_the_token(
    python: Conversation, entra: Authority, postgres: Postgres
) -> None:
    refused = python.eval(f"error(to({postgres.airflow_url(host='127.0.0.1')!r}))")

    assert "no password supplied" in refused
    assert entra.requests == []


def test_celerys_result_backend_signs_in_by_the_same_listener(
    python: Conversation, postgres: Postgres
) -> None:
    assert python.eval(f"store_in_celery({postgres.airflow_url()!r})") == "done"


def test_a_dags_postgres_connection_signs_in_with_a_token_of_its_own(
    python: Conversation, entra: Authority
) -> None:
    assert python.eval("ask_by_hook()") == "airflow"
    assert len(entra.requests) == 1


def test_a_url_with_a_password_beside_the_token_is_refused_without_showing_it(
    database: AirflowHome, postgres: Postgres
) -> None:
    url = postgres.airflow_url().replace("airflow@", "airflow:hunter2@")
    database.set("database", sql_alchemy_conn=url)

    done = database.run("airflow", "db", "check")

    assert done.returncode == 1
    assert "holds a password, and [azure_postgres] entra_token_scope is to give one" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


def test_dbt_is_given_a_token_when_it_starts(python: Conversation, entra: Authority) -> None:
    given = python.eval("list(dbt_profile().env_vars.values())")

    assert given == [entra.token]


def test_a_dbt_profile_verifies_the_server(python: Conversation, postgres: Postgres) -> None:
    written = python.eval("dbt_profile().get_profile_file_contents('warehouse')")

    assert "sslmode: verify-full" in written
    assert f"sslrootcert: {postgres.root_certificate}" in written


def test_a_dbt_profile_is_written_without_a_token(python: Conversation, entra: Authority) -> None:
    written = python.eval("dbt_profile().get_profile_file_contents('warehouse')")

    assert "password: '{{ env_var(" in written
    assert entra.requests == []
