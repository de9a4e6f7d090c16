"""Run a command, and again where Azure was only late.

A new role counts after minutes, and a database server that was just made or changed refuses the
next change. azurerm tries neither again (it only keeps its own changes of one server apart). Each
run of `cdktf deploy` goes on where the last one stopped, so running it again is safe, also where
another error stands beside the late answer. A failure without a late answer is not tried again.

Exit status: 0 the command succeeded; else that of its last run. 2 no command was given.
"""

import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence

PATIENCE_SECONDS = 900  # learn.microsoft.com: "Troubleshoot Azure RBAC": a role takes ten minutes
PAUSE_SECONDS = 30
LATE = {
    "ServerIsBusy": "the database server is not done with its last change",
    "ServerBusy": "the database server is not done with its last change",
    "ServerIsNotReady": "the database server is not done with its last change",
    "ForbiddenByRbac": "a role on a vault does not count yet",
    "KeyVaultAuthenticationFailure": "a role on a key does not count yet",
    "PrincipalNotFound": "an identity is not known everywhere yet",
}
_SAID = re.compile("|".join(LATE))


def run(
    command: Sequence[str],
    patience: float = PATIENCE_SECONDS,
    pause: float = PAUSE_SECONDS,
) -> int:
    """Run a command until it succeeds, ends without a late answer, or the patience is over."""
    end = time.monotonic() + patience
    while True:
        status, said = _run(command)
        late = sorted({LATE[word] for word in _SAID.findall(said)})
        if status == 0 or not late:
            return status
        if time.monotonic() + pause > end:
            told = f"after {patience / 60:.0f} minutes still: {', '.join(late)}"
            print(f"{told}; fix: docs/how-to/operate/deployment-failed.md", file=sys.stderr)
            return status
        print(f"Azure is late: {', '.join(late)}; again in {pause:g} s", file=sys.stderr)
        time.sleep(pause)


def _run(command: Sequence[str]) -> tuple[int, str]:
    """Run a command whose output goes on as it comes; return its status and its last lines."""
    last: deque[str] = deque(maxlen=500)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        for line in process.stdout or ():
            sys.stdout.write(line)
            sys.stdout.flush()
            last.append(line)
    return process.returncode, "".join(last)


if __name__ == "__main__":
    if not sys.argv[1:]:
        print("name a command: python -m tools.operations.late_answers npx cdktf deploy ...")
        sys.exit(2)
    try:
        sys.exit(run(sys.argv[1:]))
    except FileNotFoundError as error:
        sys.exit(f"{error.filename}: not found")
