"""Each channel in order, whatever fails; gaps that always grow; never more than so many at the same time."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.node.webhooks.lane import IN_FLIGHT, WINDOW, Lane, next_try_at
from toolboxai.node.webhooks.store import Waiting

deliveries = st.lists(st.sets(st.sampled_from("abcd"), min_size=1, max_size=3), min_size=1, max_size=30)


def waiting(seq: int, channels: str | set[str]) -> Waiting:
    return Waiting(seq, f"wh_{seq}", frozenset(channels), 0.0, 0, 0.0)


@given(deliveries, st.integers(0, 2**32))
def test_each_channel_keeps_its_order_whatever_fails(given_channels: list[set[str]], seed: int) -> None:
    """Posts fail, succeed, and end in any order; on each channel they arrive as they were added."""
    chance, lane, now = random.Random(seed), Lane(), 0.0
    everything = [waiting(seq, channels) for seq, channels in enumerate(given_channels, 1)]
    rest, flying, arrived = list(everything), [], []
    while rest or len(lane):
        some = rest[: chance.randint(0, min(len(rest), lane.room))]
        del rest[: len(some)]
        lane.add(some)
        flying += lane.take(now)
        assert len(flying) == lane.flying <= IN_FLIGHT
        used = [channel for each in flying for channel in each.channels]
        assert len(used) == len(set(used)), "two of one channel are under way"
        assert lane.take(now) == [], "what can begin has begun"
        if flying:
            each = flying.pop(chance.randrange(len(flying)))
            if chance.random() < 0.4:
                lane.again(each.seq, attempts=each.attempts + 1, next_at=now + chance.uniform(0.5, 5))
            else:
                arrived.append(each)
                lane.done(each.seq)
        elif lane.next_due is not None:
            assert lane.next_due > now
            now = lane.next_due
        else:
            assert len(lane) == 0, "something waits, and nothing would wake it"
    for channel in "abcd":
        of_channel = [each.seq for each in everything if channel in each.channels]
        assert [each.seq for each in arrived if channel in each.channels] == of_channel
    assert lane.last == len(everything)


def test_another_channel_passes_one_that_waits_for_its_next_try() -> None:
    lane = Lane()
    lane.add([waiting(1, "a"), waiting(2, "a"), waiting(3, "b")])
    assert [each.seq for each in lane.take(0.0)] == [1, 3]
    lane.again(1, attempts=1, next_at=2.0)
    lane.done(3)
    assert lane.take(1.9) == []
    assert lane.next_due == 2.0
    assert [(each.seq, each.attempts) for each in lane.take(2.0)] == [(1, 1)]
    lane.done(1)
    assert [each.seq for each in lane.take(2.0)] == [2]


def test_memory_is_bounded_and_so_is_what_flies() -> None:
    lane = Lane()
    lane.add([waiting(seq, {str(seq)}) for seq in range(1, WINDOW + 1)])
    assert lane.room == 0
    assert len(lane.take(0.0)) == IN_FLIGHT
    assert lane.next_due is None
    lane.done(1)
    assert lane.room == 1
    assert lane.next_due == 0.0


@given(st.integers())
def test_gaps_always_grow_and_end_after_five_minutes(seed: int) -> None:
    dice, now = random.Random(seed), 0.0
    gaps: list[float] = []
    while (then := next_try_at(0.0, now, len(gaps) + 1, dice)) is not None:
        gaps.append(then - now)
        now = then
    assert all(before < after for before, after in pairwise(gaps))
    assert 1.0 <= gaps[0] < 1.25
    assert 7 <= len(gaps) <= 10
    assert now == 300.0  # the last try is at the very end


def test_what_is_older_is_not_tried_again() -> None:
    assert next_try_at(0.0, 300.0, 1, random.Random(1)) is None
