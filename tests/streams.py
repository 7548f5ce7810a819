"""Answers that go on, read by hand: lines of the fallback transports, and event streams."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from callers import PATIENCE_S, Http, HttpAnswer
from servers import KEY, Running

__all__ = ["Event", "Session", "Stream"]

Event = dict[str, str]


class Stream:
    """One answer in chunks, on a connection of its own."""

    def __init__(self, http: Http, status: int, headers: dict[str, str]) -> None:
        self._http = http
        self._rest = b""
        self.status = status
        self.headers = headers
        self.over = False

    @classmethod
    @asynccontextmanager
    async def opened(
        cls, port: int, method: str, target: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator["Stream"]:
        async with Http.opened(port) as http, asyncio.timeout(4 * PATIENCE_S):
            length = {"Content-Length": "0"} if method == "POST" else {}
            http.send(http.request(method, target, headers={**length, **(headers or {})}))
            head = (await http.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = head[:-4].split("\r\n")
            found = {
                name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
            }
            assert found.get("transfer-encoding") == "chunked", head
            yield cls(http, int(line.split()[1]), found)

    def cut(self) -> None:
        """Go away without a word."""
        self._http.writer.transport.abort()

    def stop_reading(self) -> None:
        self._http.writer.transport.pause_reading()  # type: ignore[attr-defined]

    async def _more(self) -> bool:
        """Read a chunk; False at the end of the answer."""
        async with asyncio.timeout(PATIENCE_S):
            size = int(await self._http.reader.readline(), 16)
            self._rest += (await self._http.reader.readexactly(size + 2))[:-2]
        self.over = size == 0
        return not self.over

    async def until(self, end: bytes) -> bytes:
        """What comes up to this, which is left out."""
        while end not in self._rest:
            assert await self._more(), f"the answer has ended, after {self._rest[:200]!r}"
        part, _, self._rest = self._rest.partition(end)
        return part

    async def line(self) -> str:
        """The next line."""
        return (await self.until(b"\n")).decode()

    async def ended(self) -> str:
        """All that still comes, to the end of the answer."""
        while not self.over and await self._more():
            pass
        rest, self._rest = self._rest, b""
        return rest.decode()

    async def messages(self) -> list[dict[str, Any]]:
        """The messages of the next line, which must have some."""
        line = await self.line()
        assert line.startswith("a["), line
        return [json.loads(text) for text in json.loads(line[1:])]

    async def hear(self) -> dict[str, Any]:
        """The next message, alone in its line."""
        (message,) = await self.messages()
        return message

    async def block(self) -> Event:
        """The next block of an event stream; comments have the name of an empty text."""
        fields: Event = {}
        for line in (await self.until(b"\n\n")).decode().split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name in fields else value
        return fields

    async def event(self) -> Event:
        """The next block that is an event."""
        while "data" not in (block := await self.block()):
            pass
        return block


class Session:
    """A client of the fallback transports, by hand."""

    def __init__(self, server: Running, name: str = "0/aaaaaaaa", key: str = KEY) -> None:
        self._port = server.port
        self._path = f"/pusher/app/{key}/{name}"
        self.number = 0

    def target(self, transport: str, query: str = "protocol=7&client=js&version=8.6.0") -> str:
        self.number += 1
        return f"{self._path}/{transport}?{query}&t=1&n={self.number}"

    def stream(self, **headers: str) -> Any:
        return Stream.opened(self._port, "POST", self.target("xhr_streaming"), headers)

    async def ask(
        self, method: str, transport: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        async with Http.opened(self._port) as http:
            length = {} if body else {"Content-Length": "0"}
            return await http.ask(method, self.target(transport), body, {**length, **(headers or {})})

    async def poll(self) -> list[str]:
        """The lines of one poll."""
        answer = await self.ask("POST", "xhr")
        assert answer.status == 200
        return answer.text.splitlines()

    async def post(self, body: object) -> int:
        """Post this; the status."""
        raw = body if isinstance(body, bytes) else Http.json(body)
        return (await self.ask("POST", "xhr_send", raw)).status

    async def say(self, event: str, data: object = None) -> None:
        assert await self.post([json.dumps({"event": event, "data": data})]) == 204
