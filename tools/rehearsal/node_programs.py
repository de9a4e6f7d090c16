"""Programs that npm installed into the checkout."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from terraform_runner.errors import BadInputError


def node_program(
    binaries: Path, name: str, variables: Mapping[str, str], *, option: str, instead: str
) -> Path:
    """Return a program that runs on Node.js.

    Args:
        binaries: the folder that npm installs programs into.
        name: the program's.
        variables: environment variables; their PATH is searched for Node.js.
        option: the option that needs the program.
        instead: the option that does without it.

    Raises:
        BadInputError: Node.js or the program is not installed.
    """
    program = binaries / name
    if not program.exists() or shutil.which("node", path=variables.get("PATH")) is None:
        raise BadInputError(
            f"{option} needs Node.js and {program}",
            fix="install Node.js 20 or later and run `make node_modules/.ready`, or rehearse with "
            f"{instead}",
        )
    return program
