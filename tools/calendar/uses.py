"""Which versions an environment, this project and this machine use: from cdktf.out and the pins."""

import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synthesis.reader import Synthesis

PROJECT = ""  # the environment of what the project pins for all of them


@dataclass(frozen=True, order=True)
class Use:
    """A version that is used, and where it stands."""

    environment: str
    part: str
    version: str
    place: str


def of_environments(synthesis: Synthesis) -> Iterator[Use]:
    """Yield what the synthesized stacks of every environment use."""
    for stack in synthesis.stacks:
        for part, version, place in sorted(set(_of_stack(stack.document))):
            yield Use(stack.environment, part, version, place)


def _of_stack(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for cluster in _all(document, "azurerm_kubernetes_cluster"):
        long_term = cluster.get("sku_tier") == "Premium"
        part = "kubernetes_long_term" if long_term else "kubernetes"
        yield part, cluster["kubernetes_version"], "kubernetes.version"
        pool = cluster["default_node_pool"]
        yield "vm_sizes", _series(pool["vm_size"]), "kubernetes.system_pool.vm_size"
    for pool in _all(document, "azurerm_kubernetes_cluster_node_pool"):
        place = f"kubernetes.node_pools.{pool['name']}.vm_size"
        yield "vm_sizes", _series(pool["vm_size"]), place
    for server in _all(document, "azurerm_postgresql_flexible_server"):
        yield "postgres", server["version"], "postgres.version"
    for board in _all(document, "azurerm_dashboard_grafana"):
        yield "grafana", board["grafana_major_version"], "monitoring.grafana"


def _all(document: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return list(document.get("resource", {}).get(kind, {}).values())


def _series(size: str) -> str:
    """Return the series of a size: v5 of Standard_D4ds_v5; F's second generation is its own."""
    generation = size.rpartition("_")[2]
    return f"Fs_{generation}" if size.startswith("Standard_F") else generation


_CHARTS = {"airflow": "airflow_chart", "nginx-ingress": "nginx", "cert-manager": "cert_manager"}


def of_project(root: Path, synthesis: Synthesis) -> Iterator[Use]:
    """Yield what this project pins for every environment."""
    pyproject = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield Use(PROJECT, "python", _minor(pyproject["requires-python"]), "pyproject.toml")
    for pin in pyproject["dependencies"]:
        if pin.startswith("cdktf=="):
            yield Use(PROJECT, "cdktf", _minor(pin), "pyproject.toml")
    patterns = {
        "images/airflow/Dockerfile": {
            "airflow": r"apache/airflow:slim-(\d+\.\d+)",
            "python": r"-python(\d+\.\d+)",
        },
        "pipelines/templates/tools.yml": {"node": r"versionSpec: (\d+)\.x"},
        "pipelines/azure-pipelines.yml": {"terraform": r"terraformVersion: (\d+\.\d+)"},
    }
    for place, parts in patterns.items():
        text = (root / place).read_text(encoding="utf-8")
        for part, pattern in parts.items():
            for version in sorted(set(re.findall(pattern, text))):
                yield Use(PROJECT, part, version, place)
    yield from sorted(set(_of_releases(synthesis)))


def of_machine() -> Iterator[Use]:
    """Yield the Node that a synth on this machine runs in; nothing where there is none."""
    node = shutil.which(os.environ.get("JSII_NODE", "node"))
    if node is None:
        return
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    if found := re.match(r"v(\d+)\.", told):
        yield Use(PROJECT, "node", found[1], f"{node} (this machine)")


def _of_releases(synthesis: Synthesis) -> Iterator[Use]:
    for document in (stack.document for stack in synthesis.stacks):
        for release in _all(document, "helm_release"):
            if part := _CHARTS.get(release["chart"]):
                yield Use(PROJECT, part, _minor(release["version"]), "the Helm releases")
        if azurerm := document["terraform"]["required_providers"].get("azurerm"):
            yield Use(PROJECT, "azurerm", _minor(azurerm["version"]), "required_providers")


def _minor(version: str) -> str:
    found = re.search(r"\d+\.\d+", version)
    return found[0] if found else version
