"""Programs beside the synthesizer: they read cdktf.out and git, and never import stacks.

Whatever a program does not handle itself, Ctrl-C while it is still importing or a disk that is
full, ends it in words here, as this module is imported before all of its others.
"""

import errno
import sys
from types import TracebackType

INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended
_BAD_INPUT = 2
_FIXES = {
    errno.ENOENT: "correct the path, or make its folder first",
    errno.EEXIST: "name another place",
    errno.ENOTDIR: "name another place",
    errno.EISDIR: "name a file",
}


def _end(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """Tell why the program ends, by a traceback only where the program itself is wrong."""
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        fix = _FIXES.get(error.errno or 0, "make room, or allow reading and writing there")
        print(f"{place}{error.strerror or error}\n    fix: {fix}", file=sys.stderr)
        sys.exit(_BAD_INPUT)
    sys.__excepthook__(kind, error, traceback)


sys.excepthook = _end
