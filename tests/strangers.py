"""Clients that come from an address of the test's choosing, and say of it what they like."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from ipaddress import ip_address

from callers import PATIENCE_S, UPGRADE, Http
from servers import APP_ID, KEY

__all__ = ["DOORS", "Door", "Stranger", "proxy_block", "proxy_line"]


def proxy_line(address: str, port: int = 40_000) -> bytes:
    """What a load balancer says of who called it, version 1."""
    family, own = ("TCP6", "::1") if ":" in address else ("TCP4", "127.0.0.1")
    return f"PROXY {family} {address} {own} {port} 8009\r\n".encode()


def proxy_block(address: str, port: int = 40_000) -> bytes:
    """The same, version 2."""
    source = ip_address(address).packed
    content = source + bytes(len(source)) + struct.pack("!HH", port, 8009)
    kind = 0x11 if len(source) == 4 else 0x21
    return b"\r\n\r\n\x00\r\nQUIT\n" + struct.pack("!BBH", 0x21, kind, len(content)) + content


class Door:
    """A way in: the request for it, and how one who is let in is known from one who is not.

    Args:
        method: of the request.
        target: of the request.
        opened: stands in what one hears who is let in.
        refused: stands in what one hears whose address has as many as it may.
        upgrade: whether it asks for a WebSocket.
    """

    def __init__(self, method: str, target: str, opened: bytes, refused: bytes, *, upgrade: bool) -> None:
        self.method = method
        self.target = target
        self.opened = opened
        self.refused = refused
        self._upgrade = upgrade

    def request(self, headers: Mapping[str, str] | None = None) -> bytes:
        return Http.request(
            self.method, self.target, headers={**(UPGRADE if self._upgrade else {}), **(headers or {})}
        )


_ANSWER = re.compile(
    rb"HTTP/1.1 (\d+) .*?\r\ncontent-length: (\d+)\r\n(?:.*?\r\n)??\r\n", re.IGNORECASE | re.DOTALL
)
_GREETING = b"pusher:connection_established"
_FULL = b"4004"
DOORS = {
    "socket": Door("GET", f"/app/{KEY}?protocol=7", _GREETING, _FULL, upgrade=True),
    "fallback": Door(
        "POST", f"/pusher/app/{KEY}/1/NAME/xhr_streaming?protocol=7", _GREETING, _FULL, upgrade=False
    ),
    "event stream": Door(
        "GET", f"/apps/{APP_ID}/channels/a/sse?key={KEY}", b"text/event-stream", b" 429 ", upgrade=False
    ),
    "old socket": Door("GET", "/ws/native", b" 101 ", b" 429 ", upgrade=True),
}


class Stranger:
    """One connection, raw."""

    def __init__(self, wire: socket.socket) -> None:
        self._wire = wire
        self.heard = b""

    @classmethod
    @asynccontextmanager
    async def at(cls, port: int, address: str, *pieces: bytes) -> AsyncIterator["Stranger"]:
        """Come from this loopback address, and say this."""
        loop = asyncio.get_running_loop()
        with socket.socket() as wire:
            wire.setblocking(False)
            wire.bind((address, 0))
            await loop.sock_connect(wire, ("127.0.0.1", port))
            stranger = cls(wire)
            if pieces:
                await loop.sock_sendall(wire, b"".join(pieces))
            yield stranger
            # Reset, so that nothing of it lingers in the system.
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def says(self, *pieces: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self._wire, b"".join(pieces))

    async def hears(self, *texts: bytes) -> bytes:
        """Read on up to one of these, which is returned; nothing when the server ends it before."""
        async with asyncio.timeout(PATIENCE_S):
            while not (found := next((text for text in texts if text in self.heard), b"")):
                if not await self._more():
                    return b""
        return found

    async def answered(self) -> int:
        """The status of the next answer of HTTP, which is read whole."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := _ANSWER.match(self.heard)) is None or len(self.heard) < found.end() + int(
                found[2]
            ):
                assert await self._more(), f"it ended after {self.heard!r}"
        self.heard = self.heard[found.end() + int(found[2]) :]
        return int(found[1])

    async def ended(self) -> bytes:
        """All up to the end."""
        async with asyncio.timeout(PATIENCE_S):
            while await self._more():
                pass
        return self.heard

    async def _more(self) -> bool:
        try:
            data = await asyncio.get_running_loop().sock_recv(self._wire, 1 << 16)
        except ConnectionError:
            return False
        self.heard += data
        return bool(data)
