"""How a synth runs fast, and how cdktf.out is written, replaced, read and known to be stale.

`program`, `preload`, `successor` and `output` run a synth; they import cdktf. `reader`, `links`,
`resources` and `sources` are for whoever reads what was synthesized, and import nothing but the
standard library.
"""

import sys

from conventions.endings import end

sys.excepthook = end
