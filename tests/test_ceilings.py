"""The check of the lines of modules."""

from tools import ceilings


def test_a_module_over_the_ceiling_is_named() -> None:
    found = list(ceilings.broken({"a.py": ceilings.CEILING + 1}))

    assert found == ["a.py: 351 lines; at most 350: split it where it does two things"]


def test_a_module_at_the_ceiling_is_not_named() -> None:
    assert not list(ceilings.broken({"a.py": ceilings.CEILING}))
