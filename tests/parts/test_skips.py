"""One place decides what a test does without a part."""

import pytest

from tests import ROOT
from tests.parts import skips

SKIPS = "pytest." + "skip("


def test_no_test_skips_but_by_the_one_rule() -> None:
    files = [file for folder in ("tests", "packages") for file in (ROOT / folder).rglob("*.py")]

    skipping = [file.name for file in files if SKIPS in file.read_text()]

    assert skipping == ["skips.py"]


def test_what_is_missing_skips_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="apt-get install no-package"):
        skips.program("no-such-program", package="no-package")


def test_what_is_missing_fails_in_continuous_integration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="CI must have every part"):
        skips.program("no-such-program")
