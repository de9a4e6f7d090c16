"""How a program ends when it does not handle something itself: in words, with exit status 1 or 130.

The synthesizer and the tools set `end` before they import anything else: Ctrl-C may come while
they still import. So this imports next to nothing itself.
"""

import errno
import sys

INTERRUPTED = 130  # what a shell reports of a program that Ctrl-C ended
_FAILED = 1  # never 2, which says of some tools that nothing was touched
_MAY_NOT = "allow reading and writing there, or name another place"
_FIXES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room",
    errno.EACCES: _MAY_NOT,
    errno.EPERM: _MAY_NOT,
    errno.EROFS: _MAY_NOT,
    errno.ENOENT: "correct the path, or make its folder first; a program has to be installed",
    errno.EEXIST: "name another place",
    errno.ENOTDIR: "name another place",
    errno.EISDIR: "name a file",
}
"""What helps; of other errors nobody knows here."""


def end(kind: type[BaseException], error: BaseException, _traceback: object) -> None:
    """Tell why the program ends, by a traceback only where the program itself is wrong.

    It is made for `sys.excepthook`.
    """
    if isinstance(error, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
        sys.exit(INTERRUPTED)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        print(f"{place}{error.strerror or str(error) or kind.__name__}", file=sys.stderr)
        if fix := _FIXES.get(error.errno or 0):
            print(f"    fix: {fix}", file=sys.stderr)
        sys.exit(_FAILED)
    sys.__excepthook__(kind, error, error.__traceback__)
