"""Runs a synth from the command line: arguments, output folder, messages, exit status."""

import atexit
import gc
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from conventions import company
from conventions.endings import INTERRUPTED
from conventions.faults import Fault, FaultError
from synthesis import sources
from synthesis.output import Build, replace, write
from synthesis.preload import NodeMissingError, Preload


class OutputFolderError(FaultError):
    """The output folder cannot be made or written to."""


def run(build: Build) -> NoReturn:
    """Synthesize, and end the process without taking apart what it made.

    A synth uses what it allocates to the end: collecting garbage, and clearing tens of thousands
    of classes at exit, would take a fifth of its time (docs/decisions/0003).
    """
    if {"-h", "--help"} & set(sys.argv[1:]):
        print(sys.modules["__main__"].__doc__)
        sys.exit(0)
    gc.disable()
    for ending in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is not signal.SIG_IGN:  # as nohup says
            signal.signal(ending, signal.default_int_handler)
    try:
        status = synthesize(build, sys.argv[1:])
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        os._exit(INTERRUPTED)  # Node, whose input ends with us, ends too
    except (NodeMissingError, OutputFolderError, company.CompanyFolderError) as error:
        print(error, file=sys.stderr)
        status = 1
    except FaultError as error:  # of a file that the stacks are made from
        print(error, file=sys.stderr)
        status = 2
    atexit._run_exitfuncs()  # ends Node
    for stream in filter(None, (sys.stdout, sys.stderr)):  # one that was closed is None
        stream.flush()
    os._exit(status)


def synthesize(build: Build, arguments: Sequence[str]) -> int:
    """Read all environment files and the seed, then write all stacks; return the exit status."""
    with Preload():  # Node starts, and is given the packages, while Python imports and reads
        from environments.load import EnvironmentFileError, environment_files, load_with_seed
        from environments.notes import notes

        files, seed_file = _named(arguments) if arguments else (environment_files(), company.seed())
        try:
            environments, seed = load_with_seed(files, seed_file)
        except EnvironmentFileError as error:
            print(error, file=sys.stderr)
            return 2
        for note in (note for env in environments for note in notes(env)):
            print(f"note: {note}", file=sys.stderr)
        outdir = company.output()
        with _scratch(outdir) as new:
            write(build, environments, new, seed)
            read = [*files, *([seed_file] if seed_file else [])]
            sources.record(new, sources.of_this_run(company.PRODUCT, company.home(), read))
            replace(new, outdir)
    return 0


def _named(arguments: Sequence[str]) -> tuple[list[Path], Path | None]:
    """Tell the environment files among those named, and the seed if it is one of them."""
    named = {os.path.realpath(path): path for path in map(Path, arguments)}  # each once
    paths = list(named.values())
    seeds = [path for path in paths if path.name == company.SEED_FILE]
    return [path for path in paths if path not in seeds], next(iter(seeds), None)


@contextmanager
def _scratch(outdir: Path) -> Iterator[Path]:
    """Make a folder beside the output: files are moved from it without being copied."""
    try:
        outdir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".synth-", dir=outdir) as scratch:
            yield Path(scratch)
    except OSError as error:
        place, whole = Path(str(error.filename or outdir)).absolute(), outdir.absolute()
        if not (place.is_relative_to(whole) or whole.is_relative_to(place)):
            fault = Fault(
                place=str(place),
                problem=f"cannot be read or written: {error.strerror}",
                allowed="a file that you may use, on a disk with room",
                fix="change its permissions, or make room",
            )
            raise FaultError([fault]) from None
        fault = Fault(
            place=str(outdir),
            problem=f"cannot be written: {error.strerror or error}",
            allowed="a folder that you may write to, on a disk with room",
            fix="make room, change its permissions, remove the file at that path, or name another "
            "folder in CDKTF_OUTDIR",
        )
        raise OutputFolderError([fault]) from None
