"""Options that several tools have on their command lines."""

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path | None, typer.Option("--out", help="The synthesized stacks; else cdktf.out.")]
Named = Annotated[str, typer.Option("--environment", help="The environment, for example dev.")]
