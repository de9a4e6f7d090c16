"""The environment files of the tests.

Those in environments/ belong to the company that deploys: it replaces them, and no test may
depend on what it writes (tests/guard). These here stay what tests, snapshots and pages rely on.
"""

import shutil
import tomllib
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DEV = Path(__file__).with_name("dev.toml")
PROD = Path(__file__).with_name("prod.toml")
FILES = [DEV, PROD]
WAIVERS = ROOT / "tests" / "policy" / "waivers.toml"


def tables(file: Path) -> dict[str, Any]:
    """Return what an environment file says, free to change."""
    return deepcopy(_tables(file))


@cache
def _tables(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text())


def checkout(folder: Path) -> Path:
    """Make `folder` a checkout of a company, with the tests' environment files as its own.

    It has everything but what was made here, and this checkout's installed packages as links.
    """
    shutil.copytree(ROOT, folder, ignore=_not_copied)
    for name in (".venv", "node_modules"):
        (folder / name).symlink_to(ROOT / name)
    for file in FILES:
        shutil.copy(file, folder / "environments")
    shutil.copy(WAIVERS, folder / "policy")
    return folder


_MADE_HERE = shutil.ignore_patterns(
    ".*", "__pycache__", "cdktf.out", "cdktn.out", "node_modules", "site", "sbom"
)


def _not_copied(folder: str, names: list[str]) -> set[str]:
    company = Path(folder) in (ROOT / "environments", ROOT / "policy")
    own = {name for name in names if company and name.endswith(".toml")}
    return own | _MADE_HERE(folder, names)
