"""A line on which the test hears what a client and the server say to each other, without touching a byte of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from line import Ear, Line
from programs import PATIENCE_S

__all__ = ["Conversation", "Overheard", "overheard"]

_TEXT, _CLOSE = 1, 8


@dataclass(slots=True)
class Conversation:
    """One WebSocket.

    Args:
        said: texts of the client, in order.
        heard: texts of the server, in order.
        closed_by_server: the code of its close frame; None while there is none.
    """

    said: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    closed_by_server: int | None = None

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What the server said, read."""
        return [json.loads(text) for text in self.heard]

    def of_client(self, kind: str) -> list[dict[str, Any]]:
        """The client's messages of one type."""
        return [message for message in map(json.loads, self.said) if message["type"] == kind]

    def of_server(self, kind: str) -> list[dict[str, Any]]:
        """The server's messages of one type."""
        return [message for message in self.messages if message["type"] == kind]


class Overheard(Line):
    """The line; each connection that became a WebSocket is a conversation."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.conversations: list[Conversation] = []
        self._news = asyncio.Event()

    def ears(self) -> tuple[Ear, Ear]:
        talk = Conversation()
        self.conversations.append(talk)

        def of_client(opcode: int, payload: bytes) -> None:
            if opcode == _TEXT:
                talk.said.append(payload.decode())
            self._news.set()

        def of_server(opcode: int, payload: bytes) -> None:
            if opcode == _TEXT:
                talk.heard.append(payload.decode())
            elif opcode == _CLOSE:
                talk.closed_by_server = int.from_bytes(payload[:2], "big")
            self._news.set()

        return _Frames(of_client), _Frames(of_server)

    async def until(self, test: Callable[[list[Conversation]], Any]) -> None:
        """Wait until the test is true of what was said."""
        async with asyncio.timeout(PATIENCE_S):
            while not test(self.conversations):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def overheard(port: int) -> AsyncIterator[Overheard]:
    """A line before the server at this port."""
    async with Overheard(port).running() as line:
        assert isinstance(line, Overheard)
        yield line


class _Frames:
    """Bytes of one direction: after the head, frames that are whole messages, as our server and stock clients send."""

    def __init__(self, tell: Callable[[int, bytes], None]) -> None:
        self._tell = tell
        self._rest = b""
        self._head = True

    def __call__(self, data: bytes) -> None:
        self._rest += data
        if self._head:
            head, end, rest = self._rest.partition(b"\r\n\r\n")
            if not end:
                return
            self._head, self._rest = False, rest
            assert b"upgrade: websocket" in head.lower(), head
        while (size := self._one()) is not None:
            self._rest = self._rest[size:]

    def _one(self) -> int | None:
        """Tell of the first frame, and return its size; None: it is not whole yet."""
        data = self._rest
        if len(data) < 2:
            return None
        length, at = data[1] & 127, 2
        if length > 125:
            at = 4 if length == 126 else 10
            if len(data) < at:
                return None
            length = int.from_bytes(data[2:at], "big")
        key = b""
        if data[1] & 128:
            key, at = data[at : at + 4], at + 4
        if len(data) < at + length:
            return None
        payload = data[at : at + length]
        if key:
            payload = bytes(byte ^ key[place % 4] for place, byte in enumerate(payload))
        self._tell(data[0] & 15, payload)
        return at + length
