"""Programs beside the synthesizer: they read cdktf.out and git, and never import stacks."""

import sys

from conventions.endings import end

sys.excepthook = end
