"""A body that comes piece by piece: how long it may take, and how it is kept."""

import asyncio
from typing import Final

from starlette.requests import Request

from toolboxai.errors import RequestTimeout

__all__ = ["PATIENCE_S", "arrived"]

PATIENCE_S: Final = 30.0  # a radio link that is lost and found again takes half of it
# A quarter of a megabit: the slowest line of a school on which ten megabytes are sent at all, in six minutes.
_SLOWEST_BYTES_S: Final = 32 * 1024
# What comes in single bytes would take fifty times their memory.
_PIECE_BYTES: Final = 64 * 1024


async def arrived(
    request: Request, *, patience_s: float = PATIENCE_S, slowest_bytes_s: float = _SLOWEST_BYTES_S
) -> list[bytearray]:
    """The body, in pieces of about the same size: putting ten megabytes together would hold up the loop.

    Args:
        request: with a body that nobody has begun to read.
        patience_s: seconds in which something has to come.
        slowest_bytes_s: so much a second gives it more time. What came faster buys nothing for later.

    Raises:
        RequestTimeout: it comes more slowly, or not at all.
        ClientDisconnect: the client went away.
    """
    loop = asyncio.get_running_loop()
    pieces: list[bytearray] = []
    ends = loop.time() + patience_s
    try:
        async with asyncio.timeout_at(ends) as patience:
            async for piece in request.stream():
                if pieces and len(pieces[-1]) < _PIECE_BYTES:
                    pieces[-1] += piece
                elif piece:
                    pieces.append(bytearray(piece))
                ends = min(ends + len(piece) / slowest_bytes_s, loop.time() + patience_s)
                patience.reschedule(ends)
    except TimeoutError:
        raise RequestTimeout(
            f"{sum(map(len, pieces)):,} bytes of the body have come, and the rest too slowly: it needs at least "
            f"{slowest_bytes_s:,.0f} bytes a second; send it again over a better line, or less at once"
        ) from None
    return pieces
