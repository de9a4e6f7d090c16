"""Programs beside the synthesizer: they read cdktf.out and git, and never import stacks."""

import os
import sys

from conventions.endings import end

sys.excepthook = end
os.environ["TYPER_STANDARD_TRACEBACK"] = "1"  # command lines leave it to the hook
