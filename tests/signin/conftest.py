"""A real Airflow API server behind a real nginx, an identity provider and a browser."""

import os
import shutil
import sqlite3
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from loopback_azure.certificates import CertificateFiles
from playwright.sync_api import Browser, BrowserContext, Page

from conventions.redirect import redirect_uri
from helm_values.airflow.sign_in import sign_in_values
from helm_values.ingress.host import ingress_values
from helm_values.ingress.nginx_config import config_map
from tests.parts.processes import free_port
from tests.parts.processes import running as server
from tests.parts.skips import program
from tests.signin.commands import run
from tests.signin.identity_provider import CLIENT_ID, TENANT_ID, IdentityProvider, running
from tools.cluster.ingress_nginx import Listening, nginx_conf

IMAGE = Path(__file__).resolve().parents[2] / "images" / "airflow"
HOST = "airflow.test"


@dataclass(frozen=True)
class Site:
    """Airflow as users reach it."""

    url: str
    port: int
    http_port: int
    folder: Path
    assertion_file: Path
    authority: Path
    environment: dict[str, str]

    def log(self) -> str:
        """Return what the API server has written so far."""
        return (self.folder / "api-server.log").read_text()

    def execute(self, statement: str) -> None:
        """Change the metadata database, as another API server or an administrator would."""
        with closing(sqlite3.connect(self.folder / "airflow.db", timeout=20)) as database:
            database.execute(statement)
            database.commit()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    """One certificate for the identity provider and for Airflow's host."""
    return CertificateFiles.make(tmp_path_factory.mktemp("tls"), ["localhost", HOST])


@pytest.fixture(scope="session")
def _identity_provider(certificate: CertificateFiles) -> Iterator[IdentityProvider]:
    with running(certificate) as provider:
        yield provider


@pytest.fixture
def entra(_identity_provider: IdentityProvider) -> Iterator[IdentityProvider]:
    """The identity provider, with nothing left of the test before."""
    _identity_provider.reset()
    yield _identity_provider
    assert _identity_provider.complaints == []


@pytest.fixture(scope="session")
def site(
    airflow: Path,
    certificate: CertificateFiles,
    _identity_provider: IdentityProvider,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """Airflow with the image's files and the chart's values, behind nginx; started once."""
    nginx = program("nginx", also=["/usr/sbin/nginx"])
    folder = tmp_path_factory.mktemp("airflow")
    http_port, https_port, api_port = free_port(), free_port(), free_port()
    host = f"{HOST}:{https_port}"
    assertion_file = folder / "federated-token"
    assertion_file.write_text("token of the service account")
    _identity_provider.assertion_file = assertion_file
    _identity_provider.redirect_uris.add(redirect_uri(host))
    environment = airflow_environment(
        folder, airflow, host, _identity_provider.authority, certificate.trusted
    )
    environment["AZURE_FEDERATED_TOKEN_FILE"] = str(assertion_file)
    prepare_home(folder)
    run([airflow / "airflow", "db", "migrate"], environment)
    conf = nginx_conf(
        config_map(max_body_mib=16),
        ingress_values(host=host, tls_secret="airflow-tls"),
        Listening(
            folder=folder,
            http_port=http_port,
            https_port=https_port,
            upstream=f"127.0.0.1:{api_port}",
            certificate=certificate.certificate,
            key=certificate.key,
        ),
    )
    (folder / "nginx.conf").write_text(conf)
    with ExitStack() as stack:
        command = [airflow / "airflow", "api-server", "--port", api_port, "--workers", 1]
        log = folder / "api-server.log"
        # open connections of the browser would hold it for long
        stack.enter_context(server(command, log, env=environment, port=api_port, grace=3))
        command = [nginx, "-c", folder / "nginx.conf", "-p", folder]
        log = folder / "nginx.log"
        stack.enter_context(server(command, log, env=environment, port=http_port, grace=3))
        yield Site(
            f"https://{host}",
            https_port,
            http_port,
            folder,
            assertion_file,
            certificate.trusted,
            environment,
        )


@pytest.fixture(scope="session")
def profile(browser: Browser) -> BrowserContext:
    """One browser profile for all tests, so that the user interface's files are loaded once."""
    profile = browser.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800})
    profile.set_default_timeout(60_000)
    return profile


@pytest.fixture(scope="session")
def tab(profile: BrowserContext) -> Page:
    """One tab for all tests: for each new one Chromium starts two processes."""
    return profile.new_page()


@pytest.fixture
def page(tab: Page, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Page]:
    """An empty page without a session; a failed test leaves a picture of it in tmp_path."""
    tab.context.clear_cookies()
    yield tab
    if getattr(request.node, "failed", False):
        tab.screenshot(path=tmp_path / "failure.png")
    tab.goto("about:blank")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.failed = report.failed  # type: ignore[attr-defined]  # read by `page` above
    return report


def airflow_environment(
    folder: Path, airflow: Path, host: str, authority: str, trusted: Path
) -> dict[str, str]:
    """Return the environment of the API server's container, as the chart makes it of our values."""
    values = sign_in_values(
        session_minutes=480,
        host=host,
        tenant_id=TENANT_ID,
        client_id=CLIENT_ID,
        support_contact="the data platform team (data@example.com)",
    )
    options = {
        f"AIRFLOW__{section.upper()}__{name.upper()}": value
        for section, entries in values["config"].items()
        for name, value in entries.items()
    }
    return {
        "PATH": f"{airflow}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "AIRFLOW_HOME": str(folder),
        "PYTHONPATH": str(folder / "platform"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.db",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        # rights of the user before, who is the same one in every test, are not kept
        "AIRFLOW__FAB__CACHE_TTL": "0",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a secret of these tests alone, long enough for HS512" * 2,
        "AIRFLOW__API__SECRET_KEY": "another secret of these tests alone",
        "REQUESTS_CA_BUNDLE": str(trusted),
        **options,
        **{entry["name"]: entry["value"] for entry in values["apiServer"]["env"]},
        "ENTRA_AUTHORITY": authority,
    }


def prepare_home(folder: Path) -> None:
    """Lay out the files as the image does: settings in AIRFLOW_HOME, packages in its `config`."""
    (folder / "platform").mkdir()
    shutil.copy(IMAGE / "sitecustomize.py", folder / "platform")
    shutil.copytree(IMAGE / "airflow_azure", folder / "platform" / "airflow_azure")
    shutil.copy(IMAGE / "webserver_config.py", folder)
    shutil.copytree(IMAGE / "entra_sign_in", folder / "config" / "entra_sign_in")
