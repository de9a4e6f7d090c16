"""What the checkouts of a machine share, wherever its caches lie."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import ROOT


@pytest.fixture(params=["jane", "Jane Doe"])
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A home folder, which is not there yet."""
    return tmp_path / str(request.param)


@pytest.fixture
def link(tmp_path: Path) -> Path:
    """Where a checkout has its environments of locks."""
    (tmp_path / "checkout" / ".cache").mkdir(parents=True)
    return tmp_path / "checkout" / ".cache" / "environments"


def make(link: Path, home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the checkout of the link."""
    return subprocess.run(
        ["make", "--file", ROOT / "Makefile", *arguments],
        cwd=link.parents[1],
        env={"PATH": os.environ["PATH"], "HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def environments(home: Path) -> Path:
    """Where a machine has what its checkouts share."""
    return home / ".cache" / "airflow-on-azure" / "environments"


def test_a_checkout_of_ci_shares_its_environments(link: Path, home: Path) -> None:
    done = make(link, home, ".cache/environments")

    assert (done.returncode, done.stderr) == (0, "")
    assert link.resolve(strict=True) == environments(home)


def test_a_link_to_what_is_gone_leads_to_its_new_place(link: Path, home: Path) -> None:
    link.symlink_to("/nowhere/environments")

    make(link, home, ".cache/environments")

    assert link.resolve(strict=True) == environments(home)


def test_what_is_made_again_in_the_same_place_holds_no_link_to_itself(
    link: Path, home: Path
) -> None:
    link.symlink_to(environments(home))

    make(link, home, ".cache/environments")

    assert list(environments(home).iterdir()) == []


def test_environments_of_a_checkout_itself_stay_there(link: Path, home: Path) -> None:
    link.mkdir()

    make(link, home, ".cache/environments")

    assert not link.is_symlink()
    assert list(link.iterdir()) == []


def test_ci_goes_on_where_nothing_can_be_shared(link: Path) -> None:
    done = make(link, Path("/proc/nobody"), ".cache/environments")

    assert done.returncode == 0
    assert not link.is_symlink()
