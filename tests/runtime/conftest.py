"""The real parts behind this folder's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from airflow_home import AirflowHome
from authority import Authority, authority
from azurite import Azurite, azurite
from postgres import Postgres, postgres

SCOPE = "https://ossrdbms-aad.database.windows.net/.default"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One server for the session; its role's password is the test's to set."""
    with postgres() as server:
        yield server


@pytest.fixture
def entra(tmp_path: Path) -> Iterator[Authority]:
    """A token endpoint of the test's own."""
    with authority(tmp_path / "entra") as made:
        yield made


@pytest.fixture
def database(
    airflow: Path, tmp_path: Path, postgres_server: Postgres, entra: Authority
) -> AirflowHome:
    """Airflow that signs in to the server with the current token, and with nothing else."""
    postgres_server.accept_only(entra.token)
    home = AirflowHome(airflow, tmp_path / "airflow", dict(entra.environment))
    home.folder.mkdir()
    home.set("database", sql_alchemy_conn=postgres_server.url())
    home.set("azure_postgres", entra_token_scope=SCOPE)
    return home


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azurite]:
    """One Blob storage for the session; containers are the test's to make."""
    with azurite(tmp_path_factory.mktemp("azurite")) as server:
        yield server
