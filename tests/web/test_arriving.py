"""A body that comes slowly: with patience, and not for ever."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from itertools import repeat
from typing import Any

import pytest
from starlette.requests import Request

from toolboxai.errors import RequestTimeout
from toolboxai.web.arriving import arrived


def coming(pieces: Iterable[bytes], *, every_s: float = 0.0) -> Request:
    """A request whose body comes in these pieces, and then no more of it comes."""

    async def parts() -> AsyncIterator[dict[str, Any]]:
        for piece in pieces:
            await asyncio.sleep(every_s)
            yield {"type": "http.request", "body": piece, "more_body": piece != b""}
        await asyncio.Event().wait()

    receive = parts().__anext__
    return Request({"type": "http", "method": "POST", "headers": []}, receive)


async def test_a_slow_line_has_the_time_that_it_needs() -> None:
    pieces = [*[b"x" * 100] * 8, b""]  # takes longer than the patience with a single piece
    body = await arrived(coming(pieces, every_s=0.08), patience_s=0.5, slowest_bytes_s=500)
    assert b"".join(body) == b"x" * 800


@pytest.mark.parametrize(
    ("pieces", "every_s"),
    [
        pytest.param([], 0.0, id="nothing"),
        pytest.param([b"x" * (1 << 20)], 0.0, id="much at first, and then nothing"),
        pytest.param(repeat(b"x"), 0.005, id="a byte now and then"),
    ],
)
async def test_what_does_not_come_is_given_up(pieces: Iterable[bytes], every_s: float) -> None:
    async with asyncio.timeout(5):
        with pytest.raises(RequestTimeout, match="32,768 bytes a second"):
            await arrived(coming(pieces, every_s=every_s), patience_s=0.05)


async def test_single_bytes_are_kept_as_few_pieces() -> None:
    body = await arrived(coming([*[b"x"] * 200_000, b""]))
    assert [len(piece) for piece in body] == [65_536, 65_536, 65_536, 3_392]
