"""The RUN steps of the Dockerfile, run with their own words, where the image is not built too.

Folders in a temporary place stand in for those of the base image.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from tests import ROOT
from tests.images.dockerfile import instructions
from tests.images.test_dockerfile import IMAGE, pins
from tests.parts.skips import missing
from tools.airflow_venv import airflow_bin
from tools.locked_venv import uv

USER = ("setpriv", "--reuid=50000", "--regid=0", "--clear-groups")  # the base image's airflow user
PLACES = re.compile(r"(?<![\w.-])/(?=(?:home/airflow|opt|tmp)\b)")
ENTRIES = re.split(r"\n(?=\S)", (IMAGE / "requirements.lock").read_text())
[SMALL] = (f"{entry}\n" for entry in ENTRIES if entry.startswith("six=="))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A root folder with the folders that the steps work in, and uv where a stage copies it to."""
    for folder in ("home/airflow", "opt/airflow/logs", "tmp"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tmp/uv").symlink_to(uv())
    (tmp_path / "tmp/company.lock").touch()  # a company without packages of its own
    return tmp_path


@pytest.fixture(scope="session")
def python312() -> Path:
    """The Python that the image's environments are made with."""
    return (airflow_bin() / "python").resolve()


def run_step(stage: str, place: Path, python: Path) -> subprocess.CompletedProcess[str]:
    """Run the last RUN of a stage below `place`, as the base image's shell does."""
    step = [one.rest for one in instructions() if (one.stage, one.word) == (stage, "RUN")][-1]
    words = PLACES.sub(f"{place}/", step).replace("/usr/python/bin/python3.12", str(python))
    shell = ["bash", "-o", "pipefail", "-o", "errexit", "-o", "nounset", "-c"]
    # the machine's cache saves a download of what is already here
    return subprocess.run(
        [*shell, words.replace("--no-cache ", "")], capture_output=True, text=True, check=False
    )


def venv(folder: Path, python: Path) -> Path:
    """Make an environment that is writable for its group, as the base image's is."""
    subprocess.run([uv(), "venv", "--quiet", "--python", python, folder], check=True)
    subprocess.run(["chmod", "-R", "g+rw", folder], check=True)
    return folder


def test_uv_is_installed_from_its_lock(place: Path, airflow: Path, python312: Path) -> None:
    (place / "tmp/uv").unlink()
    (place / "tmp/uv-requirements.lock").write_bytes((IMAGE / "uv-requirements.lock").read_bytes())
    step = [one.rest for one in instructions() if (one.stage, one.word) == ("uv", "RUN")]
    [words] = (PLACES.sub(f"{place}/", one) for one in step)

    subprocess.run([sys.executable, "-m", *words.split()], check=True, capture_output=True)

    said = subprocess.run([place / "tmp/uv/bin/uv", "--version"], capture_output=True, text=True)
    assert said.stdout.split()[1] == pins("uv-requirements")["uv"]


def test_an_authority_of_the_company_is_trusted_beside_debian_s(
    place: Path, python312: Path
) -> None:
    program = shutil.which("update-ca-certificates", path="/usr/sbin:/usr/bin")
    if program is None:
        missing("no update-ca-certificates here: apt-get install ca-certificates")
    [step] = [one.rest for one in instructions() if (one.stage, one.word) == ("base", "RUN")]
    [copy] = [one.rest for one in instructions() if (one.stage, one.word) == ("base", "COPY")]
    source, target = copy.split()
    local, bundle = place / target.lstrip("/"), place / "etc/ssl/certs"
    bundle.mkdir(parents=True)
    shutil.copytree(ROOT / source, local)
    authority = trustme.CA(organization_name="company").cert_pem.bytes()
    (local / "company.crt").write_bytes(authority)

    places = ["--localcertsdir", str(local), "--etccertsdir", str(bundle)]
    places += ["--hooksdir", str(place)]
    subprocess.run([program, *step.split()[1:], *places], check=True, capture_output=True)

    trusted = (bundle / "ca-certificates.crt").read_bytes()
    assert authority.strip() in trusted
    assert trusted.count(b"BEGIN CERTIFICATE") > 50  # Debian's


def test_the_environment_becomes_what_the_lock_says(place: Path, python312: Path) -> None:
    local = venv(place / "home/airflow/.local", python312)
    (place / "tmp/requirements.lock").write_text(SMALL)
    extra = [uv(), "pip", "install", "--quiet", "--python", str(local / "bin/python"), "idna"]
    subprocess.run(extra, check=True)

    done = run_step("packages", place, python312)

    assert done.returncode == 0, done.stderr
    assert {path.name for path in local.glob("lib/python*/site-packages/*.dist-info")} == {
        f"six-{pins('requirements')['six']}.dist-info"
    }


def test_the_group_may_not_write_what_was_installed(place: Path, python312: Path) -> None:
    local = venv(place / "home/airflow/.local", python312)
    (place / "tmp/requirements.lock").write_text(SMALL)

    run_step("packages", place, python312)

    files = [path for path in local.rglob("*") if not path.is_symlink()]
    assert [path for path in files if path.stat().st_mode & 0o022] == []


def test_dbt_is_installed_from_its_lock(place: Path, python312: Path) -> None:
    lock = "dbt-requirements.lock"
    (place / "tmp" / lock).write_bytes((IMAGE / lock).read_bytes())

    done = run_step("dbt", place, python312)

    assert done.returncode == 0, done.stderr
    said = subprocess.run([place / "opt/dbt/bin/dbt", "--version"], capture_output=True, text=True)
    assert pins("dbt-requirements")["dbt-core"] in said.stdout


@pytest.fixture
def closed(place: Path, python312: Path) -> Path:
    """The folders after the last step, with code as a checkout with a loose umask brings it."""
    if os.geteuid() != 0:
        missing("only root may hand files to another user")
    for parent in [place, *place.parents][:-2]:
        parent.chmod(parent.stat().st_mode | 0o011)  # the other user must get here
    for file in (
        "home/airflow/.local/lib/code.py",
        "opt/airflow/platform/airflow_azure/code.py",
        "opt/airflow/config/airflow_local_settings.py",
        "opt/airflow/plugins/airflow_azure_plugin.py",
        "opt/airflow/webserver_config.py",
    ):
        (place / file).parent.mkdir(parents=True, exist_ok=True)
        (place / file).write_text("")
    (place / "home/airflow/.local/bin").mkdir()
    (place / "home/airflow/.local/bin/python").symlink_to(python312)
    for path in (place / "opt/airflow").rglob("*"):
        path.chmod(0o775)
    for folder in ("home/airflow", "opt/airflow", "opt/airflow/logs"):
        os.chown(place / folder, 50000, 0)
        (place / folder).chmod(0o775)
    done = run_step("airflow", place, python312)
    assert done.returncode == 0, done.stderr
    return place


@pytest.mark.parametrize(
    ("command", "allowed"),
    [
        ("echo x >> opt/airflow/platform/airflow_azure/code.py", False),
        ("echo x >> opt/airflow/webserver_config.py", False),
        ("echo x > opt/airflow/config/airflow_local_settings.py", False),
        ("echo x > opt/airflow/plugins/airflow_azure_plugin.py", False),
        ("mv opt/airflow/platform opt/airflow/away", False),
        ("mv home/airflow/.local home/airflow/away", False),
        ("echo x > opt/airflow/airflow.cfg", True),
        ("echo x > opt/airflow/logs/task.log", True),
        ("mkdir home/airflow/.cache", True),
    ],
)
def test_a_task_may_write_its_own_files_and_no_code(
    closed: Path, command: str, allowed: bool
) -> None:
    done = subprocess.run([*USER, "sh", "-c", command], cwd=closed, capture_output=True, text=True)

    assert (done.returncode == 0) is allowed, done.stderr


def test_a_task_compiles_no_code_whatever_the_times_of_its_layer(
    closed: Path, python312: Path
) -> None:
    code = closed / "opt/airflow/platform"
    for source in code.rglob("*.py"):
        os.utime(source, (0, 0))
    command = [str(python312), "-v", "-c", "import airflow_azure.code"]

    done = subprocess.run(
        command, env={"PYTHONPATH": str(code)}, capture_output=True, text=True, check=True
    )

    loaded = re.findall(rf"# code object from '?({code}[^'\n]*)", done.stderr)
    assert [path.endswith(".pyc") for path in loaded] == [True]


def test_a_package_is_compiled_for_any_time_of_its_layer(place: Path, python312: Path) -> None:
    local = venv(place / "home/airflow/.local", python312)
    (place / "tmp/requirements.lock").write_text(SMALL)

    done = run_step("packages", place, python312)

    [compiled] = local.glob("lib/python*/site-packages/__pycache__/six.*.pyc")
    assert done.returncode == 0, done.stderr
    assert compiled.read_bytes()[4:8] == b"\x01\0\0\0"  # PEP 552: by hash, and not checked
