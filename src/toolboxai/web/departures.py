"""Work for a request that ends when its client goes away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import ClientDisconnect, Request

__all__ = ["while_connected"]


@asynccontextmanager
async def while_connected(request: Request) -> AsyncIterator[None]:
    """Leave the block when the client goes.

    Args:
        request: its body has been read to the end.

    Raises:
        ClientDisconnect: it went.
    """
    loop, gone = asyncio.get_running_loop(), False

    async def watch() -> None:
        nonlocal gone
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone = True
        patience.reschedule(loop.time())

    try:
        async with asyncio.timeout(None) as patience:
            watching = loop.create_task(watch(), name="client watch")
            try:
                yield
            finally:
                watching.cancel()
    except TimeoutError:
        if not gone:  # then it is another's
            raise
        raise ClientDisconnect from None
