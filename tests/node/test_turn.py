"""Publications of one loop turn, delivered together at its end."""

from collections.abc import Callable

import pytest

from toolboxai.hub.slices import Slice, Slices
from toolboxai.node.turn import Turn
from toolboxai.protocol.publication import Publication


class Loop:
    """Calls soon, when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def soon(self, call: Callable[[], None]) -> None:
        self.waiting.append(call)

    def turns(self) -> None:
        calls, self.waiting = self.waiting, []
        for call in calls:
            call()


def told(turn_of: list[tuple[str, list[str]]]) -> Callable[[str, list[Publication], bool], None]:
    return lambda app_id, publications, _alone: turn_of.append((app_id, [each.data for each in publications]))


def turn_to(delivered: list[tuple[str, list[str]]]) -> Turn:
    return Turn(told(delivered), now=lambda: 0.0, took=lambda _seconds: None)


def event(data: str, channel: str = "a") -> Publication:
    return Publication(channel, "e", data)


def test_without_a_loop_each_is_delivered_on_the_spot() -> None:
    delivered: list[tuple[str, list[str]]] = []
    turn = turn_to(delivered)
    turn.add("3", event("1"))
    assert delivered == [("3", ["1"])]


def test_what_one_turn_brings_goes_out_together_and_in_order_within_its_channel() -> None:
    delivered: list[tuple[str, list[str]]] = []
    loop, turn = Loop(), turn_to(delivered)
    turn.join(loop.soon)
    for data, channel in [("1", "a"), ("2", "b"), ("3", "a")]:
        turn.add("3", event(data, channel))
    turn.add("4", event("4"))
    assert delivered == []
    loop.turns()
    assert delivered == [("3", ["1", "3"]), ("3", ["2"]), ("4", ["4"])]
    turn.add("3", event("5"))
    loop.turns()
    assert delivered[3:] == [("3", ["5"])]
    assert loop.waiting == []


def test_a_flush_delivers_at_once_and_the_turn_has_nothing_left() -> None:
    delivered: list[tuple[str, list[str]]] = []
    loop, turn = Loop(), turn_to(delivered)
    turn.join(loop.soon)
    turn.add("3", event("1"))
    turn.flush()
    turn.add("3", event("2"))
    turn.join(None)
    assert delivered == [("3", ["1"]), ("3", ["2"])]
    loop.turns()
    assert len(delivered) == 2


def test_it_is_told_how_long_the_first_of_a_turn_has_waited_until_all_were_delivered() -> None:
    clock, took = [10.0], list[float]()

    def deliver(_app_id: str, _publications: list[Publication], _alone: bool) -> None:
        clock[0] += 0.5

    loop, turn = Loop(), Turn(deliver, now=lambda: clock[0], took=took.append)
    turn.join(loop.soon)
    turn.add("3", event("1"))
    clock[0] += 0.25
    turn.add("3", event("2", "b"))
    loop.turns()
    turn.flush()  # there is nothing to tell of
    turn.add("3", event("3"))
    loop.turns()
    assert took == [1.25, 0.5]


class Channel:
    """A large one: of each slice it is told when it is written to."""

    def __init__(self, slices: Slices, name: str, said: list[str]) -> None:
        self.slices, self.name, self.said = slices, name, said
        self.parts = [Slice(lambda _publication: b"") for _ in range(3)]

    def publish(self, data: str) -> None:
        self.slices.owe(self.write, self.name, self.parts, [event(data, self.name)])

    def write(self, piece: Slice) -> None:
        owed, piece.owed = piece.owed, None
        said = "".join(publication.data for publication in owed or ())
        self.said.append(f"{self.name}{self.parts.index(piece)}:{said}")
        if said == "fault":
            raise ValueError(said)


class Halls:
    """A turn where channels with capital letters are large."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.took: list[float] = []
        self.faults = 0
        self.loop = Loop()
        self.slices = Slices()
        self.channels = {name: Channel(self.slices, name, self.said) for name in "AB"}
        self.turn = Turn(
            self.deliver, now=lambda: 0.0, took=self.took.append, slices=self.slices, failed=self.failed
        )

    def deliver(self, _app_id: str, publications: list[Publication], _alone: bool) -> None:
        for publication in publications:
            if publication.channel in self.channels:
                self.channels[publication.channel].publish(publication.data)
            else:
                self.said.append(f"{publication.channel}:{publication.data}")

    def failed(self) -> None:
        self.faults += 1

    def publish(self, *channels: str) -> None:
        for channel in channels:
            self.turn.add("3", event("x", channel))


def test_small_channels_go_between_the_slices_of_a_large_one() -> None:
    halls = Halls()
    halls.turn.join(halls.loop.soon)
    halls.publish("A", "b")
    halls.loop.turns()
    assert halls.said == ["b:x", "A0:x"]
    halls.publish("c", "A")
    halls.loop.turns()
    halls.loop.turns()
    halls.loop.turns()
    assert halls.said[2:] == ["c:x", "A1:xx", "A2:xx", "A0:x"]
    assert halls.loop.waiting == []
    assert len(halls.took) == 2 + 4


def test_before_anything_is_changed_as_a_whole_all_slices_are_written() -> None:
    halls = Halls()
    halls.turn.join(halls.loop.soon)
    halls.publish("A")
    halls.turn.flush()
    assert halls.said == []
    halls.publish("B")
    halls.turn.finish()
    assert halls.said == ["A0:x", "B0:x", "A1:x", "B1:x", "A2:x", "B2:x"]
    halls.loop.turns()
    assert halls.loop.waiting == []


def test_a_loop_that_ends_leaves_no_slice_behind_and_the_next_one_goes_on() -> None:
    halls = Halls()
    halls.turn.join(halls.loop.soon)
    halls.publish("A")
    halls.loop.turns()
    halls.turn.join(None)
    assert halls.said == ["A0:x", "A1:x", "A2:x"]
    halls.publish("A")
    assert len(halls.said) == 6
    halls.loop = Loop()
    halls.turn.join(halls.loop.soon)
    halls.publish("b")
    halls.loop.turns()
    assert halls.said[6:] == ["b:x"]


def test_slices_that_become_due_outside_of_a_turn_are_written_too() -> None:
    halls = Halls()
    halls.turn.join(halls.loop.soon)
    halls.channels["A"].publish("count")
    for _ in range(3):
        halls.loop.turns()
    assert halls.said == ["A0:count", "A1:count", "A2:count"]


def test_a_fault_in_a_slice_is_that_slices_alone() -> None:
    halls = Halls()
    halls.turn.join(halls.loop.soon)
    halls.channels["A"].publish("fault")
    halls.turn.finish()
    assert (halls.faults, len(halls.said)) == (3, 3)


def test_without_anyone_to_tell_a_fault_in_a_slice_is_raised() -> None:
    slices = Slices()
    turn = Turn(told([]), now=lambda: 0.0, took=lambda _seconds: None, slices=slices)
    turn.join(Loop().soon)
    Channel(slices, "A", []).publish("fault")
    with pytest.raises(ValueError, match="fault"):
        turn.finish()


def test_what_a_turn_delivers_is_alone_where_nothing_of_another_channel_is_with_it() -> None:
    alone: list[tuple[str, bool]] = []
    turn = Turn(
        lambda _app_id, publications, by_itself: alone.append((publications[0].channel, by_itself)),
        now=lambda: 0.0,
        took=lambda _seconds: None,
    )
    loop = Loop()
    turn.join(loop.soon)
    for channel in ("a", "a"):
        turn.add("3", Publication(channel, "e", "1"))
    loop.turns()
    for channel in ("a", "b"):
        turn.add("3", Publication(channel, "e", "1"))
    loop.turns()
    assert alone == [("a", True), ("a", False), ("b", False)]
