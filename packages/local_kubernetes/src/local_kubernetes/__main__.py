"""`python -m local_kubernetes [MINOR] [--node]`: builds the programs of a minor version, once.

Exit status: 0 they are there, 1 they cannot be built.
"""

import sys

from local_kubernetes.programs import CONTROL_PLANE, NODE, ProgramsMissingError, build, minors


def main() -> None:
    """Build the version that is named, or the newest, and print where it is."""
    words = sys.argv[1:]
    kinds = [CONTROL_PLANE, *([NODE] if "--node" in words else [])]
    [minor, *_] = [*(word for word in words if word != "--node"), minors()[-1]]
    if minor not in minors():
        sys.exit(f"{minor}: not known here\n    allowed: {', '.join(minors())}")
    try:
        for kind in kinds:
            print(build(minor, kind).folder)
    except ProgramsMissingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
