"""Runs az, kubectl and cdktf, says each command before it runs, and reads what they print."""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which
from typing import Any

from conventions.faults import Fault, FaultError
from tools.exit_status import Exit


class OperationError(FaultError):
    """A program is missing, or something is not as the operation needs it: nothing was changed."""


class FailedError(Exception):
    """A program failed half way; the message is what it said last."""


@dataclass(frozen=True)
class Programs:
    """Programs on PATH, with the variables they run with."""

    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *command: str, given: str | None = None) -> str:
        """Run a command to its end; return what it printed.

        Raises:
            FailedError: it failed.
        """
        print(f"+ {shlex.join(command)}", flush=True)
        done = subprocess.run(
            command,
            input=given,
            env=self.environment or None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
            raise FailedError(f"{' '.join(command[:4])} failed: {' '.join(said[-3:])}")
        return done.stdout

    def show(self, *command: str) -> None:
        """Run a command whose output is for the reader, as it comes.

        Raises:
            FailedError: it failed.
        """
        print(f"+ {shlex.join(command)}", flush=True)
        done = subprocess.run(command, env=self.environment or None, check=False)
        if done.returncode:
            raise FailedError(f"{' '.join(command[:4])} failed; its own lines above say why")

    def ask(self, *command: str) -> Any:
        """Run a command that prints JSON; return it, None where it prints nothing."""
        text = self.run(*command)
        try:
            return json.loads(text) if text.strip() else None
        except ValueError:
            raise FailedError(f"{' '.join(command[:4])} printed no JSON: {text[:200]}") from None


def require(**programs: str) -> None:
    """Refuse to begin without a program; each is given with the fix.

    Raises:
        OperationError: one is not on PATH.
    """
    missing = [
        Fault(place=name, problem="is not on PATH", fix=fix)
        for name, fix in programs.items()
        if which(name) is None
    ]
    if missing:
        raise OperationError(missing)


@contextmanager
def in_cluster(programs: Programs, group: str, cluster: str) -> Iterator[Programs]:
    """Sign in to a cluster while the block runs; its credentials are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cluster-") as folder:
        config = str(Path(folder) / "config")
        variables = {**os.environ, **programs.environment, "KUBECONFIG": config}
        inside = Programs(variables)
        inside.run(
            *("az", "aks", "get-credentials", "--resource-group", group, "--name", cluster),
            *("--file", config, "--only-show-errors"),
        )
        inside.run("kubelogin", "convert-kubeconfig", "--login", "azurecli")
        yield inside


@contextmanager
def beginning() -> Iterator[None]:
    """End with BAD_INPUT where the block says that an operation must not begin."""
    try:
        yield
    except FaultError as error:
        print(error, file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    except FailedError as error:
        failed(error)
        sys.exit(Exit.BAD_INPUT)


def failed(error: BaseException) -> None:
    """Say why an operation ended early."""
    print(f"failed: {str(error) or 'interrupted'}", file=sys.stderr)
