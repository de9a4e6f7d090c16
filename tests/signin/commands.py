"""Commands that the tests run to their end."""

import subprocess
from collections.abc import Mapping, Sequence


def run(
    command: Sequence[object],
    environment: Mapping[str, str],
    *,
    check: bool = True,
    timeout: float = 120,
) -> subprocess.CompletedProcess[str]:
    """Run to the end, at most `timeout` seconds."""
    return subprocess.run(
        [str(part) for part in command],
        env=environment,
        capture_output=True,
        text=True,
        check=check,
        timeout=timeout,
    )
