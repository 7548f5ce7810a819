"""A subscriber that does not read."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from callers import UPGRADE, Http, client_frame
from servers import KEY, Running


@asynccontextmanager
async def never_reads(server: Running, path: str = "") -> AsyncIterator[socket.socket]:
    """A subscriber of channel a that has read the answer to its subscribe and nothing since, nor answered anything."""
    loop = asyncio.get_running_loop()
    with socket.socket() as peer:
        peer.setblocking(False)
        await loop.sock_connect(peer, ("127.0.0.1", server.port))
        hello = Http.request("GET", f"{path}/app/{KEY}?protocol=7", headers=UPGRADE)
        frame = client_frame(0x1, b'{"event":"pusher:subscribe","data":{"channel":"a"}}')
        await loop.sock_sendall(peer, hello + frame)
        heard = b""
        while b"subscription_succeeded" not in heard:
            heard += await loop.sock_recv(peer, 4096)
        yield peer
