"""One socket: a peer that takes nothing any more is left, whoever notices first."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.server import ServerConnection, serve

from toolboxai.client import connection as module
from toolboxai.client.connection import Connection, open_socket
from toolboxai.client.session import ClientSession

MUCH = "x" * 20_000_000  # more than the kernel takes


@pytest.fixture
async def socket(anyio_backend: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ClientConnection]:
    """To a server that has stopped reading, with little patience on our side."""
    monkeypatch.setattr(module, "TAKE_S", 0.3)
    monkeypatch.setattr(module, "CLOSE_S", 0.3)

    over = asyncio.Event()

    async def deaf(peer: ServerConnection) -> None:
        peer.transport.pause_reading()
        await over.wait()
        peer.transport.abort()

    async with serve(deaf, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with await open_socket(f"ws://127.0.0.1:{port}") as client:
            yield client
            over.set()
            client.transport.abort()


class Flooded:
    """A connection on which more waits to go out than the kernel takes."""

    def __init__(self, socket: ClientConnection) -> None:
        session = ClientSession()
        session.opened(asyncio.get_running_loop().time())
        self.lines: list[str] = []
        self.sending = asyncio.Event()
        self.connection = Connection(socket, session, apply=lambda _effects: None, debug=self._note)
        self.connection.send(MUCH)

    def _note(self, line: str) -> None:
        self.lines.append(line)
        self.sending.set()


async def test_a_peer_that_takes_nothing_is_left(socket: ClientConnection) -> None:
    flooded = Flooded(socket)
    async with asyncio.timeout(5):
        await flooded.connection.live()
    assert flooded.lines[-1] == "error: the server takes nothing any more"


async def test_closing_does_not_wait_for_a_peer_that_takes_nothing(
    socket: ClientConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAKE_S", 60)
    flooded = Flooded(socket)
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        tasks.create_task(flooded.connection.live())
        await flooded.sending.wait()
        await flooded.connection.close()
