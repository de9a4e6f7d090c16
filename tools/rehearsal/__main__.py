"""`python -m tools.rehearsal`: the command line, stopped by a signal as cleanly as by its end."""

import os
import signal
import sys

from tools.exit_status import INTERRUPTED, Exit

CLUSTER = "--cluster"


def main() -> None:
    """Run the command line; a signal ends it by an exception, so that everything is cleaned up."""
    if CLUSTER in sys.argv[1:]:  # a program of its own, which takes the options beside it
        rest = [given for given in sys.argv[1:] if given != CLUSTER]
        os.execv(sys.executable, [sys.executable, "-m", "tools.cluster", *rest])
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    try:
        # imported here: a signal may come while that takes its time
        from tools.rehearsal.command_line import app
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        sys.exit(Exit.INTERRUPTED)
    app()


if __name__ == "__main__":
    main()
