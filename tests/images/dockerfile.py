"""A Dockerfile as its instructions."""

import re
from dataclasses import dataclass

from tests import ROOT

DOCKERFILE = ROOT / "images" / "airflow" / "Dockerfile"


@dataclass(frozen=True)
class Instruction:
    """A word and what follows it, in the stage where it stands."""

    stage: str
    word: str
    rest: str


def instructions() -> list[Instruction]:
    """Return the instructions in order, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.M).replace("\\\n", " ")
    found, stage = [], ""
    for line in filter(None, map(str.strip, text.splitlines())):
        word, rest = line.split(maxsplit=1)
        if word == "FROM":
            stage = rest.split(" AS ")[1] if " AS " in rest else "default"
        found.append(Instruction(stage, word, rest))
    return found


def copied_sources() -> list[str]:
    """Return what is copied from the repository, not from another stage."""
    copies = [one.rest.split() for one in instructions() if one.word == "COPY"]
    return [
        source
        for parts in copies
        if not any(part.startswith("--from") for part in parts)
        for source in [part for part in parts if not part.startswith("--")][:-1]
    ]
