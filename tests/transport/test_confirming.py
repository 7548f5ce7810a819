"""A wire that asks for receipts: behind what was written, one question at a time, and again when there is news."""

import asyncio

from toolboxai import limits
from toolboxai.hub.receipts import Cursor, Receipts, SessionKey
from toolboxai.protocol.publication import Position
from toolboxai.transport.confirming import ConfirmingWire
from wires import Wire

PAGE = SessionKey("path", "page-0001")
START = Cursor(Position("1", 0))


class Side:
    """A connection that is on one channel."""

    def __init__(self, *, wire: Wire | None = None, key: SessionKey | None = PAGE) -> None:
        self.inner = wire or Wire()
        self.receipts = Receipts("1.1", key)
        self.receipts.enter("a", key, START, START[0])
        self.tops = {"a": Position("1", 0)}
        self.wire = ConfirmingWire(self.inner, self.receipts, self.tops.get)

    def writes(self, offset: int) -> None:
        self.tops["a"] = Position("1", offset)
        self.wire.write(b"x")

    def pongs(self, number: int) -> None:
        self.wire.pong(number.to_bytes(8, "big"))

    @property
    def has(self) -> int:
        cursor = self.receipts.cursor("a")
        assert cursor is not None
        return cursor.position.offset

    async def asked(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.inner.asked) < count:  # noqa: ASYNC110 - a question has no event of its own
                await asyncio.sleep(0.001)


class InWords(Wire):
    """Asks in the protocol's own words: no number comes back."""

    def confirm(self, number: int) -> bool:
        super().confirm(number)
        return False


async def test_what_one_turn_writes_is_asked_for_once() -> None:
    side = Side()
    side.writes(1)
    side.writes(2)
    assert side.inner.asked == []
    await side.asked(1)
    assert side.has == 0
    side.pongs(1)
    assert side.has == 2


async def test_what_is_written_before_the_answer_is_asked_for_after_it() -> None:
    side = Side()
    side.writes(1)
    await side.asked(1)
    side.writes(2)
    side.writes(3)
    await asyncio.sleep(0)
    assert side.inner.asked == [1]
    side.pongs(1)
    assert side.has == 1
    await side.asked(2)
    side.pongs(2)
    assert side.has == 3


async def test_without_news_it_is_quiet_until_there_is_some() -> None:
    side = Side()
    side.writes(1)
    await side.asked(1)
    side.pongs(1)
    await asyncio.sleep(5 * limits.RECEIPT_PAUSE_S)
    assert side.inner.asked == [1]
    side.writes(2)
    await side.asked(2)


async def test_other_pongs_are_not_ours() -> None:
    side = Side()
    side.writes(1)
    await side.asked(1)
    for payload in (b"", b"hello", (99).to_bytes(8, "big")):
        side.wire.pong(payload)
    assert side.has == 0


async def test_where_nobody_is_known_nobody_asks_until_somebody_is() -> None:
    side = Side(key=None)
    side.writes(1)
    await asyncio.sleep(0)
    assert side.inner.asked == []
    side.receipts.enter("a", PAGE, START, START[0])
    side.wire.wanted()
    await side.asked(1)


async def test_in_the_protocols_own_words_the_oldest_question_is_answered_first() -> None:
    side = Side(wire=InWords())
    side.wire.probe()
    side.writes(1)
    await side.asked(1)
    side.wire.ponged()  # answers the probe
    assert side.has == 0
    side.wire.ponged()
    assert side.has == 1
    side.wire.ponged()  # unasked for
    side.wire.end()


async def test_a_wire_with_ping_frames_owes_no_answer_in_words() -> None:
    side = Side()
    side.wire.probe()
    side.writes(1)
    await side.asked(1)
    for _ in range(30):
        side.wire.probe()
    side.wire.ponged()  # unasked for
    assert (side.has, len(side.wire._owed)) == (0, 0)
    side.wire.end()


async def test_after_its_end_nothing_is_asked() -> None:
    side = Side()
    side.writes(1)
    side.wire.end()
    await asyncio.sleep(0)
    assert side.inner.asked == []
    other = Side()
    other.writes(1)
    await other.asked(1)
    other.writes(2)
    other.pongs(1)
    other.wire.shut(4200, "")
    await asyncio.sleep(5 * limits.RECEIPT_PAUSE_S)
    assert (other.inner.asked, other.inner.shut_with) == ([1], (4200, ""))


async def test_it_is_a_wire_like_the_one_below() -> None:
    side = Side()
    side.wire.hold(True)
    side.wire.write(b"abc")
    assert (side.inner.held, side.wire.buffered(), side.wire.frame(b"t")) == (True, 3, b"t")
    assert side.wire.confirm(7)
    side.wire.end()
