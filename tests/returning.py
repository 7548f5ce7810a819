"""Many pages of one server that come back to it, as stock pusher-js 8.6 does, and note what they are told.

They write and read by hand: a client library for each of thousands would take the time that the server is to have.
"""

import asyncio
import re
from array import array
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from callers import UPGRADE, Http

__all__ = ["Crowd", "Page", "percentile"]

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
REFUSED_WAITS_S = 15.0  # pusher-js tries a transport again so long after it began to, the first time
CLOSED_WAITS_S = 1.0  # and so long after a connection has ended without a word
_NUMBERED = re.compile(rb'\{\\"n\\":(\d+),\\"t\\":([\d.]+)\}')


def percentile(values: "array[float]", percent: float) -> float:
    return sorted(values)[min(int(len(values) * percent / 100), len(values) - 1)]


class Crowd:
    """The pages of one test.

    Args:
        port: of the server, whichever serves it.
        key: of the app.

    Attributes:
        latencies: seconds from the beginning of a publish to each delivery that is no double.
        away: seconds from each close to being subscribed again.
        refused: knocks that nobody has taken.
        cut: connections that were cut off without a close.
    """

    def __init__(self, port: int, key: str) -> None:
        self.port = port
        self.key = key
        self.pages: list[Page] = []
        self.latencies: array[float] = array("d")
        self.away: array[float] = array("d")
        self.refused = self.cut = 0
        self.subscribed = 0
        self._news = asyncio.Event()

    def join(self, count: int, channels: list[str]) -> None:
        """So many pages, spread over the channels."""
        for number in range(count):
            page = Page(self, f"page-{number:06d}", channels[number % len(channels)])
            self.pages.append(page)
            page.connect()

    def changed(self) -> None:
        self._news.set()

    async def until(self, holds: Callable[[], bool], *, within_s: float) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                self._news.clear()
                await self._news.wait()

    def leave(self) -> None:
        for page in self.pages:
            page.leave()


class Page(asyncio.Protocol):
    """One of them, on one channel.

    Attributes:
        first: the number that it heard first.
        last: the highest.
        doubles: heard again.
        faults: what must not be: numbers left out or out of order, a gap told, another end than 4200.
    """

    def __init__(self, crowd: Crowd, name: str, channel: str) -> None:
        self._crowd = crowd
        self.channel = channel
        target = f"/s/{name}/app/{crowd.key}?protocol=7&client=js&version=8.6.0&flash=false"
        self._request = Http.request("GET", target, headers=UPGRADE)
        self._wire: asyncio.Transport | None = None
        self._rest = b""
        self._upgraded = False
        self._closed_with = 0
        self._left_at = 0.0
        self._over = False
        self._again: asyncio.TimerHandle | None = None
        self._knocking: asyncio.Task[None] | None = None
        self.subscribed = False
        self.first = self.last = self.doubles = 0
        self.faults: list[str] = []

    # ---- coming and going -----------------------------------------------------------------------------------

    def connect(self) -> None:
        self._knocking = asyncio.ensure_future(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            await loop.create_connection(lambda: self, "127.0.0.1", self._crowd.port)
        except OSError:
            self._crowd.refused += 1
            self._again = loop.call_at(began + REFUSED_WAITS_S, self.connect)

    def leave(self) -> None:
        self._over = True
        for each in (self._knocking, self._again):
            if each is not None:
                each.cancel()
        if self._wire is not None:
            self._wire.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast("asyncio.Transport", transport)
        self._rest, self._upgraded, self._closed_with = b"", False, 0
        self._wire.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire = None
        self._set_subscribed(False)
        if self._over:
            return
        if not self._closed_with:
            self._crowd.cut += 1  # two thousand in one process may be too slow to answer the close in time
        elif self._closed_with != 4200:
            self.faults.append(f"it ended with {self._closed_with or exc!r}")
        wait_s = 0.0 if self._closed_with == 4200 else CLOSED_WAITS_S
        self._again = asyncio.get_running_loop().call_later(wait_s, self.connect)

    def _set_subscribed(self, subscribed: bool) -> None:
        self._crowd.subscribed += subscribed - self.subscribed
        self.subscribed = subscribed
        self._crowd.changed()

    # ---- what comes in --------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        if not self._upgraded:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self._rest = head
                return
            assert head.startswith(b"HTTP/1.1 101 "), head
            self._upgraded = True
        at = 0
        while len(data) - at >= 2:
            size, start = data[at + 1], at + 2
            if size == 126:
                size, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            assert size != 127, "no event is as large"
            if len(data) < start + size:
                break
            at, opcode = start + size, data[at] & 15
            self._hear(opcode, data[start:at])
        self._rest = data[at:]

    def _hear(self, opcode: int, payload: bytes) -> None:
        if opcode == PING:
            self._say(PONG, payload)
        elif opcode == CLOSE:
            self._closed_with = int.from_bytes(payload[:2], "big")
            self._left_at = asyncio.get_running_loop().time()
            self._say(CLOSE, payload[:2])
        elif (numbered := _NUMBERED.search(payload)) is not None:
            self._note(int(numbered.group(1)), float(numbered.group(2)))
        elif b"connection_established" in payload:
            self._say(TEXT, b'{"event":"pusher:subscribe","data":{"channel":"%b"}}' % self.channel.encode())
        elif b"subscription_succeeded" in payload:
            self._set_subscribed(True)
            if self._left_at:
                self._crowd.away.append(asyncio.get_running_loop().time() - self._left_at)
                self._left_at = 0.0
                self._crowd.changed()
        elif b'"pusher:error"' not in payload:
            self.faults.append(payload.decode())

    def _note(self, number: int, at: float) -> None:
        if self.first and number <= self.last:
            self.doubles += 1
            return
        if self.first and number != self.last + 1:
            self.faults.append(f"{number} came after {self.last}")
        self.first = self.first or number
        self.last = number
        self._crowd.latencies.append(asyncio.get_running_loop().time() - at)
        self._crowd.changed()

    def _say(self, opcode: int, payload: bytes) -> None:
        if self._wire is not None:
            with suppress(OSError):  # masked with zeros, the text stays as it is
                self._wire.write(bytes((0x80 | opcode, 0x80 | len(payload), 0, 0, 0, 0)) + payload)
