"""The token bucket, at times of the test's choosing."""

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.protocol.rates import TokenBucket


def test_a_rested_bucket_gives_its_rate_at_once_and_then_one_by_one() -> None:
    bucket = TokenBucket(10, now=0.0)
    assert [bucket.take(0.0) for _ in range(11)] == [True] * 10 + [False]
    assert not bucket.take(0.09)
    assert bucket.take(0.11)
    assert not bucket.take(0.11)


def test_rest_is_not_saved_up_beyond_the_rate() -> None:
    bucket = TokenBucket(10, now=0.0)
    assert [bucket.take(1000.0) for _ in range(11)].count(True) == 10


def test_what_is_refused_takes_nothing() -> None:
    bucket = TokenBucket(1, now=0.0)
    assert bucket.take(0.0)
    assert not any(bucket.take(0.1 * tick) for tick in range(10))
    assert bucket.take(1.01)


@given(st.lists(st.floats(0, 2), max_size=200))
def test_over_any_time_no_more_than_the_rate_and_one_full_bucket(gaps: list[float]) -> None:
    bucket, now, taken = TokenBucket(10, now=0.0), 0.0, 0
    for gap in gaps:
        now += gap
        taken += bucket.take(now)
    assert taken <= 10 + now * 10 + 1e-6
