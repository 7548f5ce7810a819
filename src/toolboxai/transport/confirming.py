"""A wire that asks its peer, again and again, whether it has received what was written."""

import asyncio
from collections import deque
from collections.abc import Callable

from toolboxai import limits
from toolboxai.hub.outbox import Line, Wire, Write
from toolboxai.hub.receipts import Receipts
from toolboxai.protocol.publication import Position

__all__ = ["ConfirmingWire"]


class ConfirmingWire:
    """Satisfies ``hub.outbox.Wire`` over another one. One question is on its way at a time.

    The question follows what one turn of the loop has written; its answer comes after the peer has received all of it,
    for both ways keep their order. That says nothing of what the page has done with it.

    Args:
        inner: the transport's end.
        receipts: of the connection.
        written: see ``Receipts.ask``.
    """

    def __init__(self, inner: Wire, receipts: Receipts, written: Callable[[str], Position | None]) -> None:
        self._inner = inner
        self._receipts = receipts
        self._reached = written
        self._write = inner.write
        self._pending = False  # a question is on its way, or about to be
        self._news = False  # something was written after it
        self._owed: deque[int | None] = deque()  # pongs that will come in the protocol's own words
        self._in_words: bool | None = None  # whether they do; until the first question it is not known
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False
        self.waits: Callable[[str], bool] = _nothing_waits
        self.write: Write = self._written
        self.line: Line | None = None  # each write is followed by a question

    # ---- the wire -------------------------------------------------------------------------------------------

    def _written(self, frame: bytes) -> None:
        self._write(frame)
        if self._pending:
            self._news = True
        elif self._receipts.wanted and not self._ended:
            self._pending = True
            asyncio.get_running_loop().call_soon(self._ask)

    def frame(self, text: bytes) -> bytes:
        """See the wire."""
        return self._inner.frame(text)

    def buffered(self) -> int:
        """See the wire."""
        return self._inner.buffered()

    def hold(self, held: bool) -> None:
        """See the wire."""
        self._inner.hold(held)

    def probe(self) -> None:
        """See the wire."""
        if self._in_words is not False:
            self._owed.append(None)
        self._inner.probe()

    def confirm(self, number: int) -> bool:
        """See the wire."""
        return self._inner.confirm(number)

    def shut(self, code: int, reason: str) -> None:
        """See the wire."""
        self.end()
        self._inner.shut(code, reason)

    # ---- questions and answers ------------------------------------------------------------------------------

    def wanted(self) -> None:
        """From now on somebody is known on this connection: what it has received counts."""
        if not self._pending and self._receipts.wanted and not self._ended:
            self._pending = True
            asyncio.get_running_loop().call_soon(self._ask)

    def _ask(self) -> None:
        self._timer = None
        if self._ended:
            return
        self._news = False
        number = self._receipts.ask(self._reached, self.waits)
        self._in_words = not self._inner.confirm(number)
        if self._in_words:
            self._owed.append(number)
        else:
            self._owed.clear()

    def pong(self, payload: bytes) -> None:
        """A pong frame came in."""
        if len(payload) == 8:
            self._answered(int.from_bytes(payload, "big"))

    def ponged(self) -> None:
        """A ``pusher:pong`` came in."""
        number = self._owed.popleft() if self._owed else None
        if number is not None:
            self._answered(number)

    def _answered(self, number: int) -> None:
        if self._receipts.confirmed(number) and not self._ended:
            # The next question waits a little, for what is written meanwhile.
            pause_s = limits.RECEIPT_MESSAGE_PAUSE_S if self._in_words else limits.RECEIPT_PAUSE_S
            pause_s += len(self._receipts) * limits.RECEIPT_CHANNEL_S
            self._timer = asyncio.get_running_loop().call_later(pause_s, self._again)

    def _again(self) -> None:
        self._timer = None
        if self._news:
            self._ask()
        else:
            self._pending = False

    def end(self) -> None:
        """No more questions; nothing here holds this wire, or the outbox before it, in memory any longer."""
        self._ended = True
        self.write = self._write
        self.waits = _nothing_waits
        self._reached = _nothing_reached
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _nothing_waits(_channel: str) -> bool:
    return False


def _nothing_reached(_channel: str) -> Position | None:
    return None
