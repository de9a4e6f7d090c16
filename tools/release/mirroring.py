"""Copies others' charts and images to our registries, each by the digest that mirror.lock pins."""

import json
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from conventions.mirror import CHARTS, Lock, LockedChart, copied_tag, path_of, whole
from helm_values.charts import CHARTS as ALL
from helm_values.charts import Chart
from tools.charts import digest, download
from tools.release.errors import ReleaseError
from tools.release.registry import Image, Registries


def pins(registries: Registries, charts: Sequence[Chart] = ALL) -> Lock:
    """Ask the public registries for the digest of each chart and image, as they have it today.

    Raises:
        ReleaseError: one cannot be had.
    """
    locked = {}
    with tempfile.TemporaryDirectory(prefix="charts-") as folder:
        for chart in charts:
            package = _downloaded(chart, Path(folder))
            images = {}
            for name in _images(chart, package):
                found = registries.digest_of(Image.parse(whole(name)))
                if found is None:
                    raise ReleaseError(f"{name}, an image of {chart.name}, is not there any more")
                images[name] = found
            content = f"sha256:{digest(package)}"
            locked[chart.name] = LockedChart(version=chart.version, package=content, images=images)
    return Lock(locked)


def text_of(lock: Lock) -> str:
    """Return the text of mirror.lock."""
    lines = ["# What the mirror in our registries holds: `make mirror-lock` writes it again."]
    for name, chart in lock.root.items():
        lines += ["", f"[{name}]", f'version = "{chart.version}"', f'package = "{chart.package}"']
        lines += ["", f"[{name}.images]"]
        lines += [f'"{image}" = "{content}"' for image, content in chart.images.items()]
    return "\n".join(lines) + "\n"


def mirror(
    registries: Registries,
    lock: Lock,
    host: str,
    *,
    source: str | None = None,
    charts: Sequence[Chart] = ALL,
) -> Iterator[str]:
    """Copy what a registry lacks, and yield a line for each chart and image. Safe to run again.

    Args:
        registries: where all are.
        lock: what is copied.
        host: of the registry that gets it.
        source: host of a registry that has it; the publishers' if left out.
        charts: the charts.

    Raises:
        ReleaseError: something is not what the lock says, or cannot be read or written.
        MirrorError: the lock is of other versions.
    """
    for chart in charts:
        locked = lock.chart(chart.name, chart.version)
        for name, content in locked.images.items():
            copied = _copy(host, name, content)
            if registries.digest_of(copied) == content:
                yield f"{copied}: there already"
                continue
            given = _copy(source, name, content) if source else Image.parse(whole(name))
            origin = Image(repository=given.repository, tag=given.tag, digest=content)
            registries.copy(origin, Image(repository=copied.repository, tag=copied.tag))
            yield f"{copied}: copied from {origin}"
        yield _mirror_chart(registries, chart, locked, host, source)


def missing(
    registries: Registries, lock: Lock, host: str, charts: Sequence[Chart] = ALL
) -> list[str]:
    """Return which copies a registry lacks, or has with another content.

    Raises:
        ReleaseError: it cannot be asked.
        MirrorError: the lock is of other versions.
    """
    found = []
    for chart in charts:
        locked = lock.chart(chart.name, chart.version)
        if registries.package_of(_chart(host, chart)) != locked.package:
            found.append(str(_chart(host, chart)))
        copies = [_copy(host, name, content) for name, content in locked.images.items()]
        found += [str(image) for image in copies if registries.digest_of(image) != image.digest]
    return found


def _mirror_chart(
    registries: Registries, chart: Chart, locked: LockedChart, host: str, source: str | None
) -> str:
    target = _chart(host, chart)
    there = registries.package_of(target)
    if there == locked.package:
        return f"{target}: there already"
    if there:
        raise ReleaseError(
            f"{target} holds {there} already, and mirror.lock pins {locked.package}: a version "
            "is written once; find out which of the two was changed"
        )
    if source:
        given = _chart(source, chart)
        if registries.package_of(given) != locked.package:
            raise ReleaseError(f"{given} is not there, or not {locked.package} of mirror.lock")
        registries.copy(given, target)
        return f"{target}: copied from {given}"
    with tempfile.TemporaryDirectory(prefix="chart-") as folder:
        package = _downloaded(chart, Path(folder))
        if f"sha256:{digest(package)}" != locked.package:
            raise ReleaseError(
                f"{chart.repository} gives sha256:{digest(package)} as {package.name}, and "
                f"mirror.lock pins {locked.package}: somebody has changed a published version"
            )
        registries.push_chart(package, json.dumps(_of_package(package, "Chart.yaml")), target)
    return f"{target}: copied from {chart.repository}"


def _copy(host: str, name: str, content: str) -> Image:
    repository, _, tag = name.rpartition(":")
    return Image(
        repository=f"{host}/{path_of(repository)}", tag=copied_tag(tag, content), digest=content
    )


def _chart(host: str, chart: Chart) -> Image:
    return Image(repository=f"{host}/{CHARTS}/{chart.name}", tag=chart.version)


def _images(chart: Chart, package: Path) -> Iterator[str]:
    """Name the images of a chart with the tags of its own values, else of its version."""
    values, about = _of_package(package, "values.yaml"), _of_package(package, "Chart.yaml")
    for image in chart.images:
        table: Any = values
        for key in image.values.split("."):
            table = table.get(key) or {}
        yield f"{image.repository}:{table.get('tag') or about['appVersion']}"


def _of_package(package: Path, name: str) -> dict[str, Any]:
    with tarfile.open(package) as opened:
        inner = {member.name.partition("/")[2]: member for member in opened.getmembers()}
        file = opened.extractfile(inner[name])
        assert file is not None
        found: dict[str, Any] = yaml.safe_load(file)
        return found


def _downloaded(chart: Chart, folder: Path) -> Path:
    try:
        return download(chart, folder)
    except SystemExit as refused:
        raise ReleaseError(str(refused)) from None
