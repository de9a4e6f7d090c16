"""Hold every module to a ceiling of lines: a longer one does more than one thing.

`python -m tools.ceilings`; ruff holds the ceilings of functions (pyproject.toml).
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

CEILING = 350
ROOT = Path(__file__).resolve().parents[1]


def broken(lines: Mapping[str, int]) -> Iterator[str]:
    """Tell which modules are too long."""
    for module, count in lines.items():
        if count > CEILING:
            yield f"{module}: {count} lines; at most {CEILING}: split it where it does two things"


def modules() -> dict[str, int]:
    """Return the lines of each module of the repository that is no test."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [name for name in listed.splitlines() if "tests" not in Path(name).parts]
    return {
        name: len((ROOT / name).read_text(encoding="utf-8").splitlines())
        for name in files
        if (ROOT / name).is_file()
    }


if __name__ == "__main__":
    found = list(broken(modules()))
    print("\n".join(found) or "every module keeps its ceiling")
    sys.exit(bool(found))
