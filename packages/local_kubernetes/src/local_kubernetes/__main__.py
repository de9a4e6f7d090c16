"""`python -m local_kubernetes [MINOR] [--node] [--kwok]`: builds a minor version's programs, once.

Exit status: 0 they are there, 1 they cannot be built.
"""

import sys

from local_kubernetes.programs import (
    CONTROL_PLANE,
    NODE,
    SIMULATED_KUBELET,
    ProgramsMissingError,
    build,
    minors,
)

MORE = {"--node": NODE, "--kwok": SIMULATED_KUBELET}


def main() -> None:
    """Build the version that is named, or the newest, and print where it is."""
    words = sys.argv[1:]
    kinds = [CONTROL_PLANE, *(kind for option, kind in MORE.items() if option in words)]
    [minor, *_] = [*(word for word in words if word not in MORE), minors()[-1]]
    if minor not in minors():
        sys.exit(f"{minor}: not known here\n    allowed: {', '.join(minors())}")
    try:
        for kind in kinds:
            print(build(minor, kind).folder)
    except ProgramsMissingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
