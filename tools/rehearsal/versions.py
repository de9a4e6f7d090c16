"""The providers' versions: what stacks require, what is served, what a change moves."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from synthesis.links import Document
from synthesis.reader import Stack

_EXACT = re.compile(r"=?\s*(\d+(?:\.\d+)*)")
_BINDING = re.compile(r"^(cdktf-cdktf-provider-\w+)==(\S+)", re.M)


def required(document: Document) -> dict[str, str]:
    """Return the version constraint of each provider that a stack requires."""
    providers = document.get("terraform", {}).get("required_providers", {})
    return {name: entry["version"] for name, entry in providers.items() if "version" in entry}


def unserved(stacks: Sequence[Stack], served: Mapping[str, str]) -> list[str]:
    """Tell which stacks require exactly a version that is not the one served."""
    return [
        f"{stack.name} requires {name} {exact[1]}, and what is installed is {name} {served[name]}"
        for stack in stacks
        for name, constraint in required(stack.document).items()
        if name in served
        and (exact := _EXACT.fullmatch(constraint.strip()))
        and exact[1] != served[name]
    ]


def moved(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[str]:
    """Tell which versions differ."""
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            yield f"{name} {before[name]} → {after[name]}"


def pinned(repository: Path) -> dict[str, str]:
    """Return the version of the product that a company's repository pins."""
    try:
        pin = tomllib.loads((repository / "product.toml").read_text(encoding="utf-8"))
    except OSError:
        return {}
    return {"Airflow on Azure": pin["version"]}


def bindings(project: Path) -> dict[str, str]:
    """Return the version of each provider binding in a project's `requirements.lock`."""
    try:
        text = (project / "requirements.lock").read_text(encoding="utf-8")
    except OSError:
        return {}
    return dict(_BINDING.findall(text))
