"""The packages of the charts: downloaded once, and compared with their pins."""

import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from helm_values.charts import Chart, allowed_images
from tests.parts.serving import Quiet, answering
from tools.charts import digest, download, package, unpinned


class Serves(Quiet, SimpleHTTPRequestHandler):
    """Serves a folder, and says nothing."""


@pytest.fixture
def helm() -> Any:
    return pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")


@pytest.fixture
def repository(helm: Any, tmp_path: Path) -> Iterator[str]:
    """A repository on loopback with one chart, `small` 0.1.0."""
    folder = tmp_path / "repository"
    folder.mkdir()
    with helm.Chart.create("small", folder) as chart:
        chart.save(folder)
    (folder / "index.yaml").write_text(
        "apiVersion: v1\nentries:\n  small:\n"
        "    - {apiVersion: v2, name: small, version: 0.1.0, urls: [small-0.1.0.tgz]}\n"
    )
    handler = partial(Serves, directory=folder)
    with answering(ThreadingHTTPServer(("127.0.0.1", 0), handler)) as server:
        yield f"http://127.0.0.1:{server.server_port}"


def small(repository: str, sha256: str = "") -> Chart:
    return Chart(
        name="small", repository=repository, version="0.1.0", namespace="small", sha256=sha256
    )


def test_a_chart_without_a_pin_comes_with_the_digest_to_pin(
    repository: str, tmp_path: Path
) -> None:
    chart = small(repository)
    file = download(chart, tmp_path)

    assert f'sha256="{digest(file)}"' in unpinned(chart, file)


def test_a_chart_with_its_digest_pinned_has_nothing_to_say(repository: str, tmp_path: Path) -> None:
    file = download(small(repository), tmp_path)
    pinned = small(repository, sha256=digest(file))

    assert download(pinned, tmp_path) == file
    assert unpinned(pinned, file) == ""


def test_another_package_than_the_pinned_one_is_refused_and_not_kept(
    repository: str, tmp_path: Path
) -> None:
    chart = small(repository, sha256="0" * 64)

    with pytest.raises(SystemExit, match=r"small-0\.1\.0\.tgz: sha256 is \w{64}, and .* pins 0000"):
        download(chart, tmp_path)
    assert not package(chart, tmp_path).exists()


@pytest.mark.parametrize("scheme", ["http", "oci"])
def test_a_repository_out_of_reach_is_named(helm: Any, tmp_path: Path, scheme: str) -> None:
    chart = small(f"{scheme}://127.0.0.1:9/charts")

    with pytest.raises(SystemExit, match=f"small 0.1.0 cannot be had from {scheme}://127.0.0.1:9"):
        download(chart, tmp_path)


@pytest.mark.parametrize(
    ("namespace", "image"),
    [
        ("airflow", "docker.io/library/alpine:3"),
        ("airflow", "registry.example.com/redis:7"),
        ("airflow", "crairflowdevXazurecr.io/airflow:1"),
        ("airflow", "evil.example.com/crairflowdev.azurecr.io/airflow:1"),
        ("airflow", "redis-of-a-stranger:7"),
        ("airflow-tasks", "redis:7"),
        ("ingress-nginx", "quay.io/jetstack/cert-manager-webhook:v1"),
    ],
)
def test_an_image_of_another_registry_is_not_let_in(namespace: str, image: str) -> None:
    pattern = allowed_images("crairflowdev.azurecr.io")[namespace]

    assert not re.search(pattern, image)


def test_an_image_of_our_registry_is_let_in_for_tasks() -> None:
    pattern = allowed_images("crairflowdev.azurecr.io")["airflow-tasks"]

    assert re.search(pattern, "crairflowdev.azurecr.io/sales/count:1.4.0")
