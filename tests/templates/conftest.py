"""This project as the Git repository that teams and companies copy from."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.environment_files import DEV, PROD, ROOT, WAIVERS
from tests.templates.repositories import commit, git

ACCEPTED = ROOT / "tests" / "attack_paths" / "accepted_paths.toml"


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project as the Git repository that teams copy from."""
    folder = tmp_path_factory.mktemp("git") / "airflow-on-azure"
    listed = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        own = name.startswith(("environments/", "policy/")) and name.endswith(".toml")
        if (ROOT / name).is_file() and not own:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for shared in (".cache", ".tools"):  # what is installed here need not be installed again
        (ROOT / shared).mkdir(exist_ok=True)
        (folder / shared).symlink_to((ROOT / shared).resolve())
    for file, room in (
        (DEV, "environments"),
        (PROD, "environments"),
        (WAIVERS, "policy"),
        (ACCEPTED, "policy"),
    ):
        (folder / room).mkdir(exist_ok=True)
        shutil.copy(file, folder / room)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "1.0.0")
    return folder


@pytest.fixture(scope="session")
def templates(platform: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What copier reads of it, as a Git repository: it is copied in a tenth of the time."""
    folder = tmp_path_factory.mktemp("templates") / "airflow-on-azure"
    for room in ("templates", "environments", "policy"):
        shutil.copytree(platform / room, folder / room)
    for name in ("copier.yml", "rehearsal.toml"):
        shutil.copy(platform / name, folder / name)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, "1.0.0")
    return folder
