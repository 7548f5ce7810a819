"""What waits for a slow reader of a channel with a flow rule."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.apps.app import FlowRule
from toolboxai.hub.flow import FlowQueue
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.publication import Publication
from wires import plain, unnoted

NEWEST = FlowRule("*", conflate_by="data.stage")
PLAIN_CLOSE = FlowRule("*", queue_bytes=50)
DROP = FlowRule("*", queue_bytes=50, on_full="drop_oldest")


def progress(number: int, stage: str = "quiz", channel: str = "a", event: str = "p") -> Publication:
    return Publication(channel, event, json.dumps({"n": number, "data": {"stage": stage}}))


def ten(number: int, channel: str = "a") -> Publication:
    """Its frame has ten bytes."""
    return Publication(channel, "e", f"{number:05d}")


def queue(cap_bytes: int = 10_000) -> tuple[FlowQueue, AppMetrics]:
    metrics = AppMetrics()
    return FlowQueue(cap_bytes=cap_bytes, metrics=metrics, leave_out=unnoted), metrics


def put(into: FlowQueue, rule: FlowRule, *publications: Publication) -> list[bool]:
    return [into.put(publication, rule, plain, buffered=0) for publication in publications]


def all_of(out: FlowQueue) -> str:
    frames = []
    while out:
        frames.append(out.next().decode())
    return "".join(frames)


def numbers(out: FlowQueue) -> list[int]:
    return [json.loads(frame.partition("=")[2])["n"] for frame in all_of(out).split("} ") if frame]


def test_of_each_kind_only_the_newest_waits_and_takes_the_last_place() -> None:
    out, metrics = queue()
    put(out, NEWEST, progress(1, "quiz"), progress(2, "lesson"), progress(3, "quiz"))
    assert all_of(out).count("p=") == 2
    put(out, NEWEST, progress(1, "quiz"), progress(2, "lesson"), progress(3, "quiz"))
    first, second = out.next(), out.next()
    assert (b'"n": 2' in first, b'"n": 3' in second, bool(out), out.bytes) == (True, True, False, 0)
    assert metrics.events_conflated_total == 2


def test_another_event_of_the_same_key_is_another_kind_and_what_has_no_key_is_like_no_other() -> None:
    out, metrics = queue()
    put(out, NEWEST, progress(1), progress(2, event="q"), Publication("a", "p", "no json"))
    put(out, NEWEST, Publication("a", "p", "no json"), Publication("a", "p", '{"data":{"stage":{}}}'))
    assert all_of(out).count("a/") == 5
    assert metrics.events_conflated_total == 0


def test_by_event_the_name_alone_counts() -> None:
    out, _metrics = queue()
    by_event = FlowRule("*", conflate_by="event")
    put(out, by_event, Publication("a", "p", "1"), Publication("a", "q", "2"), Publication("a", "p", "3"))
    assert all_of(out) == "a/q=2 a/p=3 "


def test_the_key_is_read_once_however_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counting(text: str, _path: str) -> str:
        read.append(text)
        return "k"

    monkeypatch.setattr("toolboxai.protocol.publication.scalar_at", counting)
    publication = progress(1)
    for _ in range(100):
        put(queue()[0], NEWEST, publication)
    assert len(read) == 1


def test_a_full_queue_drops_its_oldest_or_ends_the_connection() -> None:
    out, metrics = queue()
    assert put(out, DROP, *map(ten, range(7))) == [True] * 7
    assert all_of(out) == "".join(f"a/e={number:05d} "[:10] for number in range(2, 7))
    assert metrics.events_dropped_total == 2
    out, metrics = queue()
    assert put(out, PLAIN_CLOSE, *map(ten, range(6))) == [True] * 5 + [False]
    assert metrics.events_dropped_total == 0


def test_a_full_connection_drops_of_the_channel_that_is_published_to() -> None:
    out, metrics = queue(cap_bytes=30)
    rule = FlowRule("*", on_full="drop_oldest")
    assert put(out, rule, ten(1), ten(2, "b"), ten(3), ten(4, "b")) == [True] * 4
    assert (out.bytes, metrics.events_dropped_total) == (30, 1)
    assert put(out, rule, ten(5, "c")) == [
        True
    ]  # there is no older one of its channel: it is left out itself
    assert (out.bytes, metrics.events_dropped_total) == (30, 2)
    assert not out.put(ten(6), FlowRule("*"), plain, buffered=0)


def test_what_is_before_it_on_the_wire_counts() -> None:
    out, _metrics = queue(cap_bytes=30)
    assert out.put(ten(1), FlowRule("*"), plain, buffered=20)
    assert not out.put(ten(2), FlowRule("*"), plain, buffered=20)


def test_channels_take_turns_and_one_can_be_dropped() -> None:
    out, _metrics = queue()
    put(out, FlowRule("*"), ten(1), ten(2), ten(3, "b"), ten(4, "c"))
    assert ("b" in out, "d" in out) == (True, False)
    out.drop("b")
    out.drop("b")
    assert all_of(out) == "a/e=00001 c/e=00004 a/e=00002 "
    assert out.bytes == 0


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("ab"), st.booleans()), max_size=60))
def test_the_newest_of_each_kind_always_arrives_and_order_holds(moves: list[tuple[str, str, bool]]) -> None:
    """Moves: a kind, a channel, and whether the reader takes a frame after it."""
    out, metrics = queue()
    newest: dict[tuple[str, str], int] = {}
    got: list[tuple[str, str, int]] = []

    def read() -> None:
        channel, _, data = out.next().decode().partition("/p=")
        said = json.loads(data)
        got.append((channel, said["data"]["stage"], said["n"]))

    for number, (kind, channel, reads) in enumerate(moves):
        put(out, NEWEST, progress(number, kind, channel))
        newest[channel, kind] = number
        if reads:
            read()
    while out:
        read()
    assert out.bytes == 0
    for channel in "ab":
        of_channel = [number for name, _kind, number in got if name == channel]
        assert of_channel == sorted(set(of_channel))
    for (channel, kind), number in newest.items():
        assert (channel, kind, number) in got
    assert len(got) + metrics.events_conflated_total == len(moves)


def test_who_comes_and_goes_is_told_whatever_the_rule() -> None:
    def member(number: int) -> Publication:
        return Publication("a", "e", f"{number:05d}", kept=False, of_members=True)

    by_event = FlowRule("*", conflate_by="event", queue_bytes=50, on_full="drop_oldest")
    out, metrics = queue()
    assert put(out, by_event, member(1), member(2), ten(3), ten(4)) == [True] * 4
    assert all_of(out) == "a/e=00001 a/e=00002 a/e=00004 "
    assert put(out, DROP, member(1), ten(2), member(3), ten(4), ten(5), member(6), member(7)) == [True] * 7
    assert metrics.events_dropped_total == 2
    assert all_of(out) == "a/e=00001 a/e=00003 a/e=00005 a/e=00006 a/e=00007 "
    assert put(out, DROP, *(member(number) for number in range(6))) == [True] * 5 + [False]
