"""A queue on the way out, without a server."""

from toolboxai.transport.queued_wire import HIGH, LOW, QueuedWire


async def test_it_lags_above_the_high_mark_until_it_is_below_the_low_one() -> None:
    wire, told = QueuedWire(), list[bool]()
    wire.on_lagging = told.append
    for _ in range(3):
        wire.write(b"x" * (HIGH // 2))
    assert (told, wire.buffered()) == ([True], 3 * (HIGH // 2))
    for expected in ([True], [True], [True, False]):
        wire.taken(len(wire.take()))
        assert told == expected
    assert wire.buffered() < LOW


async def test_what_is_taken_weighs_until_it_is_handed_over() -> None:
    wire = QueuedWire()
    wire.write(b"abc")
    wire.write(b"de")
    first = wire.take()
    assert wire.buffered() == 5
    wire.put_back(first)
    assert [wire.take(), wire.take(), wire.waits] == [b"abc", b"de", False]
    wire.taken(5)
    assert wire.buffered() == 0


async def test_after_its_end_nothing_is_queued_and_the_first_reason_stays() -> None:
    wire = QueuedWire()
    wire.write(b"a")
    assert wire.end(4200, "away")
    assert not wire.end(4100, "slow")
    wire.write(b"b")
    assert (wire.closing, wire.take(), wire.waits, wire.news.is_set()) == ((4200, "away"), b"a", False, True)
