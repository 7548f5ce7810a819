"""The far side of our server: a WebSocket client of another make, and HTTP by hand."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE_S = 5.0  # nothing here takes a tenth of this; past it the test fails instead of hanging


async def until(holds: Callable[[], object]) -> None:
    """Let the loop run until something holds that no message of the server tells of."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - the parts under test have no event for this, by design
            await asyncio.sleep(0)


def fill(wire: socket.socket, data: bytes) -> int:
    """Hand the system as much of the data, again and again, as it takes in before anyone reads; how many bytes."""
    sent = 0
    wire.setblocking(False)
    with suppress(BlockingIOError):
        while sent < 1 << 23:
            sent += wire.send(data[sent % len(data) :])
    return sent


class Socket:
    """A Channels client that says and hears exactly what a test tells it to."""

    def __init__(self, wire: ClientConnection) -> None:
        self.wire = wire
        self.id = ""

    @classmethod
    @asynccontextmanager
    async def opened(cls, url: str, **options: Any) -> AsyncIterator["Socket"]:
        # Without a bound on the queue, what a test does not read does not stand before the answer to the close.
        usual = {
            "compression": None,
            "ping_interval": None,
            "proxy": None,
            "max_size": 1 << 24,
            "max_queue": None,
        }
        options = {**usual, **options}
        async with connect(url, **options) as wire:
            yield cls(wire)

    def greet(self, established: dict[str, Any]) -> None:
        self.id = json.loads(established["data"])["socket_id"]

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        async with asyncio.timeout(PATIENCE_S):
            message: dict[str, Any] = json.loads(await self.wire.recv())
            return message

    async def hear_raw(self) -> str | bytes:
        async with asyncio.timeout(PATIENCE_S):
            return await self.wire.recv()

    async def say(self, event: str, data: object = None, **more: object) -> None:
        message: dict[str, object] = {"event": event, **more}
        if data is not None:
            message["data"] = data
        await self.wire.send(json.dumps(message))

    async def ask(self, event: str, data: object = None, **more: object) -> dict[str, Any]:
        """Say, and hear the next message."""
        await self.say(event, data, **more)
        return await self.hear()

    async def subscribe(self, channel: str, auth: str = "", **more: object) -> dict[str, Any]:
        return await self.ask("pusher:subscribe", {"auth": auth, "channel": channel, **more})

    async def enter(self, channel: str, auth: str = "") -> None:
        """Subscribe, and be let in."""
        assert await self.subscribe(channel, auth) == succeeded(channel)

    async def hears_nothing(self) -> None:
        """What is sent to a connection keeps its order: when the pong comes first, nothing else was on its way."""
        assert await self.ask("pusher:ping", {}) == {"event": "pusher:pong", "data": {}}

    async def ending(self) -> tuple[list[dict[str, Any]], int, str]:
        """All that still comes, then code and reason of the close."""
        heard: list[dict[str, Any]] = []
        try:
            while True:
                heard.append(await self.hear())
        except ConnectionClosed as closed:
            frame = closed.rcvd
        if frame is None:
            pytest.fail(f"the connection broke without a close frame, after {heard}")
        return heard, frame.code, frame.reason


def succeeded(channel: str) -> dict[str, Any]:
    return {"event": "pusher_internal:subscription_succeeded", "channel": channel, "data": "{}"}


def error(message: str, code: int | None = None) -> dict[str, Any]:
    return {"event": "pusher:error", "data": {"code": code, "message": message}}


def denied(channel: str, message: str, kind: str, status: int) -> dict[str, Any]:
    data = {"type": kind, "error": message, "status": status}
    return {"event": "pusher:subscription_error", "channel": channel, "data": data}


@dataclass
class HttpAnswer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Http:
    """One connection; requests leave as the bytes that the test writes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    @asynccontextmanager
    async def opened(cls, port: int, host: str = "127.0.0.1", **options: Any) -> AsyncIterator["Http"]:
        reader, writer = await asyncio.open_connection(host, port, **options)
        try:
            yield cls(reader, writer)
        finally:
            writer.transport.abort()

    @staticmethod
    def json(body: object) -> bytes:
        return json.dumps(body).encode()

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)

    @staticmethod
    def request(
        method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> bytes:
        lines = [f"{method} {target} HTTP/1.1", "Host: test"]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join([*lines, "", ""]).encode() + body

    async def ask(
        self, method: str, target: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        self.send(self.request(method, target, body, headers))
        return await self.answer(without_body=method == "HEAD")

    async def answer(self, *, without_body: bool = False) -> HttpAnswer:
        async with asyncio.timeout(PATIENCE_S):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            line, *lines = head[:-4].split("\r\n")
            headers = {
                name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)
            }
            match = re.match(r"HTTP/1.1 (\d{3}) ", line)
            assert match, line
            status = int(match.group(1))
            size = 0 if without_body or status in (101, 204) else int(headers["content-length"])
            return HttpAnswer(status, headers, await self.reader.readexactly(size))

    async def ended(self) -> bytes:
        """What still comes until the server closes the connection."""
        async with asyncio.timeout(PATIENCE_S):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""


def client_frame(
    opcode: int, payload: bytes = b"", *, final: bool = True, mask: bytes = b"\x01\x02\x03\x04"
) -> bytes:
    """One masked frame, as RFC 6455 has a client write it."""
    size = len(payload)
    if size < 126:
        length = bytes((0x80 | size,))
    elif size < 65536:
        length = b"\xfe" + size.to_bytes(2, "big")
    else:
        length = b"\xff" + size.to_bytes(8, "big")
    key = (mask * (size // 4 + 1))[:size]
    body = (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")
    return bytes(((0x80 if final else 0) | opcode,)) + length + mask + body


UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
