"""Work that is done to its end, whoever goes away meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["unbroken"]

T = TypeVar("T")


async def unbroken(work: Coroutine[Any, Any, T]) -> T:
    """Await something that must not be cancelled half-way, such as a question to the database.

    A connection to the database that is left in the middle of a question is good for nothing, and its file stays open
    for a while: clients that come and go would use up all that a process may open. So whoever is cancelled here is so
    once the work is done.

    Raises: what the work raises.
    """
    working = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        if not working.done():
            await asyncio.wait({working})
        if not working.cancelled():
            working.exception()  # nobody is there to be told
        raise
