"""buildah's images and containers of this room, apart from the machine's own."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path

from tools.local_image.errors import LocalImageError

# buildah copies itself into sealed memory before it does anything; the kernel refuses the seal for
# as long as another CPU still counts a page of the copy.
_NOT_BEGUN = "sealing memfd copy: Device or resource busy"
_ATTEMPTS = 5


@dataclass(frozen=True)
class Store:
    """A folder in which buildah keeps what it makes."""

    folder: Path

    @classmethod
    def default(cls) -> "Store":
        """Return the one in the user's cache, which all checkouts share.

        Raises:
            LocalImageError: a program or a right is missing.
        """
        for program in ("buildah", "debootstrap"):
            if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin") is None:
                raise LocalImageError(f"{program} is not installed: apt-get install {program}")
        if os.geteuid() != 0:
            raise LocalImageError("only root may make a base image and mount what was built")
        return cls(user_cache_path("airflow-on-azure") / "image")

    def has(self, image: str) -> bool:
        """Whether an image of this name is there."""
        return self.done("inspect", "--type=image", image).returncode == 0

    def run(self, *command: str) -> str:
        """Run a command of buildah and return what it prints.

        Raises:
            LocalImageError: it failed; the last lines of what it said are in the message.
        """
        done = self.done(*command)
        if done.returncode:
            said = "\n    ".join(done.stderr.strip().splitlines()[-8:])
            raise LocalImageError(f"buildah {command[0]} ended with {done.returncode}:\n    {said}")
        return done.stdout.strip()

    def done(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of buildah, and again where it could not begin; return how it ended."""
        where = [f"--root={self.folder}/root", f"--runroot={self.folder}/run"]
        for _ in range(_ATTEMPTS):
            done = subprocess.run(
                ["buildah", *where, *command], capture_output=True, text=True, check=False
            )
            if not (done.returncode and _NOT_BEGUN in done.stderr):
                break
        return done
