"""Synthesizes in the process of a test, beside what `synthesized` has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from environments.model import Environment
    from environments.seed import Seed


def synthesize_to(folder: Path, *environments: Environment, seed: Seed | None = None) -> None:
    """Write the stacks to `folder`, which need not exist, as main.py does.

    Who synthesizes first decides for the whole process what Python and Node load: without
    `Preload` all 1,500 modules of azurerm in both, half a minute of CPU (docs/decisions/0003).
    """
    from main import build
    from synthesis.output import write
    from synthesis.preload import Preload

    with Preload():
        write(build, environments, folder, seed)
