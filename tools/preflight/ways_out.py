"""Which public hosts an environment asks for: what a firewall in front of it must let through.

Of Azure, as in learn.microsoft.com: "Outbound network and FQDN rules for Azure Kubernetes Service
(AKS) clusters", as far as the synthesized cluster has each part. All by TCP 443.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from helm_values.charts import CHARTS, NGINX
from tools.preflight.deployment import Deployment

NODES, DEPLOYER = "nodes", "deployer"
_BASE = {
    "mcr.microsoft.com": "images of Kubernetes' own parts",
    "*.data.mcr.microsoft.com": "their layers",
    "mcr-0001.mcr-msedge.net": "their layers",
    "management.azure.com": "Kubernetes asks Azure for disks and addresses",
    "login.microsoftonline.com": "sign-in of workloads and users",
    "packages.microsoft.com": "updates of nodes",
    "packages.aks.azure.com": "programs of new nodes",
    "acs-mirror.azureedge.net": "programs of new nodes, its older name",
}
_LOGS = {
    "*.ods.opinsights.azure.com": "logs go to the workspace",
    "*.oms.opinsights.azure.com": "sign-in to the workspace",
}
_METRICS = {
    "*.monitoring.azure.com": "metrics",
    "dc.services.visualstudio.com": "the agents' own telemetry",
    "{location}.handler.control.monitor.azure.com": "the agents fetch what to collect",
    "global.handler.control.monitor.azure.com": "the agents fetch what to collect",
    "{location}.ingest.monitor.azure.com": "metrics of Prometheus",
    "*.{location}.metrics.ingest.monitor.azure.com": "metrics of Prometheus",
}
_POLICY = {
    "data.policy.core.windows.net": "Azure Policy",
    "store.policy.core.windows.net": "Azure Policy's built-in rules",
}
_EXTENSION = {"{location}.dp.kubernetesconfiguration.azure.com": "the extension of the backup"}
_DOCKER = ("registry-1.docker.io", "auth.docker.io", "production.cloudflare.docker.com")
_DEPLOYS = {
    "login.microsoftonline.com": "sign-in",
    "management.azure.com": "Resource Manager",
    "graph.microsoft.com": "the sign-in application",
    "{states}.blob.core.windows.net": "the states of Terraform",
    "releases.hashicorp.com": "Terraform and its providers",
    "registry.terraform.io": "Terraform's providers",
    "pypi.org": "Python packages",
    "files.pythonhosted.org": "Python packages",
    "registry.npmjs.org": "the cdktf CLI",
}


@dataclass(frozen=True, order=True)
class Way:
    """A host that somebody asks."""

    who: str
    host: str
    why: str


def ways_out(deployment: Deployment) -> list[Way]:
    """Return every public host that the environment needs, sorted and each once."""
    env = deployment.env
    found: dict[tuple[str, str], str] = {}
    for who, host, why in (*_of_nodes(deployment), *_of_deployer(deployment)):
        name = host.format(location=env.location, states=env.state.storage_account_name)
        found.setdefault((who, name), why)
    return sorted(Way(who, host, why) for (who, host), why in found.items())


def _of_nodes(deployment: Deployment) -> Iterator[tuple[str, str, str]]:
    parts = [_BASE]
    for cluster in deployment.all("azurerm_kubernetes_cluster"):
        if cluster.get("oms_agent") or cluster.get("microsoft_defender"):
            parts.append(_LOGS)
        if cluster.get("oms_agent") or "monitor_metrics" in cluster:
            parts.append(_METRICS)
        if cluster.get("azure_policy_enabled"):
            parts.append(_POLICY)
    if any(deployment.all("azurerm_kubernetes_cluster_extension")):
        parts.append(_EXTENSION)
    for part in parts:
        yield from ((NODES, host, why) for host, why in part.items())
    releases = {release["chart"] for release in deployment.all("helm_release")}
    mirrored = deployment.env.registry.mirror  # then they come from our registry
    for chart in CHARTS:
        for image in chart.images if chart.name in releases and not mirrored else ():
            host = image.repository.partition("/")[0]
            own = (host, f"*.{host}") if "." in host else _DOCKER
            yield from ((NODES, name, f"images of {chart.name}") for name in own)
    if deployment.env.ingress.certificate == "letsencrypt":
        yield NODES, "acme-v02.api.letsencrypt.org", "the certificate"
    if deployment.env.airflow.git:
        repository = deployment.env.airflow.git.repository
        yield NODES, urlsplit(repository).hostname or repository, "the repository of DAGs"


def _of_deployer(deployment: Deployment) -> Iterator[tuple[str, str, str]]:
    yield from ((DEPLOYER, host, why) for host, why in _DEPLOYS.items())
    if any(release["chart"] == NGINX.name for release in deployment.all("helm_release")):
        yield DEPLOYER, "raw.githubusercontent.com", "the schema that the chart of NGINX names"
    for release in deployment.all("helm_release") if not deployment.env.registry.mirror else ():
        if host := urlsplit(release.get("repository") or "").hostname:
            yield DEPLOYER, host, f"the chart {release['chart']}"
