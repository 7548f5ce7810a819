"""What the framework leaves for the first who asks: done before anybody does, or where nobody waits behind it."""

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Final

import msgspec
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

__all__ = ["OPENAPI_URL", "WrittenOnce", "add_openapi", "join_routes"]

OPENAPI_URL = "/api/openapi.json"
_TURN_S: Final = 0.0005
_writing = threading.Lock()


class WrittenOnce:
    """A document that is written in a thread when it is first asked for; whoever asks meanwhile waits for the same.

    Args:
        write: takes too long for the loop.
    """

    def __init__(self, write: Callable[[], bytes]) -> None:
        self._write = write
        self._one_at_a_time = asyncio.Lock()
        self._kept: bytes | None = None

    async def get(self) -> bytes:
        """The document."""
        if self._kept is None:
            async with self._one_at_a_time:
                if self._kept is None:
                    self._kept = await asyncio.to_thread(_in_short_turns, self._write)
        return self._kept


def _in_short_turns(write: Callable[[], bytes]) -> bytes:
    """Have the interpreter ask its threads for their turn more often meanwhile.

    Writing never lets go of it by itself. The loop does, several times for each event, and would wait 5 ms each time.
    """
    with _writing:  # each would take the other's interval for the usual one
        usual = sys.getswitchinterval()
        sys.setswitchinterval(_TURN_S)
        try:
            return write()
        finally:
            sys.setswitchinterval(usual)


def join_routes(api: FastAPI) -> None:
    """Have every route put together now.

    Left alone, the first request that comes by a router has all of its routes put together in the loop, up to 50 ms
    for one router.
    """
    nowhere: Scope = {"type": "http", "method": "GET", "path": "/\0", "root_path": "", "headers": []}
    for route in api.routes:
        route.matches(dict(nowhere))


def add_openapi(api: FastAPI) -> None:
    """The document at ``OPENAPI_URL``: put together in a thread, for it takes a third of a second, and kept as bytes."""
    written = WrittenOnce(lambda: msgspec.json.encode(api.openapi()))

    async def described(_request: Request) -> Response:
        return Response(await written.get(), media_type="application/json")

    api.add_route(OPENAPI_URL, described, include_in_schema=False)
