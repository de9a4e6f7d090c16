"""Look at a deployed Airflow from outside, as a browser does: `python -m tools.smoke`.

Asks without a session: the page, its certificate, the way to the sign-in, the health of the
components, and two doors that have to be closed. Changes nothing.

Exit status: 0 all is well, 1 something is not, and stays so, 2 there is no such environment.
"""

import http.client
import json
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qs, urlsplit

import typer

from conventions import company
from conventions.faults import FaultError
from environments.load import read
from environments.model import Environment
from tools.exit_status import Exit
from tools.options import Named

COMPONENTS = ("metadatabase", "scheduler", "triggerer", "dag_processor")
HEALTH = "/api/v2/monitor/health"
SIGN_IN = "/auth/login/azure"
# what an anonymous request must get
CLOSED = {"/api/v2/dags": HTTPStatus.UNAUTHORIZED, "/execution/health": HTTPStatus.NOT_FOUND}


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where Airflow is, and what must be true of it."""

    url: str
    authority: str
    """Where the sign-in leads to."""
    redirect_uri: str
    """Where it leads back to."""
    address: str | None = None
    """The machine to ask where no DNS server knows the host."""
    trust: Path | None = None
    """Certificates of authorities beside those of the system, PEM."""

    @classmethod
    def of(cls, env: Environment, address: str | None = None, trust: Path | None = None) -> "Site":
        """Return the site of an environment."""
        return cls(
            url=f"https://{env.ingress.host}",
            authority=f"https://login.microsoftonline.com/{env.tenant_id}/",
            redirect_uri=env.redirect_uri,
            address=address,
            trust=trust,
        )

    def get(self, path: str) -> tuple[int, str, str]:
        """Return status, address of a redirection, and body.

        Raises:
            OSError: nobody answers, or the certificate is not right.
        """
        parts = urlsplit(self.url)
        context = ssl.create_default_context()
        if self.trust:
            context.load_verify_locations(self.trust)
        host, port = str(parts.hostname), parts.port or 443
        connection = http.client.HTTPSConnection(host, port, context=context, timeout=15)
        plain = socket.create_connection((self.address or host, port), timeout=15)
        connection.sock = context.wrap_socket(plain, server_hostname=host)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read().decode("utf-8", "replace")
            return answer.status, answer.headers.get("Location", ""), body
        except http.client.HTTPException as error:
            raise OSError(f"no answer of HTTP: {error!r}") from None
        finally:
            connection.close()


def problems(site: Site) -> list[str]:
    """Say what is not as it should be; nothing where all is well."""
    try:
        return [*_page(site), *_sign_in(site), *_health(site), *_closed(site)]
    except OSError as error:
        return [f"{site.url}: {error}"]


def _page(site: Site) -> Iterator[str]:
    status, _, body = site.get("/")
    if status != HTTPStatus.OK or "<html" not in body:
        yield f"{site.url}/ answers {status}, and not with a page"


def _sign_in(site: Site) -> Iterator[str]:
    status, location, _ = site.get(SIGN_IN)
    if not location.startswith(site.authority):
        yield f"{SIGN_IN} answers {status} and leads to {location or 'nowhere'}: not to Entra ID"
        return
    back = parse_qs(urlsplit(location).query).get("redirect_uri", [])
    if back != [site.redirect_uri]:
        told = ", ".join(back) or "nowhere"
        yield f"{SIGN_IN} would lead back to {told}: not {site.redirect_uri}"


def _health(site: Site) -> Iterator[str]:
    status, _, body = site.get(HEALTH)
    try:
        told = json.loads(body)
        found = {name: str((told.get(name) or {}).get("status")) for name in COMPONENTS}
    except (ValueError, AttributeError):
        yield f"{HEALTH} answers {status}, and not with what it should"
        return
    yield from (f"{name} is {said}" for name, said in found.items() if said != "healthy")


def _closed(site: Site) -> Iterator[str]:
    for path, wanted in CLOSED.items():
        status, _, _ = site.get(path)
        if status != wanted:
            yield f"{path} answers {status} to everybody: it must answer {wanted.value}"


def main(
    environment: Named,
    wait: Annotated[int, typer.Option(min=0, help="Seconds until all must be well.")] = 0,
    address: Annotated[
        str | None, typer.Option(help="Address of the load balancer, where DNS has none.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(exists=True, help="A company's own authorities, PEM.")
    ] = None,
) -> None:
    """Look at a deployed Airflow from outside, as a browser does."""
    try:
        site = Site.of(read(company.environments() / f"{environment}.toml"), address, trust)
    except FaultError as error:
        typer.echo(error, err=True)
        sys.exit(Exit.BAD_INPUT)
    until = time.monotonic() + wait
    while (found := problems(site)) and time.monotonic() < until:
        time.sleep(10)
    for problem in found:
        typer.echo(problem, err=True)
    if not found:
        typer.echo(f"{site.url}: page, sign-in and components are as they should be")
    sys.exit(Exit.FAILED if found else Exit.GOOD)


if __name__ == "__main__":
    typer.run(main)
