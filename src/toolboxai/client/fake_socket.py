"""A WebSocket without a network: one end is the client's, the other a fake server's."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import websockets

__all__ = ["FakeSocket"]


class FakeSocket:
    """What a client has in place of an open socket.

    Args:
        socket_id: the connection's.
        said: takes each message of the client.
        gone: told when the connection ends.
    """

    def __init__(
        self,
        socket_id: str,
        *,
        said: Callable[["FakeSocket", dict[str, Any]], None],
        gone: Callable[["FakeSocket"], None],
    ) -> None:
        self.socket_id = socket_id
        self.close_code: int | None = None
        self.close_reason: str | None = None
        self._said = said
        self._gone = gone
        self._loop = asyncio.get_running_loop()
        self._coming: asyncio.Queue[str | None] = asyncio.Queue()

    # ---- the server's end ------------------------------------------------------------------------------------

    def tell(self, event: str, data: Any, channel: str | None = None, user_id: str | None = None) -> None:
        """Send the client a message; from any thread."""
        more = {"channel": channel, "user_id": user_id}
        message = {"event": event, "data": json.dumps(data)} | {
            name: value for name, value in more.items() if value is not None
        }
        self._put(json.dumps(message))

    # ---- the client's end ------------------------------------------------------------------------------------

    @property
    def transport(self) -> "FakeSocket":
        """What has ``abort``."""
        return self

    async def __aiter__(self) -> AsyncIterator[str]:
        while (text := await self._coming.get()) is not None:
            yield text

    async def send(self, message: str) -> None:
        """Take a message of the client."""
        if self.close_code is not None:
            raise websockets.ConnectionClosedError(None, None)
        self._said(self, json.loads(message))

    async def close(self) -> None:
        """The client ends it."""
        self._end(1000)

    def abort(self) -> None:
        """It breaks."""
        self._end(1006)

    def _end(self, code: int) -> None:
        if self.close_code is None:
            self.close_code = code
            self._gone(self)
            self._put(None)

    def _put(self, text: str | None) -> None:
        with suppress(RuntimeError):  # the client's loop is closed: nobody reads any more
            self._loop.call_soon_threadsafe(self._coming.put_nowait, text)
