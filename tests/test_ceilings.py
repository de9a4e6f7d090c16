"""The check of the lines of modules."""

import pytest

from tools import ceilings


def test_a_module_over_the_ceiling_is_named() -> None:
    found = list(ceilings.broken({"a.py": ceilings.CEILING + 1, **ceilings.LONGER}))

    assert found == ["a.py: 251 lines; at most 250: split it where it does two things"]


def test_a_module_at_the_ceiling_is_not_named() -> None:
    assert not list(ceilings.broken({"a.py": ceilings.CEILING, **ceilings.LONGER}))


def test_an_exception_that_nobody_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ceilings, "LONGER", {"a.py": 300})

    found = list(ceilings.broken({"a.py": 100}))

    assert found == ["a.py: fits by now; remove it from LONGER in tools/ceilings.py"]
