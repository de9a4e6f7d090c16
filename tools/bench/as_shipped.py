"""Synthesizes environment files without anything of `synthesis/preload.py`: `FILE...`."""

import os
import sys
from importlib import import_module
from pathlib import Path

from environments.load import load
from main import build
from synthesis.output import write

# importing the package itself imports all of its modules, as cdktf's documentation has it
for provider in ("azuread", "azurerm", "helm"):
    import_module(f"cdktf_cdktf_provider_{provider}")

if __name__ == "__main__":
    write(build, load([Path(name) for name in sys.argv[1:]]), Path(os.environ["CDKTF_OUTDIR"]))
