"""The cluster's Airflow in Chromium, through nginx with the ingress controller's configuration.

The controller's image is only in a public registry. Debian's nginx runs outside the cluster
instead, with what the controller's templates write for the deployed values, and forwards to the
Service of Airflow's API server.
"""

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_kubernetes.control_plane import running
from local_kubernetes.server import wait_until

from tools.cluster.identities import HOST
from tools.cluster.ingress_nginx import Listening, nginx_conf
from tools.cluster.platform import Platform
from tools.cluster.roles import FETCH, REQUESTS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = ("chromium", "chromium-browser")
SERVICE, PORT = "airflow-api-server", 8080
HTTP, HTTPS = 80, 443  # as browsers and so Airflow know the host: addresses to return to have none
REFUSED = "You have no role in this Airflow"
PAGE_MILLISECONDS = 90_000


@dataclass(frozen=True)
class Site:
    """Airflow's web pages, for a person who has signed in."""

    platform: Platform
    url: str
    browser: "Browser"

    def answers_of(self, role: str) -> dict[str, int]:
        """Sign in with a role; return the API's HTTP status of each of `roles.REQUESTS`."""
        with self._page(role) as page:
            page.goto(f"{self.url}/api/v2/auth/login?next={self.url}/api/v2/version")
            if not page.url.startswith(f"{self.url}/"):
                return {page.url: 0}
            return {what: page.evaluate(FETCH, list(asked)) for what, asked in REQUESTS.items()}

    def refusal(self) -> str:
        """Sign in without a role; return the heading of the page that refuses it."""
        with self._page("") as page:
            page.goto(f"{self.url}/auth/login/azure")
            return str(page.locator("h1").inner_text())

    def shows(self, path: str, text: str) -> bool:
        """Sign in as a viewer, open a page, and tell whether it shows a text within 90 seconds."""
        from playwright.sync_api import TimeoutError as LateError

        with self._page("Airflow.Viewer") as page:
            page.goto(f"{self.url}{path}")
            try:
                page.get_by_text(text).first.wait_for(timeout=PAGE_MILLISECONDS)
            except LateError:
                return False
            return True

    @contextmanager
    def _page(self, role: str) -> "Iterator[Page]":
        self.platform.sign_in.role = role
        profile = self.browser.new_context(ignore_https_errors=True)
        profile.set_default_timeout(PAGE_MILLISECONDS)
        try:
            yield profile.new_page()
        finally:
            profile.close()


def missing_for_browser(platform: Platform) -> str:
    """Return why the browser cannot run here; empty if it can."""
    if not any(map(shutil.which, CHROMIUM)):
        return "Chromium is missing: apt-get install chromium"
    try:
        with socket.create_connection((_upstream(platform), PORT), 5):
            pass
    except OSError:
        return "the cluster's Services cannot be reached from this machine, and nginx is outside"
    if taken := [port for port in (HTTP, HTTPS) if _listens(port)]:
        return f"port {taken[0]} of this machine is taken, and nginx tells Airflow its own"
    return ""


@contextmanager
def browser(platform: Platform) -> Iterator[Site]:
    """Run nginx and Chromium until the block ends."""
    from playwright.sync_api import sync_playwright

    airflow = platform.releases.values("airflow")
    entries = platform.releases.values("nginx-ingress")["controller"]["config"]["entries"]
    [host] = airflow["ingress"]["apiServer"]["hosts"]
    folder = platform.authority.parent / "nginx"
    folder.mkdir()
    listening = Listening(
        folder=folder,
        http_port=HTTP,
        https_port=HTTPS,
        upstream=f"{_upstream(platform)}:{PORT}",
        certificate=platform.authority.with_name("certificate.pem"),
        key=platform.authority.with_name("key.pem"),
    )
    config = folder / "nginx.conf"
    config.write_text(nginx_conf(entries, airflow["ingress"], listening))
    azure = f"{platform.cluster.address}:{platform.port}"
    rules = f"MAP {host['name']} 127.0.0.1, MAP {HOST}:443 {azure}"
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    with ExitStack() as parts:
        command = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(config)]
        parts.enter_context(running(command, folder / "nginx.log"))
        wait_until(lambda: _listens(HTTPS), "nginx", 15)
        playwright: Any = parts.enter_context(sync_playwright())
        started = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-background-networking",
                f"--host-resolver-rules={rules}",
            ],
        )
        parts.callback(started.close)
        yield Site(platform, f"https://{host['name']}", started)


def _upstream(platform: Platform) -> str:
    found = platform.cluster.server.get("v1", "Service", SERVICE, "airflow")
    return str(found["spec"]["clusterIP"])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
