"""A company's packages in the image, resolved against the image's own lock.

`python -m tools.company_packages resolve` writes `images/company/requirements.lock` from
`requirements.in` beside it: every package that the image does not hold already, with hashes, in
releases that fit all of the image's pins. `check` says, without a network, whether the lock is that
of its input and of this image. Exit status: 1 with every collision.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from conventions import company
from conventions.faults import Fault, FaultError
from tools.airflow_venv import LOCK, PYTHON
from tools.locked_venv import uv

# a machine without the image's Python needs none to resolve, and uv would fetch one from GitHub
TARGET = ("--python-version", PYTHON, "--python-platform", "linux", "--no-python-downloads")
SEPARATE = (
    "take another release of what needs it, or run the task with packages of its own "
    "(docs/how-to/authors/get-a-package.md)"
)


class CompanyPackagesError(FaultError):
    """The packages do not fit the image, or their lock is not up to date."""


@dataclass(frozen=True)
class CompanyPackages:
    """The two files of a company's packages, and the image's lock they must fit."""

    folder: Path
    image_lock: Path = LOCK

    @property
    def source(self) -> Path:
        """What the company asks for, one requirement a line."""
        return self.folder / "requirements.in"

    @property
    def lock(self) -> Path:
        """What that resolved to; the image is built from it."""
        return self.folder / "requirements.lock"

    @property
    def header(self) -> str:
        """First line of a lock: of which input and which image it is."""
        both = hashlib.sha256(self.source.read_bytes() + self.image_lock.read_bytes())
        return f"# by make packages; of requirements.in and the image's lock: {both.hexdigest()}\n"

    @property
    def any(self) -> bool:
        """Whether the company asks for a package at all."""
        return self.source.exists() and bool(_requirements(self.source))


def _requirements(source: Path) -> list[str]:
    lines = (line.split(" #")[0].strip() for line in _text(source).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _text(source: Path) -> str:
    try:
        return source.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        fault = Fault(
            place=str(source),
            problem="is not UTF-8",
            allowed="one package a line, as text in UTF-8",
            fix="save it as UTF-8: editors ask for the encoding in `Save as`",
        )
        raise CompanyPackagesError([fault]) from None


def given() -> CompanyPackages:
    """Return the packages of the company whose files the tools read."""
    return CompanyPackages(folder=company.image_additions())


def resolve(packages: CompanyPackages) -> int:
    """Write the lock, and return how many packages it adds to the image.

    Raises:
        CompanyPackagesError: a package collides with a pin of the image, does not exist, or is
            named by an address with a password.
    """
    _refuse_passwords(packages)
    pins = _pins(packages.image_lock.read_text())
    if not packages.any:
        packages.lock.write_text("")
        return 0
    done = _compile(
        packages,
        f"--constraint={packages.image_lock}",
        "--generate-hashes",
        *(f"--no-emit-package={name}" for name in pins),
    )
    if done.returncode:
        raise CompanyPackagesError(_collisions(packages, pins, done.stderr))
    found = done.stdout.partition("\n# The following packages were excluded")[0]
    # not --emit-index-url: it writes the index of this machine, with its password
    indexes = [line for line in _requirements(packages.source) if line.startswith("-")]
    packages.lock.write_text("\n".join([packages.header.strip(), *indexes, found.strip(), ""]))
    return len(_pins(found))


def check(packages: CompanyPackages) -> None:
    """Refuse a lock that was made of another input, or for another image.

    Raises:
        CompanyPackagesError: it has to be made again.
    """
    text = packages.lock.read_text() if packages.lock.exists() else ""
    if text.startswith(packages.header) if packages.any else not _pins(text):
        return
    fault = Fault(
        place=str(packages.lock),
        problem="is not the lock of requirements.in beside it and of this version's image",
        fix="make packages, and commit it",
    )
    raise CompanyPackagesError([fault])


def _compile(packages: CompanyPackages, *options: str) -> subprocess.CompletedProcess[str]:
    command = [uv(), "pip", "compile", "requirements.in", *TARGET, "--no-header", "--quiet"]
    return subprocess.run(
        [*command, *options], cwd=packages.folder, capture_output=True, text=True, check=False
    )


def _refuse_passwords(packages: CompanyPackages) -> None:
    for number, line in enumerate(_text(packages.source).splitlines(), 1):
        if re.search(r"://[^/\s]*@", line):
            fault = Fault(
                place=f"{packages.source}:{number}",
                problem="an address with a name or password in it, which the lock would hold, too",
                fix="name the index without it; uv reads ~/.netrc",
            )
            raise CompanyPackagesError([fault])


def _collisions(packages: CompanyPackages, pins: dict[str, str], said: str) -> list[Fault]:
    """Resolve again with the image's pins as wishes: those that had to change collide."""
    with tempfile.TemporaryDirectory(prefix="packages-") as scratch:
        wished = Path(scratch) / "wished.lock"
        wished.write_bytes(packages.image_lock.read_bytes())
        done = _compile(packages, f"--output-file={wished}", "--annotation-style=line")
        found = wished.read_text() if done.returncode == 0 else ""
    place = str(packages.source)
    because = dict(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==\S+ +# via (.+)$", found, re.M))
    holders = _holders(packages.image_lock.read_text())
    faults = [
        Fault(
            place=place,
            key=name,
            problem=f"{version} is needed (by {because.get(name, 'requirements.in')}), "
            f"and the image holds {pins[name]} (for {holders.get(name, 'itself')})",
            fix=SEPARATE,
        )
        for name, version in _pins(found).items()
        if name in pins and pins[name] != version
    ]
    reason = " ".join(said.split())
    return faults or [Fault(place=place, problem=reason, fix=SEPARATE)]


def _pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", lock, re.M))


def _holders(lock: str) -> dict[str, str]:
    """Return, for every package of the image, the packages that need it (at most three)."""
    found = {}
    for entry in re.split(r"\n(?=[a-z0-9][\w.-]*==)", lock):
        name, _, rest = entry.partition("==")
        via = rest.partition("# via")[2].replace("#", " ").split()
        names = [word for word in via if word not in ("-r", "-c")]
        found[name] = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
    return found


def main(command: str) -> None:
    """Do as argv says."""
    packages = given()
    try:
        if command == "resolve":
            print(f"{packages.lock}: {resolve(packages)} packages beside those of the image")
        else:
            check(packages)
    except FaultError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")


if __name__ == "__main__":
    if sys.argv[1:] not in (["resolve"], ["check"]):
        sys.exit(__doc__)
    main(sys.argv[1])
