"""A line on which all comes late, or one answer after all that was said behind it; beside the cuts of every line."""

import asyncio
import re
from collections.abc import Callable

from line import Ear, Line

__all__ = ["Weather"]

NUMBER = re.compile(rb'seq\\*": *(\d+)')  # the data of an event is JSON in JSON


class _Asked:
    """What one connection has asked for last; a WebSocket asks once."""

    def __init__(self) -> None:
        self.path = ""

    def __call__(self, data: bytes) -> None:
        method, _, rest = data[:4096].partition(b" ")
        if method in (b"GET", b"POST") and not self.path.startswith("/app/"):
            self.path = rest.partition(b" ")[0].decode()


class _Answers:
    """The way back of a connection; of a WebSocket it hears the numbers of the events."""

    def __init__(self, asked: _Asked, told: Callable[[int], None]) -> None:
        self.asked = asked
        self._told = told

    def __call__(self, data: bytes) -> None:
        if self.asked.path.startswith("/app/"):
            for number in NUMBER.findall(data):
                self._told(int(number))


class Weather(Line):
    """What is said while it is slow arrives after ``late_s``, in order; an answer that is held, after it is released."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.late_s = 0.0
        self.held = asyncio.Event()
        self._holds = ""
        self._through = asyncio.Event()
        self._through.set()
        self._newest = 0
        self._more = asyncio.Event()
        self._ends: dict[_Asked, asyncio.StreamWriter] = {}

    def hold(self, path: str) -> None:
        """Keep back what the server answers to requests of this path; ``held`` is set by the first."""
        self._holds = path
        self.held.clear()
        self._through.clear()

    def release(self) -> None:
        """Let through what is held."""
        self._through.set()

    def sever(self, path: str) -> None:
        """Drop the connections that asked for this path last, and let all others be: ``/app/`` are the WebSockets."""
        self.held.clear()
        for asked, server in self._ends.items():
            if asked.path.startswith(path):
                server.transport.abort()

    def ears(self) -> tuple[Ear, Ear]:
        asked = _Asked()
        return asked, _Answers(asked, self._passed)

    async def carried(self, seq: int) -> None:
        """Until an event with this number has gone to the client over a WebSocket."""
        while self._newest < seq:
            self._more.clear()
            await self._more.wait()

    def _passed(self, seq: int) -> None:
        self._newest = max(self._newest, seq)
        self._more.set()

    async def _pipe(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, silent: list[bool], ear: Ear
    ) -> None:
        slowed = asyncio.StreamReader()

        async def slow() -> None:
            try:
                while data := await source.read(65536):
                    if self.late_s:
                        await asyncio.sleep(self.late_s)
                    if isinstance(ear, _Answers) and ear.asked.path.startswith(self._holds):
                        await self._let_through()
                    slowed.feed_data(data)
                slowed.feed_eof()
            except ConnectionError as fault:
                slowed.set_exception(fault)

        if isinstance(ear, _Asked):
            self._ends[ear] = target
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(slow())
            await super()._pipe(slowed, target, silent, ear)
            reading.cancel()
        if isinstance(ear, _Asked):
            del self._ends[ear]

    async def _let_through(self) -> None:
        if not self._through.is_set():
            self.held.set()
            await self._through.wait()
