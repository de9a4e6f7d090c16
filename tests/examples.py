"""How the suite uses Hypothesis: the same examples in every run, however busy the machine is."""

import os

from hypothesis import settings

FEWER = int(os.environ.get("EXAMPLES", "1000"))  # `make test-fast` sets it


def examples(count: int) -> settings:
    """Return the settings of a test with so many examples; nothing is timed or kept."""
    return settings(settings.get_profile("ci"), max_examples=min(count, FEWER))
