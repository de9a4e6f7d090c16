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
# of terraform_1.11.4_linux_amd64.zip in the list that HashiCorp signs
DIGEST = "1ce994251c00281d6845f0f268637ba50c0005657eb3cf096b92f753b42ef4dc"
INSTALL_TERRAFORM = (
    "pipelines/agent-tools.sh",
    "pipelines/templates/tools.yml",
    "templates/platform-repository/azure-pipelines.yml.jinja",
    "templates/platform-repository/.github/actions/product/action.yml.jinja",
)


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


def run(machine: Path, script: Path = SCRIPT) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["/bin/bash", script],
        env={"PATH": str(machine), "TMPDIR": str(machine.parent)},
        capture_output=True,
        text=True,
        check=False,
    )


def asked(machine: Path) -> str:
    file = machine.parent / "asked"
    return file.read_text() if file.exists() else ""


def without_terraform(machine: Path) -> None:
    """Serve an archive, and let unzip be what makes the program."""
    os.remove(machine / "terraform")
    program(
        machine,
        "curl",
        f'echo -n "{ARCHIVE.decode()}" > "$(echo "${{@: -1}}" | grep -o "[^/]*$")"',
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


def test_the_terraform_of_the_pinned_digest_is_taken(machine: Path, tmp_path: Path) -> None:
    without_terraform(machine)
    script = tmp_path / "agent-tools.sh"
    own = hashlib.sha256(ARCHIVE).hexdigest()
    script.write_text(SCRIPT.read_text().replace(DIGEST, own))

    done = run(machine, script)

    assert done.returncode == 0, done.stderr
    assert "terraform/1.11.4/terraform_1.11.4_linux_amd64.zip" in asked(machine)


def test_another_terraform_is_refused(machine: Path) -> None:
    without_terraform(machine)

    done = run(machine)

    assert done.returncode != 0
    assert "FAILED" in done.stdout + done.stderr
    assert "unzip" not in asked(machine)


@pytest.mark.parametrize("file", INSTALL_TERRAFORM)
def test_no_server_says_what_the_digest_of_its_own_terraform_is(file: str) -> None:
    text = (ROOT / file).read_text()

    assert DIGEST in text
    assert "SHA256SUMS" not in text


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
    assert "terraform_version=1.11.4" in SCRIPT.read_text()


@pytest.mark.parametrize("file", INSTALL_TERRAFORM[1:3])
def test_kubelogin_is_the_one_that_pipelines_bring(file: str) -> None:
    (line,) = (line for line in (ROOT / file).read_text().splitlines() if "install-cli" in line)

    assert "--kubelogin-version v0.2.19 " in line
