"""`python -m local_kubernetes.shell COMMAND...`: runs a command beside a cluster of its own.

The command finds the cluster by KUBECONFIG, and the cluster ends with it. Linux, root.

Exit status: the command's; 1 there can be no cluster here.
"""

import os
import subprocess
import sys

from local_kubernetes.node import Wishes, cluster
from local_kubernetes.programs import NODE, ProgramsMissingError, find, minors
from local_kubernetes.room import FOLDER, RoomError, run, settle

ISSUER = "https://kubernetes.default.svc"


def main() -> int:
    """Run the command of argv in a room of its own."""
    try:
        control_plane, node = find(minors()[-1]), find(minors()[-1], NODE)
        if FOLDER not in os.environ:
            return run([sys.executable, "-m", __spec__.name, *sys.argv[1:]], os.environ)
        folder = settle()
        with cluster(control_plane, node, folder, Wishes(issuer=ISSUER)) as started:
            environment = os.environ | {"KUBECONFIG": str(started.kubeconfig)}
            return subprocess.run(sys.argv[1:], env=environment, check=False).returncode
    except (ProgramsMissingError, RoomError, RuntimeError, TimeoutError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
