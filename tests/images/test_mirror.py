"""Others' charts and images are copied to our registries by the digests of the lock."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from conventions.mirror import Lock, MirrorError
from helm_values.charts import Chart, ChartImage
from helm_values.mirror import Mirror
from tests.helm_values.test_charts import Serves
from tests.images.registries import push, running_registry
from tests.parts.serving import answering
from tests.parts.skips import missing as without
from tools.release.errors import ReleaseError
from tools.release.mirroring import mirror, missing, pins, text_of
from tools.release.programs import programs
from tools.release.registry import Image, Registries, signed_in

PASSWORD = "a-token"  # its hash, as the registry's file wants it; Python has no bcrypt of its own
HASHED = "$2b$04$dH138/N5Wkg3iY4zwawVyOh8A9dgTtBx2xZHj1xra6NZOcHuaz4pe"
PULL = "import helm_python, sys; helm_python.pull(sys.argv[1], version='0.1.0', plain_http=True)"


@dataclass(frozen=True, kw_only=True)
class Lab:
    """A chart and its image as their publishers have them, and two registries of ours."""

    registries: Registries
    chart: Chart
    lock: Lock
    dev: str
    prod: str
    folder: Path

    def copied(
        self, host: str, *, source: str | None = None, lock: Lock | None = None
    ) -> list[str]:
        """Copy to a registry, and return what is told."""
        lines = mirror(self.registries, lock or self.lock, host, source=source, charts=[self.chart])
        return list(lines)

    def lacks(self, host: str) -> list[str]:
        return missing(self.registries, self.lock, host, [self.chart])

    def changed(self, **parts: Any) -> Lock:
        """Return the lock with other parts of the chart."""
        return Lock({"small": self.lock.root["small"].model_copy(update=parts)})


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    helm = pytest.importorskip("helm_python", reason="Helm's library has no wheel for here")
    try:
        registries = Registries(programs=programs(), plain_http=True)
    except ReleaseError as error:
        without(str(error))
    published = tmp_path / "charts"
    published.mkdir()
    with helm.Chart.create("small", published) as chart:
        chart.save(published)
    (published / "index.yaml").write_text(
        "apiVersion: v1\nentries:\n  small:\n"
        "    - {apiVersion: v2, name: small, version: 0.1.0, urls: [small-0.1.0.tgz]}\n"
    )
    with ExitStack() as opened:
        hosts = {}
        for name in ("public", "dev", "prod"):
            (tmp_path / name).mkdir()
            hosts[name] = opened.enter_context(running_registry(tmp_path / name))
            push(tmp_path, f"{hosts[name]}/ready:1", b"")
        handler = partial(Serves, directory=published)
        server = opened.enter_context(answering(ThreadingHTTPServer(("127.0.0.1", 0), handler)))
        image = f"{hosts['public']}/web/small"
        push(tmp_path, f"{image}:1.16.0", b"published")  # the version in the chart that Helm makes
        chart = Chart(
            name="small",
            repository=f"http://127.0.0.1:{server.server_port}",
            version="0.1.0",
            namespace="small",
            images=(ChartImage(image, "image"),),
        )
        yield Lab(
            registries=registries,
            chart=chart,
            lock=pins(registries, [chart]),
            dev=hosts["dev"],
            prod=hosts["prod"],
            folder=tmp_path,
        )


def image_of(lab: Lab, host: str) -> Image:
    """Return the image as a pod would ask for it."""
    values = Mirror(registry=host, lock=lab.lock).values(lab.chart)["image"]
    return Image.parse(f"{values['repository']}:{values['tag']}")


def test_the_lock_is_read_as_it_was_written(lab: Lab) -> None:
    (lab.folder / "mirror.lock").write_text(text_of(lab.lock))

    assert Lock.read(lab.folder) == lab.lock


def test_a_pod_finds_its_image_by_digest_in_our_registry(lab: Lab) -> None:
    lab.copied(lab.dev)

    image = image_of(lab, lab.dev)
    assert lab.registries.digest_of(image) == image.digest


def test_helm_finds_the_chart_in_our_registry(lab: Lab) -> None:
    lab.copied(lab.dev)

    repository = Mirror(registry=lab.dev, lock=lab.lock).charts
    done = subprocess.run(
        [sys.executable, "-c", PULL, f"{repository}/small"],
        cwd=lab.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    pulled, published = (lab.folder / place / "small-0.1.0.tgz" for place in (".", "charts"))
    assert done.returncode == 0, done.stderr
    assert pulled.read_bytes() == published.read_bytes()


def test_another_registry_of_ours_gives_what_it_has(lab: Lab) -> None:
    lab.copied(lab.dev)

    lab.copied(lab.prod, source=lab.dev)

    assert lab.lacks(lab.prod) == []


def test_what_is_there_is_not_copied_again(lab: Lab) -> None:
    lab.copied(lab.dev)

    assert all(line.endswith(": there already") for line in lab.copied(lab.dev))


def test_a_registry_without_copies_lacks_the_chart_and_the_image(lab: Lab) -> None:
    chart, image = lab.lacks(lab.dev)

    assert chart == f"{lab.dev}/mirror/charts/small:0.1.0"
    assert image == str(image_of(lab, lab.dev))


def test_a_tag_that_moved_is_copied_as_it_was_pinned(lab: Lab) -> None:
    push(lab.folder, f"{lab.chart.images[0].repository}:1.16.0", b"another")

    lab.copied(lab.dev)

    assert lab.lacks(lab.dev) == []


def test_a_published_chart_that_was_changed_is_refused(lab: Lab) -> None:
    lock = lab.changed(package=f"sha256:{'0' * 64}")

    with pytest.raises(ReleaseError, match="somebody has changed a published version"):
        lab.copied(lab.dev, lock=lock)


def test_a_chart_in_our_registry_that_is_not_the_locked_one_is_refused(lab: Lab) -> None:
    lab.copied(lab.dev)

    with pytest.raises(ReleaseError, match="a version is written once"):
        lab.copied(lab.dev, lock=lab.changed(package=f"sha256:{'0' * 64}"))


def test_a_lock_of_another_version_is_refused(lab: Lab) -> None:
    with pytest.raises(MirrorError, match=r"holds small 0\.0\.9; installed is 0\.1\.0"):
        lab.copied(lab.dev, lock=lab.changed(version="0.0.9"))


def test_an_image_that_its_publisher_has_deleted_cannot_be_pinned(lab: Lab) -> None:
    image = lab.chart.images[0]
    gone = Chart(
        name="small",
        repository=lab.chart.repository,
        version="0.1.0",
        namespace="small",
        images=(ChartImage(f"{image.repository}-of-old", "image"),),
    )

    with pytest.raises(ReleaseError, match="is not there any more"):
        pins(lab.registries, [gone])


def test_helm_signs_in_to_a_private_registry_as_az_is(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    az = lab.folder / "az"
    az.write_text(f"#!/bin/sh\necho {PASSWORD}\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", str(lab.folder), prepend=os.pathsep)
    lab.copied(lab.dev)
    users = lab.folder / "users"
    users.write_text(f"00000000-0000-0000-0000-000000000000:{HASHED}\n")

    with running_registry(lab.folder / "dev", users=users) as private, signed_in(private) as given:
        chart = f"oci://{private}/mirror/charts/small"
        pulls = [
            subprocess.run(
                [sys.executable, "-c", PULL, chart],
                cwd=lab.folder,
                env={**os.environ, "DOCKER_CONFIG": str(lab.folder / "nobody"), **variables},
                capture_output=True,
                text=True,
                check=False,
            )
            for variables in ({}, given)
        ]

    assert "credential not found" in pulls[0].stderr
    assert pulls[1].returncode == 0, pulls[1].stderr
