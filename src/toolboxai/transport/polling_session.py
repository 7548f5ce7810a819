"""One client of the HTTP fallback transports: its wire, through however many requests."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.protocol.codec import encode_message
from toolboxai.protocol.polling import HEARTBEAT, close_line, message_line, units
from toolboxai.transport.lasting import Headers, Lasting
from toolboxai.transport.pump import Pump
from toolboxai.transport.queued_wire import QueuedWire

__all__ = ["PollingSession", "Receiver"]

_TOO_BIG: Final = 1009
_PING: Final = message_line(encode_message("pusher:ping", {}))


class Receiver:
    """One request that brings frames to its client.

    Args:
        answer: to it.
    """

    def __init__(self, answer: Lasting) -> None:
        self.answer = answer
        self.news = asyncio.Event()
        self.ended = False  # it brings nothing more
        self.writing = False
        self.full_at: float | None = None  # since when the client should ask anew
        self._room = limits.STREAM_UNITS

    def cut(self, frames: bytes, now: float) -> tuple[bytes, bytes]:
        """What may still go on this answer, and what has to wait for the next."""
        size = units(frames)
        if size <= self._room:
            self._room -= size
            return frames, b""
        lines = frames.splitlines(keepends=True)
        for count, line in enumerate(lines, 1):
            self._room -= units(line)
            if self._room < 0:
                self.full_at = now
                return b"".join(lines[:count]), b"".join(lines[count:])
        return frames, b""

    def end(self) -> None:
        """Bring nothing more."""
        self.ended = True
        self.news.set()

    def replace(self) -> None:
        """A newer one takes its place; a client that asks anew reads no more of this answer."""
        self.end()
        if self.writing:
            self.answer.give_up()


class PollingSession(QueuedWire):
    """Satisfies ``hub.outbox.Wire``.

    Args:
        clock: for all that has its time.
        on_abort: called when the client is cut off.
    """

    def __init__(self, clock: Clock, on_abort: Callable[[], None]) -> None:
        super().__init__()
        self._clock = clock
        self._on_abort = on_abort
        self.pump: Pump | None = None
        self.sending = 0  # posts of the client that wait to be taken
        self._receiver: Receiver | None = None
        self._turn = asyncio.Lock()  # held by the receiver that writes: frames keep their order
        self._reads = asyncio.Event()
        self._reads.set()
        self._since = clock.monotonic()  # of the last frame; without a receiver, of the last receiver's end
        self._closing_since = 0.0
        self._posted: list[tuple[int, int, list[bytes]]] = []

    # ---- the wire -------------------------------------------------------------------------------------------

    def frame(self, text: bytes) -> bytes:
        """See the wire."""
        return message_line(text)

    def hold(self, held: bool) -> None:
        """See the wire."""
        (self._reads.clear if held else self._reads.set)()

    def probe(self) -> None:
        """See the wire. Not a heartbeat, which clients of polling do not answer, but the protocol's own words."""
        self.write(_PING)

    def confirm(self, number: int) -> bool:
        """See the wire; as in `probe`."""
        del number
        self.write(_PING)
        return False

    def shut(self, code: int, reason: str) -> None:
        """See the wire."""
        if self.end(code, reason):
            self._closing_since = self._clock.monotonic()
            self._reads.set()
            self._append(close_line(code, reason))

    # ---- what the client posts ------------------------------------------------------------------------------

    async def readable(self) -> None:
        """Wait while the pump holds us."""
        await self._reads.wait()

    def heard(self) -> None:
        """The client is there."""
        if self.pump is not None:
            self.pump.heard()

    def post(self, number: int, messages: list[bytes]) -> None:
        """Take the messages of a post; of those that come in one turn of the loop, in the order of their numbers."""
        if not self._posted:
            asyncio.get_running_loop().call_soon(self._take_posted)
        self._posted.append((number, len(self._posted), messages))

    def _take_posted(self) -> None:
        posted, self._posted = sorted(self._posted), []
        for message in (message for _, _, messages in posted for message in messages):
            if self.pump is None or self.closing is not None:
                return
            if len(message) > limits.MESSAGE_BYTES:
                self.pump.ends("server", _TOO_BIG)
                self.pump.closed()
                self.shut(_TOO_BIG, "a message may have 64 KiB")
            else:
                self.pump.receive(message)

    def let_go(self) -> None:
        """The client has gone, or has been told the end."""
        self._reads.set()
        if self.pump is not None:
            self.pump.closed()
            self.pump = None
        super().let_go()

    # ---- time -----------------------------------------------------------------------------------------------

    def tick(self) -> bool:
        """Do what is due; False when the session is over. Called every second or so."""
        now = self._clock.monotonic()
        receiver = self._receiver
        if receiver is None:
            return now - self._since < limits.SESSION_GRACE_S
        if self.closing is not None:
            if now - self._closing_since >= limits.APP_CLOSE_GRACE_S and not receiver.answer.given_up:
                receiver.answer.give_up()
                self._on_abort()
        elif receiver.full_at is not None and now - receiver.full_at >= limits.STREAM_REOPENS_S:
            receiver.end()  # never more on it: a page that is still reading would drop that, and ask anew
        elif not self.waits and not receiver.writing and now - self._since >= limits.HEARTBEAT_S:
            self.write(HEARTBEAT)
        return True

    @property
    def over(self) -> bool:
        """Whether the client has been told the end."""
        return self.closing is not None and not self.waits

    # ---- receivers ------------------------------------------------------------------------------------------

    async def bring(self, receiver: Receiver, headers: Headers, *, streams: bool) -> None:
        """Bring frames to a client that has asked for them, until there is a newer request, or an end."""
        if self._receiver is not None:
            self._receiver.replace()
        self._receiver = receiver
        self._since = self._clock.monotonic()
        self.news = receiver.news
        if self.waits:
            self.news.set()
        try:
            async with receiver.answer.watched(receiver.news.set):
                await (self._stream if streams else self._poll)(receiver, headers)
        finally:
            if self._receiver is receiver:
                self._receiver = None
                self._since = self._clock.monotonic()
                self.news = asyncio.Event()

    async def _stream(self, receiver: Receiver, headers: Headers) -> None:
        answer = receiver.answer
        await answer.begin(200, headers)
        async with self._turn:
            while not (receiver.ended or answer.gone):
                await self._write(receiver)
                if self.over or answer.gone:
                    break
                await receiver.news.wait()
                receiver.news.clear()
        await answer.end()

    async def _write(self, receiver: Receiver) -> None:
        """All that waits, and that may still go on this answer."""
        while self.waits and receiver.full_at is None and not (receiver.ended or receiver.answer.gone):
            frames, rest = receiver.cut(self.take(), self._clock.monotonic())
            self.put_back(rest)
            await self._hand_over(receiver, frames, receiver.answer.write(frames))

    async def _poll(self, receiver: Receiver, headers: Headers) -> None:
        answer = receiver.answer
        while not (self.waits or self.over or receiver.ended or answer.gone):
            await receiver.news.wait()
            receiver.news.clear()
        async with self._turn:
            if receiver.ended or answer.gone:
                await answer.whole(200, headers)
                return
            taken = []
            while self.waits:
                taken.append(self.take())
            frames, rest = receiver.cut(b"".join(taken), self._clock.monotonic())
            self.put_back(rest)
            await self._hand_over(receiver, frames, answer.whole(200, headers, frames))

    async def _hand_over(self, receiver: Receiver, frames: bytes, writing: Coroutine[Any, Any, bool]) -> None:
        receiver.writing, handed = True, False
        try:
            handed = await writing
        finally:  # also when this receiver is given up in the middle
            receiver.writing = False
            self._since = self._clock.monotonic()
            if handed:
                self.taken(len(frames))
            else:
                self.put_back(frames)
