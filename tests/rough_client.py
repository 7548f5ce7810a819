"""A client of the old sockets without manners: it writes bytes, reads when it likes, and goes without a word."""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from callers import PATIENCE_S, UPGRADE, Http, client_frame

__all__ = ["Heard", "RoughClient", "said"]

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def said(kind: str, **fields: Any) -> bytes:
    """One message as a frame."""
    return client_frame(TEXT, json.dumps({"type": kind, **fields}).encode())


@dataclass
class Heard:
    """All that the server said, up to its end.

    Args:
        status: of the handshake.
        messages: of the dialect.
        code: of the close frame; None where there was none.
        others: opcodes of all frames that are no text.
    """

    status: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    code: int | None = None
    others: list[int] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]

    @property
    def errors(self) -> list[str]:
        return [message["data"]["error_code"] for message in self.messages if message["type"] == "error"]


class RoughClient:
    """One connection."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self._bytes = b""
        self._heard = Heard()
        self._answered = False

    @classmethod
    @asynccontextmanager
    async def at(
        cls,
        port: int,
        path: str,
        *behind: bytes,
        host: str = "127.0.0.1",
        headers: Mapping[str, str] | None = None,
        receives: int = 0,
    ) -> "AsyncIterator[RoughClient]":
        """Connect and ask for a WebSocket; at the end of the block it is cut off.

        Args:
            port: of the server.
            path: of the endpoint.
            behind: frames that leave with the request.
            host: a loopback address to come from.
            headers: more of them.
            receives: bytes that the system takes in for a client which does not read; 0: as many as it likes.
        """
        loop = asyncio.get_running_loop()
        with socket.socket() as wire:
            wire.setblocking(False)
            if receives:
                wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receives)
            wire.bind((host, 0))
            await loop.sock_connect(wire, ("127.0.0.1", port))
            client = cls(wire)
            await client.send(Http.request("GET", path, headers={**UPGRADE, **(headers or {})}), *behind)
            yield client
            # Reset, so that nothing of it lingers in the system.
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def send(self, *pieces: bytes) -> None:
        """Write all of it, unless the server has gone."""
        with suppress(ConnectionError):
            await asyncio.get_running_loop().sock_sendall(self.wire, b"".join(pieces))

    async def hears(self, kind: str) -> dict[str, Any]:
        """Read on, up to the next message of this type."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                place = len(self._heard.messages)
                if self._one():
                    for message in self._heard.messages[place:]:
                        if message["type"] == kind:
                            return message
                else:
                    assert await self._more(), f"it ended after {self._heard}"

    async def ended(self) -> Heard:
        """Read until the server ends the connection; its close is answered, as anyone's would be."""
        async with asyncio.timeout(PATIENCE_S):
            while self._one() or await self._more():
                if self._heard.code is not None and not self._answered:
                    self._answered = True
                    await self.send(client_frame(CLOSE))
        return self._heard

    async def _more(self) -> bool:
        try:
            data = await asyncio.get_running_loop().sock_recv(self.wire, 1 << 16)
        except ConnectionError:
            return False
        self._bytes += data
        return bool(data)

    def _one(self) -> bool:
        """Take one frame, or the head, from what has come; whether one was there."""
        heard, data = self._heard, self._bytes
        if not heard.status:
            head, found, rest = data.partition(b"\r\n\r\n")
            if found:
                heard.status, self._bytes = int(head.split()[1]), rest
            return bool(found)
        if heard.status != 101 or len(data) < 2:
            return False
        size, start = data[1], 2
        if size > 125:
            start = 4 if size == 126 else 10
            size = int.from_bytes(data[2:start], "big")
        if len(data) < start or len(data) < start + size:
            return False
        opcode, payload = data[0] & 15, data[start : start + size]
        self._bytes = data[start + size :]
        if opcode == TEXT:
            assert heard.code is None, "nothing comes after a close"
            heard.messages.append(json.loads(payload))
        else:
            heard.others.append(opcode)
            if opcode == CLOSE:
                heard.code = int.from_bytes(payload[:2], "big") if payload else 1005
        return True
