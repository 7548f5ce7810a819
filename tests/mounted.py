"""Someone's own application under plain uvicorn, with our server mounted in it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import uvicorn

from toolboxai.transport.asgi import ASGIApp

__all__ = ["under_uvicorn"]


@asynccontextmanager
async def under_uvicorn(app: ASGIApp, **settings: Any) -> AsyncIterator[int]:
    """The port of a uvicorn that serves this application in our loop."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=3, **settings)
    server = uvicorn.Server(config)
    server.capture_signals = _nothing  # type: ignore[method-assign]  # the test keeps its own
    serving = asyncio.get_running_loop().create_task(server.serve(sockets=[listener]))
    try:
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        await serving
        listener.close()


def _nothing() -> Any:
    from contextlib import nullcontext

    return nullcontext()
