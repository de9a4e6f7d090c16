"""One context of the user's kubeconfig, as a file of its own that holds nothing else."""

import os
from pathlib import Path
from typing import Any

import yaml

DEFAULT = Path("~/.kube/config")
# where a path may stand, which counts from the folder of its file
_PATHS = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
Entry = dict[str, Any]


class ContextError(Exception):
    """There is no such context; the message has those that there are."""


def write_context(name: str, target: Path) -> None:
    """Write a context with its cluster and its user, the current one of its file.

    Args:
        name: of the context, in the files of KUBECONFIG, else in ~/.kube/config.
        target: the new file, which only its owner may read.

    Raises:
        ContextError: no file has it, or a file cannot be read.
    """
    given = os.environ.get("KUBECONFIG")
    files = [Path(part) for part in given.split(os.pathsep) if part] if given else []
    files = files or [DEFAULT.expanduser()]
    found = [_read(file) for file in files if file.is_file()]
    known = {each["name"]: each for part in reversed(found) for each in part["contexts"]}
    if name not in known:
        there = f"there are: {', '.join(sorted(known))}" if known else "there is none at all"
        raise ContextError(f"no context {name!r} in {', '.join(map(str, files))}; {there}")
    context = known[name]["context"]
    one = {
        "apiVersion": "v1",
        "kind": "Config",
        "contexts": [known[name]],
        "clusters": [_named(found, "clusters", context["cluster"])],
        "users": [_named(found, "users", context["user"])],
        "current-context": name,
    }
    target.touch(mode=0o600)
    target.write_text(yaml.safe_dump(one))


def _read(file: Path) -> dict[str, list[Entry]]:
    try:
        content = yaml.safe_load(file.read_text()) or {}
        parts = {kind: list(content.get(kind) or []) for kind in ("contexts", "clusters", "users")}
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise ContextError(f"{file} is no kubeconfig: {error}") from None
    for entry in parts["clusters"] + parts["users"]:
        _make_whole(entry.get("cluster") or entry.get("user") or {}, file.resolve().parent)
    return parts


def _make_whole(entry: Entry, folder: Path) -> None:
    for key in _PATHS:
        if key in entry:
            entry[key] = str(folder / entry[key])
    program = entry.get("exec") or {}
    if "/" in program.get("command", ""):
        program["command"] = str(folder / program["command"])


def _named(found: list[dict[str, list[Entry]]], kind: str, name: str) -> Entry:
    for part in found:
        for each in part[kind]:
            if each["name"] == name:
                return each
    raise ContextError(f"the context names {name!r}, which {kind} do not have")
