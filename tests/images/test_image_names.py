"""The base is pinned by what a real registry says; a tag names one commit."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from tests import ROOT
from tests.images.registries import push, running_registry
from tools.image import ImageError, app, pin, pinned, tag_of

UNPINNED = "# the base\nARG BASE_IMAGE={image}\nFROM ${{BASE_IMAGE}}\n"


@pytest.fixture
def dockerfile(tmp_path: Path) -> Path:
    """A Dockerfile whose base has no digest."""
    file = tmp_path / "Dockerfile"
    file.write_text(UNPINNED.format(image="example.com/airflow:1"))
    return file


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """The address of a real registry that holds one image, airflow:1."""
    with running_registry(tmp_path) as address:
        push(tmp_path, f"{address}/airflow:1", b"hello")
        yield address


def test_pinning_writes_the_digest_that_the_registry_serves(
    registry: str, dockerfile: Path
) -> None:
    dockerfile.write_text(UNPINNED.format(image=f"{registry}/airflow:1"))

    pin(dockerfile, tls=False)

    line = dockerfile.read_text().splitlines()[1]
    address, _, digest = line.partition("@")
    assert address == f"ARG BASE_IMAGE={registry}/airflow:1"
    shown = subprocess.run(
        ["skopeo", "inspect", "--tls-verify=false", f"docker://{registry}/airflow@{digest}"],
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0, shown.stderr


def test_pinning_again_changes_nothing(registry: str, dockerfile: Path) -> None:
    dockerfile.write_text(UNPINNED.format(image=f"{registry}/airflow:1"))
    pin(dockerfile, tls=False)
    before = dockerfile.read_text()

    pin(dockerfile, tls=False)

    assert dockerfile.read_text() == before


def test_an_image_that_is_not_there_leaves_the_dockerfile_as_it_was(
    registry: str, dockerfile: Path
) -> None:
    dockerfile.write_text(UNPINNED.format(image=f"{registry}/airflow:2"))
    before = dockerfile.read_text()

    with pytest.raises(ImageError, match=r"no digest of .*airflow:2"):
        pin(dockerfile, tls=False)

    assert dockerfile.read_text() == before


def test_a_base_without_a_digest_is_refused_with_what_to_do(dockerfile: Path) -> None:
    with pytest.raises(ImageError, match="run `make image-pin`"):
        pinned(dockerfile)


def test_a_base_with_a_digest_is_accepted(dockerfile: Path) -> None:
    digest = "sha256:" + "0" * 64
    dockerfile.write_text(UNPINNED.format(image=f"example.com/airflow:1@{digest}"))

    done = CliRunner().invoke(app, ["pinned", "--dockerfile", str(dockerfile)])

    assert done.output.strip() == digest


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout with the lock of the image and one commit."""
    lock = tmp_path / "images" / "airflow" / "requirements.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("apache-airflow==3.3.2 \\\n")
    author = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "--quiet"], ["add", "."], [*author, "commit", "--quiet", "-m", "one"]):
        subprocess.run(["git", "-C", tmp_path, *command], check=True)
    return tmp_path


def test_a_tag_is_the_version_of_airflow_and_the_commit(checkout: Path) -> None:
    commit = subprocess.run(
        ["git", "-C", checkout, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout

    assert tag_of(checkout) == f"3.3.2-{commit[:7]}"


def test_a_changed_checkout_gets_no_tag(checkout: Path) -> None:
    (checkout / "images" / "airflow" / "requirements.lock").write_text("changed")

    with pytest.raises(ImageError, match="commit first"):
        tag_of(checkout)


def test_the_release_pipeline_refuses_what_is_not_pinned_before_it_builds() -> None:
    verify, build, _ = yaml.safe_load((ROOT / "pipelines" / "image.yml").read_text())["stages"]
    scripts = [step.get("script", "") for step in verify["jobs"][0]["steps"]]

    assert "make image-pinned" in "\n".join(scripts).splitlines()
    assert build["dependsOn"] == "verify"
