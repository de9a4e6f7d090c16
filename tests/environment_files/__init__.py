"""The environment files of the tests.

Those in environments/ belong to the company that deploys: it replaces them, and no test may
depend on what it writes (tests/guard). These here stay what tests, snapshots and pages rely on.
"""

import shutil
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEV = Path(__file__).with_name("dev.toml")
PROD = Path(__file__).with_name("prod.toml")
FILES = [DEV, PROD]


def tables(file: Path) -> dict[str, Any]:
    """Return what an environment file says, free to change."""
    return tomllib.loads(file.read_text())


def checkout(folder: Path) -> Path:
    """Make `folder` a checkout that synthesizes, with the tests' environment files as its own.

    It holds what a synth reads, and this checkout's installed packages as links.
    """
    packages = [path.parent for path in ROOT.glob("*/__init__.py")]
    rooms = [room for room in packages if room.name not in ("tests", "tools")]
    for room in rooms:
        skipped = ("__pycache__", *(["*.toml"] if room.name == "environments" else []))
        shutil.copytree(room, folder / room.name, ignore=shutil.ignore_patterns(*skipped))
    for name in ("main.py", "cdktf.json"):
        shutil.copy(ROOT / name, folder)
    for name in (".venv", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    for file in FILES:
        shutil.copy(file, folder / "environments")
    return folder
