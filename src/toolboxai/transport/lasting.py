"""Answers that go on: written piece by piece, until they are over or their client has gone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, TypeAlias

from toolboxai.transport.asgi import Receive, Scope, Send
from toolboxai.transport.queued_wire import GONE

__all__ = ["ABORT", "Headers", "Lasting"]

ABORT: Final = "toolboxai.abort"
"""Key of a scope's ``extensions``: a callable that cuts the connection off. Our own port has it."""

_ABORT_S: Final = 1.0  # a connection that is cut off is lost in the loop's next turn

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]


class Lasting:
    """One answer; its request has been read.

    Args:
        scope: see ASGI.
        receive: see ASGI.
        send: see ASGI.

    Attributes:
        gone: whether the client has gone.
        given_up: whether we have cut it off.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._abort: Callable[[], None] | None = scope.get("extensions", {}).get(ABORT)
        self._patience: asyncio.Timeout | None = None
        self.gone = False
        self.given_up = False

    @asynccontextmanager
    async def watched(self, on_gone: Callable[[], None]) -> AsyncIterator[None]:
        """Notice, within the block, when the client goes; leave the block when it is given up.

        Args:
            on_gone: called then.
        """
        watch = asyncio.get_running_loop().create_task(self._watch(on_gone), name="client watch")
        try:
            async with asyncio.timeout(None) as self._patience:
                yield
        except TimeoutError:
            if not self.given_up:  # then it is another's
                raise
        finally:
            self._patience = None
            watch.cancel()
            if self.given_up and self._abort is not None:
                self._abort()
                # The server below would take an answer that ends before its connection for a fault of ours.
                with suppress(TimeoutError):
                    async with asyncio.timeout(_ABORT_S):
                        await self._until_gone()

    async def _watch(self, on_gone: Callable[[], None]) -> None:
        await self._until_gone()
        self.gone = True
        on_gone()

    async def _until_gone(self) -> None:
        with suppress(*GONE):
            while (await self._receive())["type"] != "http.disconnect":
                pass

    def give_up(self) -> None:
        """The client does not take what waits for it: end the block of `watched`, and cut the client off."""
        if self._patience is not None and not self.given_up:
            self.given_up = True
            self._patience.reschedule(asyncio.get_running_loop().time())

    # ---- writing --------------------------------------------------------------------------------------------

    async def begin(self, status: int, headers: Headers) -> bool:
        """Status and headers; as `write`."""
        return await self._told({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def write(self, body: bytes) -> bool:
        """More of the body; False when the client had gone before it was handed over."""
        return await self._told({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        """The body is whole."""
        await self._told({"type": "http.response.body", "body": b""})

    async def whole(self, status: int, headers: Headers, body: bytes = b"") -> bool:
        """The answer in one piece; as `write`."""
        length = () if status == 204 else ((b"content-length", b"%d" % len(body)),)
        return await self.begin(status, (*headers, *length)) and await self._told(
            {"type": "http.response.body", "body": body}
        )

    async def _told(self, message: dict[str, Any]) -> bool:
        if self.gone:
            return False
        try:
            await self._send(message)
        except GONE:
            self.gone = True
            return False
        # A server that waited for a client to read says nothing when it goes instead. After the last piece, though, it
        # tells of the end of the request in the same words.
        last = message["type"] == "http.response.body" and not message.get("more_body")
        return last or not self.gone
