"""What became of the last publications: found by their position, bounded, and counted."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from toolboxai.hub.ring import Moment, Ring
from toolboxai.protocol.publication import Position, Publication


def publication(number: int, data: str = "x", channel: str = "a") -> Publication:
    made = Publication(channel, "e", data, at=float(number), origin="api", exclude="1.2")
    made.position = Position("epoch", number)
    return made


def ring(count: int, *, publications: int = 10, left_out: int = 10) -> Ring:
    made = Ring(publications=publications, left_out=left_out)
    for number in range(count):
        made.add("3", publication(number), number)
    return made


def test_a_publication_is_found_with_its_facts_and_without_its_data() -> None:
    found = ring(3).find(Position("epoch", 1))
    assert found is not None
    assert found == ("3", Position("epoch", 1), "a", "e", 1, 1.0, "api", "1.2", 1, 1)
    assert ring(3).find(Position("epoch", 3)) is None
    assert ring(3).find(Position("another", 1)) is None


def test_its_size_is_in_bytes() -> None:
    some = Ring()
    some.add("3", publication(1, "hé€"), 0)
    found = some.find(Position("epoch", 1))
    assert found is not None
    assert found.size == 6


@given(st.integers(0, 40))
def test_the_last_ones_are_remembered_with_their_serials(count: int) -> None:
    some = ring(count)
    assert (len(some), some.count) == (min(count, 10), count)
    for number in range(count):
        found = some.find(Position("epoch", number))
        assert (None if found is None else found.serial) == (number if number >= count - 10 else None)
    assert some.since == (float(count - 10) if count > 10 else None)


def test_of_two_with_one_position_the_newer_is_meant() -> None:
    """A broker that makes callers wait may deliver what was taken for not delivered."""
    some = ring(0)
    some.add("3", publication(1), 0)
    some.add("3", publication(1), 5)
    found = some.find(Position("epoch", 1))
    assert found is not None
    assert found.subscribers == 5


def test_who_was_left_out_is_remembered_in_order() -> None:
    some = ring(3)
    some.leave_out("1.1", Position("epoch", 1), "conflated", Position("epoch", 2))
    some.leave_out("1.1", Position("epoch", 2), "dropped")
    some.leave_out("1.3", Position("epoch", 1), "failed")
    told = [(case.socket_id, case.fate, case.newer) for case in some.left_out(Position("epoch", 1))]
    assert told == [("1.1", "conflated", Position("epoch", 2)), ("1.3", "failed", None)]
    assert some.vague == 0


def test_when_too_many_were_left_out_it_is_known_of_which_publications_not_all_are() -> None:
    some = ring(5, left_out=2)
    for number in range(3):
        some.leave_out("1.1", Position("epoch", number), "dropped")
    assert list(some.left_out(Position("epoch", 0))) == []
    assert some.vague == 6  # it may have been the publication that was being delivered
    assert some.moment(7.0) == Moment(5, 7.0)


def test_however_many_publications_there_were_take_no_more_room_than_the_last() -> None:
    """In short: twenty times as many as are remembered, of names and data that differ each time."""
    some = Ring(publications=100, left_out=100)

    def go_on(numbers: range) -> int:
        for number in numbers:
            some.leave_out(f"{number}.1", Position("epoch", number), "dropped")
            some.add("3", publication(number, "x" * 1_000, f"channel-{number:06d}"), 1)
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        first, last = go_on(range(200)), go_on(range(200, 2_000))
    finally:
        tracemalloc.stop()
    assert last < first + 10_000
    assert last < 200 * 600
