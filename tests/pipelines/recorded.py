"""Programs that only note what they are asked: `az`, `kubectl` and the like, of a script."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conventions.company import VARIABLE
from tests import ROOT
from tests.guard import python_path

_PROGRAM = """\
#!{python}
import json, sys
with open({calls!r}, "a") as file:
    file.write(json.dumps([{name!r}, *sys.argv[1:]]) + "\\n")
asked = " ".join([{name!r}, *sys.argv[1:]])
for part, (text, status) in {answers!r}.items():
    if part in asked:
        print(text)
        raise SystemExit(status)
"""


@dataclass
class Recorded:
    """A script's world: programs that answer what a test says, and note each call."""

    folder: Path
    answers: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What to print, and the exit status, by a part of the command line; the first that fits."""
    programs: tuple[str, ...] = ("az", "kubectl", "kubelogin")

    def run(
        self, *command: str | Path, home: Path, variables: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of this project with them."""
        for name in self.programs:
            program = self.folder / name
            program.write_text(
                _PROGRAM.format(
                    python=sys.executable,
                    calls=str(self.folder / "calls"),
                    name=name,
                    answers=self.answers,
                )
            )
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return subprocess.run(
            [str(word) for word in command],
            cwd=ROOT,
            env={
                "PATH": f"{self.folder}:/usr/bin:/bin",
                "HOME": os.environ.get("HOME", str(self.folder)),
                "PYTHON": sys.executable,
                "PYTHONPATH": python_path(ROOT),
                VARIABLE: str(home),
                **(variables or {}),
            },
            capture_output=True,
            text=True,
            check=False,
        )

    def tool(self, module: str, *options: str, home: Path) -> subprocess.CompletedProcess[str]:
        """Run a tool with them."""
        return self.run(sys.executable, "-m", module, *options, home=home)

    @property
    def calls(self) -> list[list[str]]:
        """Every call, in order."""
        file = self.folder / "calls"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
