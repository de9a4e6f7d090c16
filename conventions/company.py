"""Where a company's own files lie: in this checkout, or in a repository of its own.

The variable AIRFLOW_ON_AZURE_HOME names a folder with `environments/*.toml`, `seed.toml`,
`policy/*.toml`, `rehearsal.toml`, `mirror.lock` and `images/company`; cdktf.out is written there,
too. Without it the folder is this checkout.
"""

import os
from pathlib import Path

from conventions.faults import Fault, FaultError

VARIABLE = "AIRFLOW_ON_AZURE_HOME"
OUTDIR = "CDKTF_OUTDIR"
MIRROR = "mirror.lock"
"""File with the digests of others' charts and images that a registry holds copies of."""
SEED_FILE = "seed.toml"
PRODUCT = Path(__file__).resolve().parents[1]


class CompanyFolderError(FaultError):
    """The folder that the variable names holds no environment files."""


def home() -> Path:
    """Return the folder of the company's files.

    Raises:
        CompanyFolderError: the variable names a folder without `environments`.
    """
    named = os.environ.get(VARIABLE)
    if not named:
        return PRODUCT
    folder = Path(named).resolve()
    if not (folder / "environments").is_dir():
        fault = Fault(
            place=f"{VARIABLE}={named}",
            problem="there is no folder environments in it",
            allowed="the folder of a company's platform repository",
            fix="correct it, or unset it to use the files of this checkout",
        )
        raise CompanyFolderError([fault])
    return folder


def environments() -> Path:
    """Return the folder of the environment files."""
    return home() / "environments"


def seed() -> Path | None:
    """Return the seed's file; None for a company that has its own landing zone, and no seed."""
    file = home() / SEED_FILE
    return file if file.is_file() else None


def waivers() -> Path:
    """Return the file of the company's waivers."""
    return home() / "policy" / "waivers.toml"


def image_additions() -> Path:
    """Return the folder of what the company adds to the image: packages and authorities.

    A company's repository without the folder adds nothing: it is the product's, which is empty.
    """
    folder = home() / "images" / "company"
    return folder if folder.is_dir() else PRODUCT / "images" / "company"


def output() -> Path:
    """Return the folder of the synthesized stacks, as seen from the working directory.

    The variable CDKTF_OUTDIR, by which the cdktf CLI says where it wants them, names another one.
    """
    if named := os.environ.get(OUTDIR):
        return Path(named)
    folder = home() / "cdktf.out"
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder


def is_product(folder: Path) -> bool:
    """Say whether a folder is a checkout of this project, and not a company's repository."""
    return (folder / "main.py").exists()
