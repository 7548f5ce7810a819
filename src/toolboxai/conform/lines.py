"""Messages of the server under test, and answers of it that go on."""

import asyncio
import json
from typing import Any

import httpx2

from toolboxai.conform.expectations import RowFailed

__all__ = ["NEWS", "Json", "Lines", "read_object"]

Json = dict[str, Any]
NEWS = frozenset({"pusher:ping", "pusher_internal:subscription_count"})  # may come at any time


def read_object(text: str | bytes) -> Json:
    """A message.

    Raises:
        RowFailed: it is no JSON object.
    """
    try:
        message = json.loads(text)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise RowFailed("a JSON object", repr(text)[:200])
    return message


def _is_news(line: str) -> bool:
    """Whether a line of a fallback transport has nothing but what may come at any time."""
    if not line.startswith("a["):
        return False
    return all(read_object(text).get("event") in NEWS for text in json.loads(line[1:]))


class Lines:
    """An answer over HTTP that goes on, line by line. Unasked news are passed over.

    Args:
        answer: whose body has not been read.
        patience_s: how long a line may take.
        silence_s: how long to listen where nothing should come.
    """

    def __init__(self, answer: httpx2.Response, *, patience_s: float, silence_s: float) -> None:
        self._patience_s = patience_s
        self._silence_s = silence_s
        self._lines = answer.aiter_lines()
        self._next: asyncio.Future[str | None] | None = None
        self.status = answer.status_code

    async def _within(self, seconds: float) -> str | None:
        """The next line, or None at the end; what does not come in time may still come."""
        if self._next is None:
            self._next = asyncio.ensure_future(anext(self._lines, None))
        async with asyncio.timeout(seconds):
            while (line := await asyncio.shield(self._next)) is not None and _is_news(line):
                self._next = asyncio.ensure_future(anext(self._lines, None))
        self._next = None
        return line

    async def next(self) -> str:
        """The next line that is no heartbeat."""
        while True:
            try:
                line = await self._within(self._patience_s)
            except TimeoutError:
                raise RowFailed("a line", f"nothing within {self._patience_s:g} s") from None
            if line is None:
                raise RowFailed("a line", "the end of the answer")
            if line.strip("h"):  # one of many h is a prelude
                return line

    async def silent(self) -> None:
        """Nothing comes for a while, and the answer does not end."""
        try:
            line = await self._within(self._silence_s)
        except TimeoutError:
            return
        raise RowFailed("nothing", "the end of the answer" if line is None else repr(line)[:300])

    async def over(self) -> None:
        """The answer ends, and nothing more is in it."""
        try:
            line = await self._within(self._patience_s)
        except TimeoutError:
            raise RowFailed("the end of the answer", "it stays open") from None
        if line is not None:
            raise RowFailed("the end of the answer", repr(line)[:300])

    def let_go(self) -> None:
        """Nobody waits for more."""
        if self._next is not None:
            self._next.cancel()
