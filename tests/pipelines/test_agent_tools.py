"""What pipelines/agent-tools.sh installs on a machine that has some of it."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from tests import ROOT

SCRIPT = ROOT / "pipelines" / "agent-tools.sh"
ALL = ("az", "buildah", "docker", "git", "jq", "kubectl", "kubelogin", "make", "terraform", "unzip")
BASICS = ("bash", "cat", "echo", "grep", "mktemp", "rm", "sha256sum")
ARCHIVE = b"what releases.hashicorp.com has"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A PATH of programs that note what they are asked; those that install write a program."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in BASICS:
        found = next(p for p in ("/bin", "/usr/bin") if (Path(p) / name).exists())
        (folder / name).symlink_to(Path(found) / name)
    for name in (*ALL, "curl", "apt-get"):
        program(folder, name)
    return folder


def program(folder: Path, name: str, more: str = "") -> None:
    file = folder / name
    file.write_text(f'#!/bin/bash\necho "{name} $*" >> "{folder.parent}/asked"\n{more}\n')
    file.chmod(0o755)


def run(machine: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/bash", SCRIPT],
        env={"PATH": str(machine), "TMPDIR": str(machine.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def asked(machine: Path) -> str:
    file = machine.parent / "asked"
    return file.read_text() if file.exists() else ""


def without_terraform(machine: Path, digest: str) -> None:
    """Serve an archive with a list of digests, and let unzip be what makes the program."""
    os.remove(machine / "terraform")
    sums = f"{digest}  terraform_1.11.4_linux_amd64.zip"
    program(
        machine,
        "curl",
        f'case "$*" in *SHA256SUMS) echo "{sums}" ;; *.zip) echo -n "{ARCHIVE.decode()}" '
        '> "${@: -1:1}" ;; esac'.replace('"${@: -1:1}"', '"$(echo "${@: -1}" | grep -o "[^/]*$")"'),
    )
    program(
        machine,
        "unzip",
        f'echo > "{machine}/terraform"; /bin/chmod 755 "{machine}/terraform"',
    )


def test_a_machine_that_has_all_is_left_alone(machine: Path) -> None:
    done = run(machine)

    assert done.returncode == 0, done.stderr
    assert asked(machine) == ""


def test_what_is_missing_comes_from_the_distribution(machine: Path) -> None:
    os.remove(machine / "buildah")
    program(machine, "apt-get", f'echo > "{machine}/buildah"; /bin/chmod 755 "{machine}/buildah"')

    done = run(machine)

    assert done.returncode == 0, done.stderr
    assert "apt-get install -qq --yes --no-install-recommends ca-certificates buildah" in (
        asked(machine)
    )


def test_terraform_is_compared_with_its_published_digest(machine: Path) -> None:
    without_terraform(machine, hashlib.sha256(ARCHIVE).hexdigest())

    done = run(machine)

    assert done.returncode == 0, done.stderr
    assert "terraform/1.11.4/terraform_1.11.4_linux_amd64.zip" in asked(machine)


def test_another_terraform_is_refused(machine: Path) -> None:
    without_terraform(machine, "0" * 64)

    done = run(machine)

    assert done.returncode != 0
    assert "FAILED" in done.stdout + done.stderr
    assert "unzip" not in asked(machine)


def test_kubelogin_comes_in_one_version(machine: Path) -> None:
    os.remove(machine / "kubelogin")

    done = run(machine)

    assert done.returncode == 1  # the noted az has brought nothing
    assert "az aks install-cli --only-show-errors --kubelogin-version v0.2.19" in asked(machine)
    assert "kubelogin: was not installed" in done.stderr


def test_terraform_is_the_one_that_pipelines_bring() -> None:
    pinned = {
        line.split(":")[1].strip()
        for file in (ROOT / "pipelines").glob("*.yml")
        for line in file.read_text().splitlines()
        if line.strip().startswith("terraformVersion:")
    }

    assert pinned == {"1.11.4"}
    assert "terraform_version=${TERRAFORMVERSION:-1.11.4}" in SCRIPT.read_text()
