"""The options of the rehearsal on a cluster, as `make rehearse` hands them on."""

import subprocess
import sys

from tests import ROOT


def rehearse(*options: str) -> subprocess.CompletedProcess[str]:
    """Call the rehearsal with `--cluster`."""
    command = [sys.executable, "-m", "tools.rehearsal", *options, "--cluster"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_the_options_of_the_cluster_are_known_beside_it() -> None:
    done = rehearse("--logs", "a-folder", "--then", "true", "--help")

    assert (done.returncode, "Usage: python -m tools.cluster" in done.stdout) == (0, True)


def test_an_option_that_it_does_not_have_is_refused() -> None:
    done = rehearse("--stack", "data")

    assert (done.returncode, "No such option: --stack" in done.stderr) == (2, True)
