"""Pauses between attempts: growing, spread, ending."""

import random

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.client.backoff import Backoff
from toolboxai.close_codes import Retry


class MiddleDice:
    """Throws the middle: a spread of nothing."""

    def getrandbits(self, k: int, /) -> int:
        return 1 << (k - 1)


def test_five_waits_of_1_2_4_8_16_seconds_and_then_it_gives_up() -> None:
    backoff = Backoff(MiddleDice(), attempts=5)
    assert [backoff.next_wait(Retry.PAUSE, lived_s=0) for _ in range(6)] == [1, 2, 4, 8, 16, None]


def test_a_success_begins_anew() -> None:
    backoff = Backoff(MiddleDice(), attempts=5)
    backoff.next_wait(Retry.PAUSE, lived_s=0)
    backoff.next_wait(Retry.PAUSE, lived_s=0)
    backoff.succeeded()
    assert backoff.next_wait(Retry.PAUSE, lived_s=60) == 1


def test_no_wait_is_longer_than_the_cap_and_its_spread() -> None:
    backoff = Backoff(MiddleDice(), attempts=50)
    assert max(backoff.next_wait(Retry.PAUSE, lived_s=0) or 0 for _ in range(50)) == 30


def test_what_must_not_come_back_does_not() -> None:
    assert Backoff(MiddleDice(), attempts=5).next_wait(Retry.NEVER, lived_s=60) is None


def test_come_back_now_means_at_once() -> None:
    assert Backoff(MiddleDice(), attempts=5).next_wait(Retry.NOW, lived_s=60) == 0


def test_a_server_that_always_says_come_back_now_is_not_hit_without_a_pause() -> None:
    backoff = Backoff(MiddleDice(), attempts=5)
    assert backoff.next_wait(Retry.NOW, lived_s=0.01) == 1
    assert backoff.next_wait(Retry.NOW, lived_s=0) == 2


@given(st.integers(), st.integers(min_value=1, max_value=30))
def test_each_wait_is_spread_by_half_to_both_sides(seed: int, attempts: int) -> None:
    backoff = Backoff(random.Random(seed), attempts=attempts)
    for attempt in range(attempts):
        middle = min(2**attempt, 30)
        wait = backoff.next_wait(Retry.PAUSE, lived_s=0)
        assert wait is not None
        assert middle * 0.5 <= wait < middle * 1.5
