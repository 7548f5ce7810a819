"""The sliding window, at times of the test's choosing."""

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.protocol.rates import SlidingWindow


def test_so_many_at_once_and_the_next_when_the_first_is_a_second_old() -> None:
    window = SlidingWindow(10)
    assert [window.take(5.0) for _ in range(11)] == [True] * 10 + [False]
    assert window.free_at == 6.0
    assert not window.take(5.99)
    assert [window.take(6.0) for _ in range(11)] == [True] * 10 + [False]


def test_those_that_come_apart_are_counted_together() -> None:
    window = SlidingWindow(10)
    assert [window.take(0.05 * number) for number in range(11)] == [True] * 10 + [False]


def test_rest_is_not_saved_up() -> None:
    window = SlidingWindow(2)
    assert window.free_at < 0.0
    assert [window.take(1000.0) for _ in range(3)] == [True, True, False]


def test_what_is_refused_takes_nothing() -> None:
    window = SlidingWindow(1)
    assert window.take(0.0)
    assert not any(window.take(0.1 * tick) for tick in range(10))
    assert window.take(1.0)


@given(
    st.lists(st.floats(0, 2), max_size=200),
    st.integers(1, 12),
    st.floats(0.1, 3),
)
def test_in_no_stretch_more_than_allowed_and_never_later_than_told(
    gaps: list[float], most: int, seconds: float
) -> None:
    window, now = SlidingWindow(most, seconds), 0.0
    taken: list[float] = []
    for gap in gaps:
        now += gap
        free = window.free_at <= now
        assert window.take(now) is free
        if free:
            taken.append(now)
    for first, last in zip(taken, taken[most:], strict=False):
        assert last >= first + seconds
