"""Publications of one loop turn, delivered together at its end."""

from collections.abc import Callable

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


def told(turn_of: list[tuple[str, list[str]]]) -> Callable[[str, list[Publication]], None]:
    return lambda app_id, publications: turn_of.append((app_id, [each.data for each in publications]))


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

    def deliver(_app_id: str, _publications: list[Publication]) -> None:
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
