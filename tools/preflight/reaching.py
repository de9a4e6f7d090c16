"""Tries from this machine which hosts of the deployment answer."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from conventions.faults import Fault
from tools.preflight.deployment import Deployment
from tools.preflight.ways_out import DEPLOYER, Way, ways_out

SECONDS = 10


def reaching(deployment: Deployment) -> Iterator[Fault]:
    """Hosts of the deployment that give no answer of HTTP, by the proxy that is set."""
    asked = [way for way in ways_out(deployment) if way.who == DEPLOYER]
    with ThreadPoolExecutor(max_workers=8) as pool:
        for way, said in zip(asked, pool.map(_said, asked), strict=True):
            if said:
                yield Fault(
                    place="way out of this machine",
                    key=way.host,
                    problem=f"gives no answer ({way.why}): {said}",
                    allowed="TCP 443",
                    fix="let it through in the firewall, or set HTTPS_PROXY, and "
                    "REQUESTS_CA_BUNDLE for a company's own authority",
                )


def _said(way: Way) -> str:
    """Return why a host does not answer; nothing where it does, whatever it says."""
    client: PipelineClient[Any, Any] = PipelineClient(f"https://{way.host}", policies=[])
    request = HttpRequest("HEAD", f"https://{way.host}/")
    try:
        client.send_request(request, connection_timeout=SECONDS, read_timeout=SECONDS)
    except AzureError as error:
        return (str(error).strip() or type(error).__name__).splitlines()[0]
    return ""
