"""Large channels: a slice at a time, and each subscriber has what came while it was subscribed, once and in order."""

from collections import defaultdict
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolboxai.apps.app import App, AppKey, FlowRule
from toolboxai.hub.connection import Connection
from toolboxai.hub.hub import Hub
from toolboxai.hub.ring import Ring
from toolboxai.hub.slices import Slices
from toolboxai.metrics import AppMetrics
from toolboxai.protocol.publication import Position, Publication
from wires import Wire, connection


def event(data: str, channel: str = "a", exclude: str | None = None, *, offset: int = 0) -> Publication:
    publication = Publication(channel, "e", data, exclude=exclude)
    publication.position = Position("1" if offset else "", offset)
    return publication


def short(publication: Publication) -> bytes:
    return f"{publication.data},".encode()


def shout(publication: Publication) -> bytes:
    return f"{publication.data.upper()},".encode()


class Hall:
    """A hub whose slices are of two, and connections that are asked by their names; nothing is written before `turn`."""

    def __init__(self, names: str, *, channel: str = "a") -> None:
        self.seconds = 0.0
        self.slices = Slices(size=2, now=lambda: self.seconds)
        self.slices.on_due = lambda: None
        self.ring = Ring()
        self.metrics = AppMetrics()
        self.hub = Hub(self.metrics, self.ring, self.slices)
        self.wires = defaultdict[str, Wire](Wire)
        self.who: dict[str, Connection] = {}
        for name in names:
            self.open(name)
            self.hub.attach(self.who[name], channel)

    def open(self, name: str) -> None:
        self.who[name] = connection(name, self.wires[name], shout if name.isupper() else short)
        self.hub.add(self.who[name])

    def turns(self, count: int) -> None:
        for _ in range(count):
            self.slices.next()

    def heard(self, names: str) -> list[str]:
        return [self.wires[name].text.rstrip(",") for name in names]

    def left_out(self, offset: int) -> list[tuple[str, str]]:
        return [(case.socket_id, case.fate) for case in self.ring.left_out(Position("1", offset))]


def test_a_channel_of_one_slice_is_written_at_once() -> None:
    hall = Hall("ab")
    assert hall.hub.fan_out(event("1")) == 2
    assert hall.heard("ab") == ["1", "1"]
    assert not hall.slices


def test_a_larger_one_is_written_a_slice_a_turn() -> None:
    hall = Hall("abcde")
    assert hall.hub.fan_out(event("1")) == 5
    assert hall.heard("abcde") == ["", "", "", "", ""]
    hall.turns(1)
    assert hall.heard("abcde") == ["1", "1", "", "", ""]
    hall.turns(2)
    assert hall.heard("abcde") == ["1", "1", "1", "1", "1"]
    assert not hall.slices
    assert hall.slices.next() is None
    assert (hall.metrics.messages_sent_total, hall.metrics.sent_bytes_total) == (5, 10)


def test_both_dialects_are_one_round() -> None:
    hall = Hall("xYz")
    hall.hub.fan_out(event("a"))
    hall.turns(2)
    assert hall.heard("xYz") == ["a", "A", "a"]


def test_what_comes_meanwhile_is_joined_to_what_a_slice_is_owed() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("1"))
    hall.turns(1)
    hall.hub.fan_out(event("2"), event("3"))
    hall.turns(1)
    assert hall.wires["c"].written == [b"1,2,3,"]
    assert hall.wires["a"].written == [b"1,"]
    hall.turns(1)
    assert hall.wires["a"].written == [b"1,", b"2,3,"]
    assert not hall.slices


def test_large_channels_have_their_turns_one_by_one() -> None:
    hall = Hall("abcd")
    for name in "efgh":
        hall.open(name)
        hall.hub.attach(hall.who[name], "b")
    hall.hub.fan_out(event("1"))
    hall.hub.fan_out(event("2", "b"))
    hall.turns(2)
    assert hall.heard("abefcdgh") == ["1", "1", "2", "2", "", "", "", ""]
    hall.slices.finish()
    assert hall.heard("cdgh") == ["1", "1", "2", "2"]


def test_it_is_told_how_long_a_slice_has_waited() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("1"))
    hall.seconds = 0.25
    assert hall.slices.next() == 0.25
    hall.hub.fan_out(event("2"))
    hall.seconds = 1.0
    assert [hall.slices.next(), hall.slices.next()] == [1.0, 0.75]


def test_until_somebody_takes_care_of_them_slices_are_written_at_once() -> None:
    hub, wires = Hub(slices=Slices(size=1)), [Wire(), Wire()]
    for number, wire in enumerate(wires):
        hub.attach(connection(f"1.{number}", wire), "a")
    assert hub.fan_out(event("1")) == 2
    assert [wire.text for wire in wires] == ["a/e=1 ", "a/e=1 "]


# ---- who comes and goes -------------------------------------------------------------------------------------


def test_a_newcomer_has_only_what_comes_after_it() -> None:
    hall = Hall("abc")
    hall.hub.fan_out(event("1"))
    hall.open("d")
    hall.hub.attach(hall.who["d"], "a")
    hall.hub.fan_out(event("2"))
    hall.slices.finish()
    assert hall.heard("abcd") == ["1,2", "1,2", "1,2", "2"]


def test_who_unsubscribes_has_all_that_came_before() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("1"))
    hall.hub.detach(hall.who["d"], "a")
    hall.hub.fan_out(event("2"))
    hall.slices.finish()
    assert hall.heard("abcd") == ["1,2", "1,2", "1,2", "1"]


def test_who_comes_back_meanwhile_has_nothing_twice() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("1"))
    for _ in range(2):
        hall.hub.detach(hall.who["d"], "a")
        hall.hub.attach(hall.who["d"], "a")
    hall.hub.attach(hall.who["c"], "a")  # it is there already
    hall.slices.finish()
    assert hall.heard("abcd") == ["1", "1", "1", "1"]
    assert hall.hub.subscribers("a") == 4


def test_who_has_gone_is_noted_as_left_out_and_takes_nothing_from_the_others() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("1", offset=1))
    hall.turns(1)
    for name in "ad":
        hall.who[name].outbox.close()
        hall.hub.remove(hall.who[name])
    hall.slices.finish()
    assert hall.heard("abcd") == ["1", "1", "1", ""]
    assert hall.left_out(1) == [("d", "failed")]


def test_who_reads_too_slowly_misses_what_it_is_owed_and_what_is_being_written() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("1", offset=1))
    hall.hub.too_slow(hall.who["d"])
    hall.who["d"].noted().deaf_at = 1
    hall.who["d"].outbox.close()
    hall.wires["a"].write = hall.who["a"].outbox.write = lambda _frame: hall.hub.too_slow(hall.who["a"])
    hall.hub.rewire(hall.who["a"])
    hall.turns(1)
    hall.hub.remove(hall.who["d"])
    assert hall.left_out(1) == [("d", "slow"), ("a", "slow")]


def test_a_channel_that_has_emptied_meanwhile_is_owed_nothing() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("1"))
    for name in "abcd":
        hall.who[name].outbox.close()
        hall.hub.remove(hall.who[name])
    hall.slices.finish()
    assert (hall.heard("abcd"), hall.hub.occupied) == (["", "", "", ""], 0)


def test_a_channel_that_has_shrunk_to_one_slice_keeps_its_order() -> None:
    hall = Hall("abc")
    hall.hub.fan_out(event("1"))
    hall.who["c"].outbox.close()
    hall.hub.remove(hall.who["c"])
    hall.hub.fan_out(event("2"))
    assert hall.heard("ab") == ["", ""]
    hall.turns(1)
    assert hall.heard("ab") == ["1,2", "1,2"]


def test_places_that_were_left_are_taken_by_those_who_come() -> None:
    hall = Hall("abcdef")
    for name in "ae":
        hall.hub.detach(hall.who[name], "a")
    for name in "gh":
        hall.open(name)
        hall.hub.attach(hall.who[name], "a")
    hall.hub.fan_out(event("1"))
    hall.turns(3)
    assert not hall.slices
    assert hall.heard("bcdfgh") == ["1"] * 6


# ---- who is not written to as the others are ----------------------------------------------------------------


def test_who_is_excluded_has_the_rest_in_one_write_as_all_have() -> None:
    hall = Hall("abcd")
    told = hall.hub.fan_out(event("1"), event("2", exclude="d"), event("3", exclude="a"), event("4"))
    assert told == 14
    hall.slices.finish()
    assert [hall.wires[name].written for name in "abcd"] == [
        [b"1,2,4,"],
        [b"1,2,3,4,"],
        [b"1,2,3,4,"],
        [b"1,3,4,"],
    ]
    assert hall.metrics.messages_sent_total == 14


def test_who_begins_to_lag_meanwhile_is_written_to_by_the_rule_of_the_channel() -> None:
    app = App(id="3", keys=(AppKey("KEY", "SECRET"),), flow=(FlowRule("a", conflate_by="event"),))
    hall = Hall("abc")
    hall.who["c"].app = app
    hall.hub.fan_out(event("1", offset=1))
    hall.who["c"].outbox.lagging()
    hall.hub.rewire(hall.who["c"])
    hall.hub.fan_out(event("2", offset=2))
    hall.slices.finish()
    assert hall.heard("abc") == ["1,2", "1,2", ""]
    hall.who["c"].outbox.recovered()
    hall.hub.rewire(hall.who["c"])
    assert hall.heard("c") == ["2"]
    assert hall.left_out(1) == [("c", "conflated")]


def test_what_a_newcomer_has_from_elsewhere_is_left_out_in_its_turn() -> None:
    hall = Hall("abc")
    hall.open("d")
    hall.who["d"].handed_over = {"a": 7}
    hall.hub.attach(hall.who["d"], "a")
    hall.hub.fan_out(event('{"seq":7}'), event('{"seq":8}'))
    hall.slices.finish()
    assert hall.heard("cd") == ['{"seq":7},{"seq":8}', '{"seq":8}']


def test_up_to_where_a_subscriber_has_been_written_to_is_known_of_each_slice() -> None:
    hall = Hall("abcd")
    hall.hub.fan_out(event("count"), event("1", offset=5))
    assert hall.hub.written(hall.who["a"], "a") == Position("1", 4)
    hall.turns(1)
    assert hall.hub.written(hall.who["a"], "a") is None
    hall.hub.fan_out(event("2", offset=6))
    told = [hall.hub.written(hall.who[name], "a") for name in "abcd"]
    assert told == [Position("1", 5), Position("1", 5), Position("1", 4), Position("1", 4)]
    hall.hub.settle(hall.who["d"], "a")
    assert hall.hub.written(hall.who["c"], "a") is None
    assert hall.hub.written(hall.who["c"], "elsewhere") is None


def test_an_event_that_cannot_be_encoded_is_owed_to_nobody() -> None:
    hall = Hall("abc")

    def fails(_publication: Publication) -> bytes:
        raise ValueError("no frame")

    hall.who["d"] = connection("d", hall.wires["d"], fails)
    hall.hub.attach(hall.who["d"], "a")
    with pytest.raises(ValueError, match="no frame"):
        hall.hub.fan_out(event("1"))
    assert not hall.slices


def test_a_slice_that_is_written_before_its_turn_has_one_turn_all_the_same() -> None:
    hall = Hall("abcdef")
    for number in range(1, 4):
        hall.hub.fan_out(event(str(number)))
        for name in "ace":
            hall.hub.settle(hall.who[name], "a")
    hall.hub.fan_out(event("4"))
    assert sum(len(due) for due in hall.slices._due.values()) == 3
    hall.turns(3)
    assert not hall.slices
    assert hall.heard("abcdef") == ["1,2,3,4"] * 6


# ---- any order of things ------------------------------------------------------------------------------------

NAMES = "abcdefgH"
_STEPS = st.one_of(
    st.tuples(st.just("publish"), st.integers(1, 3), st.sampled_from([None, *NAMES])),
    st.tuples(st.sampled_from(["enter", "leave", "close", "settle"]), st.sampled_from(NAMES)),
    st.tuples(st.just("turns"), st.integers(1, 3)),
)


@given(st.lists(_STEPS, max_size=40))
def test_each_has_what_came_while_it_was_subscribed_once_and_in_order(
    steps: list[tuple[object, ...]],
) -> None:
    hall = Hall("")
    wanted = {name: list[str]() for name in NAMES}  # what each is to have had in the end
    for name in NAMES:
        hall.open(name)

    def publish(count: int, exclude: str | None) -> None:
        some = [str(number) for number in range(len(published), len(published) + count)]
        published.extend(some)
        for name in NAMES:
            if "a" in hall.who[name].channels and name != exclude:
                wanted[name] += some
        hall.hub.fan_out(*(event(data, exclude=exclude) for data in some))

    def close(name: str) -> None:
        had = hall.wires[name].text.split(",")[:-1]
        assert had == wanted[name][: len(had)]
        hall.who[name].outbox.close()
        hall.hub.remove(hall.who[name])
        del hall.wires[name]
        wanted[name].clear()
        hall.open(name)

    published: list[str] = []
    does: dict[str, Callable[..., object]] = {
        "publish": publish,
        "enter": lambda name: hall.hub.attach(hall.who[name], "a"),
        "leave": lambda name: hall.hub.detach(hall.who[name], "a"),
        "settle": lambda name: hall.hub.settle(hall.who[name], "a"),
        "close": close,
        "turns": hall.turns,
    }
    for what, *how in steps:
        does[str(what)](*how)
    hall.slices.finish()
    assert {name: hall.wires[name].text.split(",")[:-1] for name in NAMES} == wanted
    assert hall.hub.faults == 0


def test_a_frame_is_made_once_for_all_slices_and_kept_no_longer_than_until_the_last() -> None:
    hall, made = Hall(""), list[str]()

    def noted(publication: Publication) -> bytes:
        made.append(publication.data)
        return short(publication)

    for name in "abcde":
        hall.who[name] = connection(name, hall.wires[name], noted)
        hall.hub.attach(hall.who[name], "a")
    publication = event("1")
    hall.hub.fan_out(publication)
    while hall.hub.owes("a"):
        hall.turns(1)
    assert hall.heard("abcde") == ["1"] * 5
    assert made == ["1"]
    publication.frame(noted)
    assert made == ["1", "1"]


@pytest.mark.parametrize("how", ["settled", "gone"])
def test_so_it_is_where_the_last_slice_is_not_written_in_its_turn(how: str) -> None:
    hall = Hall("abcde")
    first, second = event("1"), event("2")
    hall.hub.fan_out(first)
    hall.turns(1)
    hall.hub.fan_out(second)
    hall.turns(1)
    if how == "settled":
        hall.hub.settle(hall.who["e"], "a")
    else:
        hall.who["e"].outbox.close()
        hall.hub.remove(hall.who["e"])
    assert (first._frames, list(second._frames or ())) == (None, [short])
    hall.hub.settle(hall.who["a"], "a")
    assert second._frames is None
