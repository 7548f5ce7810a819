"""One socket from its opening to its end, and the work that ends with it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, Protocol

import websockets
from websockets.asyncio.client import ClientConnection

from toolboxai import __version__
from toolboxai.client.effects import Effect
from toolboxai.client.endpoints import is_loopback
from toolboxai.client.session import ClientSession

__all__ = ["Connection", "Socket", "open_socket"]

_OPEN_S: Final = 10.0
CLOSE_S: Final = 2.0  # a server that does not answer a close within this is left without
TAKE_S: Final = 30.0  # and one that takes nothing for so long, which its silence alone would not tell
_MESSAGE_BYTES: Final = 1 << 20


class Socket(Protocol):
    """An open WebSocket, as far as the client uses one."""

    @property
    def close_code(self) -> int | None:
        """Of its end; None before, or when there was none."""

    @property
    def close_reason(self) -> str | None:
        """The words of its end."""

    def __aiter__(self) -> AsyncIterator[str | bytes]:
        """What comes, until it is closed."""

    async def send(self, message: str) -> None:
        """Write a text message; raises `websockets.ConnectionClosed` when it is closed."""

    async def close(self) -> None:
        """End it with a close frame, and wait for the other side's."""

    @property
    def transport(self) -> Any:
        """Has ``abort()``, which ends it without a frame."""


async def open_socket(url: str) -> ClientConnection:
    """A socket to this address.

    Raises:
        OSError, TimeoutError, websockets.InvalidHandshake, websockets.InvalidProxy: there is none to be had.
    """
    return await websockets.connect(
        url,
        open_timeout=_OPEN_S,
        close_timeout=CLOSE_S,
        ping_interval=None,  # the protocol has its own
        max_size=_MESSAGE_BYTES,
        compression=None,
        proxy=None if is_loopback(url) else True,
        user_agent_header=f"toolboxai-python/{__version__}",
    )


class Connection:
    """A socket with what waits to go out over it.

    Args:
        socket: open, and owned by the caller, who closes it.
        session: the protocol; it was told that the socket is open.
        apply: carries out what the session asks for.
        debug: takes one line for each message.
    """

    def __init__(
        self,
        socket: Socket,
        session: ClientSession,
        *,
        apply: Callable[[list[Effect]], None],
        debug: Callable[[str], None],
    ) -> None:
        self._socket = socket
        self._session = session
        self._apply = apply
        self._debug = debug
        self._loop = asyncio.get_running_loop()
        self._outgoing: deque[str] = deque()
        self._wake = asyncio.Event()
        self._tasks: asyncio.TaskGroup | None = None
        self._jobs: set[asyncio.Task[None]] = set()

    async def live(self) -> None:
        """Read and write until the socket is closed, by whomever; the jobs end with it."""
        async with asyncio.TaskGroup() as self._tasks:
            writer = self._tasks.create_task(self._write())
            try:
                await self._read()
            finally:
                self._tasks = None
                for task in (writer, *self._jobs):
                    task.cancel()

    def send(self, text: str) -> None:
        """Write this text message, after those before it."""
        self._outgoing.append(text)
        self._wake.set()

    def wake(self) -> None:
        """Ask the session anew when its time comes."""
        self._wake.set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside reading and writing, for as long as the connection lives."""
        if self._tasks is None:  # the connection is ending: the next one asks again
            work.close()
            return
        job = self._tasks.create_task(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def abort(self) -> None:
        """End it without a close frame."""
        self._socket.transport.abort()

    async def close(self) -> None:
        """End it with a close frame, and wait for the server's; not for one that does not take ours."""
        try:
            async with asyncio.timeout(2 * CLOSE_S):
                await self._socket.close()
        except TimeoutError:
            self.abort()

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in self._socket:
                self._debug(f"message: {text!s}")
                if isinstance(text, str):  # binary is no part of the protocol
                    self._apply(self._session.receive(text, self._loop.time()))

    async def _write(self) -> None:
        """Send what there is to send, and wake the session when its time comes."""
        with suppress(websockets.ConnectionClosed):
            while True:
                self._wake.clear()
                self._apply(self._session.tick(self._loop.time()))
                while self._outgoing:
                    text = self._outgoing.popleft()
                    self._debug(f"send: {text}")
                    if not await self._taken(text):
                        return
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(self._session.deadline()):
                        await self._wake.wait()

    async def _taken(self, text: str) -> bool:
        """Write one message. A peer that takes nothing ends the connection, so that another can be had."""
        try:
            async with asyncio.timeout(TAKE_S):
                await self._socket.send(text)
        except TimeoutError:
            self._debug("error: the server takes nothing any more")
            self.abort()
            return False
        return True
