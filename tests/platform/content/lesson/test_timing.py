"""Minutes that sum."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.platform.content.lesson.timing import share_minutes


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=15), st.integers(0, 105))
def test_minutes_sum_exactly_and_nobody_gets_none(weights: list[float], more: int) -> None:
    minutes = share_minutes(len(weights) + more, weights)
    assert sum(minutes) == len(weights) + more
    assert min(minutes) >= 1


def test_the_larger_weight_gets_more() -> None:
    assert share_minutes(45, [10, 15, 45, 15, 10, 5]) == [5, 7, 18, 7, 5, 3]


def test_more_parts_than_minutes_cannot_be() -> None:
    with pytest.raises(ValueError, match="2 minutes"):
        share_minutes(2, [1, 1, 1])
