"""A company's packages join the image where they fit it, and are told what they collide with."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from conventions import company
from tests import ROOT
from tests.images.test_dockerfile import pins
from tools.company_packages import CompanyPackages, CompanyPackagesError, check, resolve
from tools.locked_venv import uv

OLD = "old==1.0\n"


def packages(folder: Path, asked: str, image_lock: Path | None = None) -> CompanyPackages:
    """Write what a company asks for."""
    (folder / "requirements.in").write_text(asked)
    return CompanyPackages(folder, *([image_lock] if image_lock else []))


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> CompanyPackages:
    """A package that the image lacks, which needs one that the image holds."""
    made = packages(tmp_path_factory.mktemp("packages"), "# for prices\nholidays>=0.80 # days\n")
    resolve(made)
    return made


def test_the_lock_adds_what_the_image_lacks_and_repeats_none_of_its_pins(
    resolved: CompanyPackages,
) -> None:
    lock = resolved.lock.read_text()

    assert "\nholidays==" in lock
    assert "python-dateutil" in pins("requirements")
    assert "\npython-dateutil==" not in lock


def test_every_package_has_its_hashes(resolved: CompanyPackages) -> None:
    assert "--hash=sha256:" in resolved.lock.read_text()


def test_both_locks_install_together_as_the_image_does_it(
    resolved: CompanyPackages, airflow: Path
) -> None:
    command = [uv(), "pip", "sync", "--dry-run", "--require-hashes", "--python"]

    done = subprocess.run(
        [*command, airflow / "python", resolved.image_lock, resolved.lock],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert " + holidays==" in done.stderr
    assert "\n - " not in done.stderr  # nothing of the image is replaced


def test_an_input_that_changed_wants_a_new_lock(resolved: CompanyPackages, tmp_path: Path) -> None:
    changed = packages(tmp_path, "holidays\n")
    changed.lock.write_bytes(resolved.lock.read_bytes())

    check(resolved)
    with pytest.raises(CompanyPackagesError, match="fix: make packages"):
        check(changed)


def test_an_upgrade_of_the_image_wants_a_new_lock(
    resolved: CompanyPackages, tmp_path: Path
) -> None:
    newer = tmp_path / "requirements.lock"
    newer.write_text(resolved.image_lock.read_text() + OLD)

    with pytest.raises(CompanyPackagesError, match="of this version's image"):
        check(CompanyPackages(resolved.folder, newer))


def test_no_packages_need_no_lock(tmp_path: Path) -> None:
    none = packages(tmp_path, "# nothing yet\n")

    assert resolve(none) == 0
    check(none)


def test_a_collision_names_the_package_who_needs_it_and_for_whom_the_image_pins_it(
    tmp_path: Path,
) -> None:
    with pytest.raises(CompanyPackagesError) as refused:
        resolve(packages(tmp_path, "sqlalchemy<2\nagate==1.7.0\n"))

    (fault,) = refused.value.faults
    assert fault.key == "sqlalchemy"
    assert "1.4." in fault.problem
    assert f"the image holds {pins('requirements')['sqlalchemy']} (for " in fault.problem
    assert "get-a-package.md" in fault.fix
    assert not (tmp_path / "requirements.lock").exists()


def test_a_collision_of_what_another_package_brings_names_that_one(tmp_path: Path) -> None:
    with pytest.raises(CompanyPackagesError) as refused:
        resolve(packages(tmp_path, "dbt-core==1.5.0\n"))

    needed = {fault.key: fault.problem for fault in refused.value.faults}
    assert "by dbt-core" in needed["jinja2"]


def test_a_package_that_does_not_exist_is_told_as_the_index_says(tmp_path: Path) -> None:
    with pytest.raises(CompanyPackagesError, match="was not found"):
        resolve(packages(tmp_path, "a-company-package-that-nobody-has-published\n"))


def test_a_password_in_an_index_is_refused_and_not_repeated(tmp_path: Path) -> None:
    asked = "--index-url https://me:hunter2@pypi.example.com/simple\nholidays\n"

    with pytest.raises(CompanyPackagesError, match=r"requirements.in:1: .*password") as refused:
        resolve(packages(tmp_path, asked))

    assert "hunter2" not in str(refused.value)


def test_the_lock_names_the_index_of_its_input_and_none_of_this_machine(tmp_path: Path) -> None:
    asked = packages(tmp_path, "--extra-index-url https://pypi.org/simple\nholidays\n")

    resolve(asked)

    lines = asked.lock.read_text().splitlines()
    assert [line for line in lines if "://" in line] == [
        "--extra-index-url https://pypi.org/simple"
    ]


def test_a_company_s_repository_brings_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environments").mkdir()
    monkeypatch.setenv(company.VARIABLE, str(tmp_path))
    without = company.image_additions()
    (tmp_path / "images" / "company").mkdir(parents=True)

    assert without == ROOT / "images" / "company"
    assert company.image_additions() == tmp_path / "images" / "company"


def test_the_command_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    folder = tmp_path / "images" / "company"
    folder.mkdir(parents=True)
    (folder / "requirements.in").write_text("holidays\n")

    done = subprocess.run(
        [sys.executable, "-m", "tools.company_packages", "check"],
        cwd=ROOT,
        env={**os.environ, company.VARIABLE: str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.strip().endswith("fix: make packages, and commit it")


def test_packages_in_another_encoding_are_refused(tmp_path: Path) -> None:
    (tmp_path / "requirements.in").write_bytes("holidays # für Preise\n".encode("latin-1"))

    with pytest.raises(CompanyPackagesError, match="is not UTF-8"):
        check(CompanyPackages(tmp_path))
