"""Finding and building the programs of a control plane."""

from pathlib import Path

import pytest
from local_kubernetes.programs import (
    CONTROL_PLANE,
    ProgramsMissingError,
    build,
    find,
    minors,
    nearest,
)


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache without any program."""
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_released_programs_are_taken_from_the_folder_of_envtest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in CONTROL_PLANE.modules:
        (tmp_path / name).touch()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))

    assert find(minors()[-1]).folder == tmp_path


def test_missing_programs_are_refused_with_the_way_to_get_them(empty_cache: Path) -> None:
    with pytest.raises(ProgramsMissingError, match="run `make api-server`"):
        find(minors()[-1])


def test_a_build_without_go_says_so(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(empty_cache))

    with pytest.raises(ProgramsMissingError, match=r"go is not on PATH; install Go 1\.\d+"):
        build(minors()[-1])


def test_a_version_without_programs_of_its_own_takes_the_one_before() -> None:
    newest = minors()[-1]

    assert nearest(f"1.{int(newest.split('.')[1]) + 5}") == newest


def test_a_version_before_all_takes_the_oldest() -> None:
    assert nearest("1.20") == minors()[0]
