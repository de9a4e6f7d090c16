"""`python -m local_kubernetes [MINOR]`: builds the API server of a minor version, once.

Exit status: 0 it is there, 1 it cannot be built.
"""

import sys

from local_kubernetes.programs import ProgramsMissingError, build, minors


def main() -> None:
    """Build the version in argv[1], or the newest, and print its folder."""
    minor = sys.argv[1] if len(sys.argv) > 1 else minors()[-1]
    if minor not in minors():
        sys.exit(f"{minor}: not known here\n    allowed: {', '.join(minors())}")
    try:
        print(build(minor).folder)
    except ProgramsMissingError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
