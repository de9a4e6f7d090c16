"""Ruff's rules for Airflow 3, as findings and as fixes."""

import json
import re
import subprocess
import sys
from collections.abc import Container, Iterable
from pathlib import Path
from typing import Any

from dag_migration.model import Finding, Fix, Level

# 304 and 003 (preview) are worth knowing; the others say what does not work or will stop working.
RULES = ("AIR003", "AIR301", "AIR302", "AIR303", "AIR304", "AIR311", "AIR312", "AIR321")
PERSON = {"AIR301", "AIR302", "AIR303"}


def findings(folder: Path, installed: Container[str]) -> dict[str, list[Finding]]:
    """Return what ruff reports below `folder`, by path relative to it.

    Args:
        folder: the migrated DAGs.
        installed: names of the packages of the new environment.

    Raises:
        RuntimeError: ruff could not run; the message is its own.
    """
    found: dict[str, list[Finding]] = {}
    for item in _ruff(folder):
        found.setdefault(_path(item, folder), []).append(
            Finding(
                code=item["code"],
                level=_level(item, installed),
                line=item["location"]["row"],
                message=item["message"].rstrip("; "),
                todo=_todo(item, installed),
                link=item["url"] or "",
            )
        )
    return found


def _level(item: dict[str, Any], installed: Container[str]) -> Level:
    if item["code"] not in PERSON:
        return Level.NOTICE
    asked = _asked(item)
    # with its package in the image, the next run changes the import by itself
    return Level.WAITS if asked and asked[1] not in installed else Level.PERSON


def _said(item: dict[str, Any]) -> str:
    return str((item["fix"] or {}).get("message") or "Follow the page of the rule.")


def _asked(item: dict[str, Any]) -> re.Match[str] | None:
    return re.match(r"Install `([\w-]+)[^`]*` and use", _said(item))


def _todo(item: dict[str, Any], installed: Container[str]) -> str:
    said, asked = _said(item), _asked(item)
    if asked is None:
        return said
    if asked[1] in installed:
        return f"Use{said[asked.end() :]}"
    # packages are not installed by hand, but come with the image
    return f"Add `{asked[1]}` to the packages of the image and use{said[asked.end() :]}"


def fix(
    folder: Path, rules: Iterable[str] = RULES, paths: Iterable[str] = ()
) -> dict[str, list[Fix]]:
    """Apply ruff's fixes below `folder` and return them by path; lines are those before the fix.

    Args:
        folder: the working copy.
        rules: those whose fixes are made.
        paths: the files, relative to the folder; all if there are none.

    Unsafe ones are applied as well: for these rules that word says that a comment inside a changed
    import may move, and the import test that follows is the proof.
    """
    fixable: dict[str, list[Fix]] = {}
    for item in _ruff(folder, rules, paths):
        if item["fix"]:
            fixable.setdefault(_path(item, folder), []).append(
                Fix(
                    code=item["code"],
                    line=item["location"]["row"],
                    message=item["fix"]["message"] or item["message"],
                )
            )
    before = {path: (folder / path).read_bytes() for path in fixable}
    if fixable:
        _ruff(folder, rules, sorted(fixable), "--fix", "--unsafe-fixes")
    return {
        path: fixes
        for path, fixes in fixable.items()
        if (folder / path).read_bytes() != before[path]
    }


def _ruff(
    folder: Path, rules: Iterable[str] = RULES, paths: Iterable[str] = (), *extra: str
) -> list[dict[str, Any]]:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--preview"]
    # A `noqa` for an old rule must not hide a removal, and folders that git ignores hold DAGs too.
    command += ["--ignore-noqa", "--no-respect-gitignore", "--target-version=py312"]
    command += ["--config=exclude = []"]  # a DAG folder may be called `build` or `dist`
    chosen = list(rules)
    command += [f"--select={','.join(chosen)}", "--output-format=json", *extra]
    command += ["--", *(paths or ["."])]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise RuntimeError(f"ruff failed: {done.stderr.strip()}")
    items: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    return [item for item in items if item["code"] in chosen]


def _path(item: dict[str, Any], folder: Path) -> str:
    return Path(item["filename"]).relative_to(folder).as_posix()
