"""How the topics become one table."""

import pytest

from helm_values.merge import at, merged, overlaid


def test_tables_of_two_topics_are_joined() -> None:
    values = merged({"scheduler": {"replicas": 2}}, {"scheduler": {"env": []}})

    assert values == {"scheduler": {"replicas": 2, "env": []}}


def test_lists_of_two_topics_follow_each_other() -> None:
    assert merged({"env": [1]}, {"env": [2]}) == {"env": [1, 2]}


def test_a_key_that_two_topics_set_is_refused_with_its_path() -> None:
    with pytest.raises(
        ValueError, match=r"two parts of the values set scheduler\.replicas: 1 and 2"
    ):
        merged(at("scheduler", {"replicas": 1}), at("scheduler", {"replicas": 2}))


def test_merging_leaves_the_parts_as_they_were() -> None:
    part = {"env": [1]}

    merged(part, {"env": [2]})

    assert part == {"env": [1]}


def test_values_laid_over_others_win_and_lists_follow() -> None:
    ours = {"a": {"b": 1, "c": [1]}, "d": 1}

    assert overlaid(ours, {"a": {"b": 2, "c": [2]}, "e": 3}) == {
        "a": {"b": 2, "c": [1, 2]},
        "d": 1,
        "e": 3,
    }
    assert ours == {"a": {"b": 1, "c": [1]}, "d": 1}


def test_a_command_laid_over_another_takes_its_place() -> None:
    assert overlaid({"command": ["a", "b"]}, {"command": ["c"]}) == {"command": ["c"]}
