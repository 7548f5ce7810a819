"""Client events wait for their channel and for the throttle, and keep their order in each channel."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.client.effects import Dropped, Effect, Send
from toolboxai.client.errors import SendQueueFull
from toolboxai.client.send_queue import SendQueue
from toolboxai.protocol.rates import SlidingWindow

A, B = "private-a", "private-b"


def everywhere(_channel: str) -> bool:
    return True


def left(effects: list[Effect]) -> list[tuple[str, int]]:
    sent = [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]
    return [(message["channel"], message["data"]) for message in sent]


def queue_with(*events: tuple[str, int], events_per_s: float = 8.0) -> SendQueue:
    queue = SendQueue(events_per_s=events_per_s, most=100)
    for channel, number in events:
        queue.put(channel, "client-n", number)
    return queue


def test_nothing_leaves_before_the_first_connection() -> None:
    queue = queue_with((A, 1))
    assert queue.flush(0, everywhere) == []
    queue.connected()
    assert left(queue.flush(1, everywhere)) == [(A, 1)]


def test_a_channel_that_is_not_there_yet_holds_up_no_other() -> None:
    queue = queue_with((A, 1), (B, 2), (A, 3))
    queue.connected()
    assert left(queue.flush(0, lambda channel: channel == B)) == [(B, 2)]
    assert queue.throttled_until is None
    assert left(queue.flush(0, everywhere)) == [(A, 1), (A, 3)]


def test_the_throttle_says_when_the_next_may_leave() -> None:
    queue = queue_with((A, 1), (A, 2), (A, 3), events_per_s=2)
    queue.connected()
    assert left(queue.flush(0, everywhere)) == [(A, 1), (A, 2)]
    assert queue.throttled_until == 1.0
    assert left(queue.flush(1.0, everywhere)) == [(A, 3)]
    assert queue.throttled_until is None


@given(st.lists(st.floats(0, 0.2), min_size=60, max_size=60))
def test_the_throttle_keeps_below_what_a_server_takes_whatever_the_network_bunches_together(
    delays: list[float],
) -> None:
    queue = queue_with(*((A, number) for number in range(60)))
    queue.connected()
    server, now, came, sent = SlidingWindow(10), 0.0, 0.0, 0
    while sent < 60:
        for _ in left(queue.flush(now, everywhere)):
            came = max(came, now + delays[sent])  # a connection keeps its order
            assert server.take(came)
            sent += 1
        now = queue.throttled_until or now
    assert now < 60 / 8 + 1


def test_a_rate_below_one_is_kept() -> None:
    queue = queue_with((A, 1), (A, 2), events_per_s=0.5)
    queue.connected()
    assert left(queue.flush(0, everywhere)) == [(A, 1)]
    assert queue.throttled_until == 2.0


def test_without_a_connection_there_is_no_time_to_wait_for() -> None:
    queue = queue_with((A, 1), (A, 2), events_per_s=1)
    queue.connected()
    queue.flush(0, everywhere)
    queue.disconnected()
    assert queue.throttled_until is None


def test_a_full_queue_takes_no_more_and_keeps_what_it_has() -> None:
    queue = SendQueue(events_per_s=8, most=1)
    queue.put(A, "client-n", 1)
    with pytest.raises(
        SendQueueFull, match="1 events wait to be sent, 'client-n' on private-a was not taken"
    ):
        queue.put(A, "client-n", 2)
    queue.connected()
    assert left(queue.flush(0, everywhere)) == [(A, 1)]


def test_what_is_forgotten_is_told_and_the_rest_stays() -> None:
    queue = queue_with((A, 1), (B, 2), (A, 3))
    assert queue.forget(A) == [Dropped(A, "client-n"), Dropped(A, "client-n")]
    queue.connected()
    assert left(queue.flush(0, everywhere)) == [(B, 2)]


@given(st.lists(st.sampled_from([A, B]), max_size=30), st.lists(st.sets(st.sampled_from([A, B])), max_size=8))
def test_each_channel_keeps_its_order_whenever_it_comes_and_goes(
    channels: list[str], present: list[set[str]]
) -> None:
    queue = queue_with(*((channel, number) for number, channel in enumerate(channels)))
    queue.connected()
    seen: list[tuple[str, int]] = []
    enough = [{A, B}] * 7  # seconds, for thirty events at five in a second
    for second, subscribed in enumerate([*present, *enough]):
        seen += left(queue.flush(float(second), subscribed.__contains__))
    for channel in (A, B):
        assert [number for where, number in seen if where == channel] == [
            number for number, where in enumerate(channels) if where == channel
        ]


def test_what_json_cannot_say_is_refused_at_once_and_changes_after_it_are_not_sent() -> None:
    queue = SendQueue(events_per_s=8, most=100)
    with pytest.raises(ValueError, match="the data of 'client-n' cannot be written as JSON"):
        queue.put(A, "client-n", object())
    data = {"n": 1}
    queue.put(A, "client-n", data)
    data["n"] = 2
    queue.connected()
    assert [
        json.loads(effect.text)["data"] for effect in queue.flush(0, everywhere) if isinstance(effect, Send)
    ] == [{"n": 1}]
