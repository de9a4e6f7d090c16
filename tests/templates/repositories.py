"""Git repositories of tests."""

import subprocess
from pathlib import Path


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def commit(folder: Path, tag: str | None = None) -> None:
    git(folder, "add", "--force", "--all")
    git(folder, "commit", "--quiet", "--message=work")
    if tag:
        git(folder, "tag", tag)
