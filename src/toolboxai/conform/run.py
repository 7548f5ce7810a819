"""Running rows, and what came of each."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from enum import Enum
from typing import Final, NamedTuple

from httpx2 import HTTPError
from websockets.exceptions import WebSocketException

from toolboxai.conform import (
    asking,
    cache,
    channels,
    client_events,
    connecting,
    fallbacks,
    presence,
    publishing,
    users,
)
from toolboxai.conform.expectations import NotTestable, RowFailed, printable
from toolboxai.conform.row import ROWS, Row
from toolboxai.conform.target import Target

__all__ = ["ELSEWHERE", "KNOWN", "Outcome", "Verdict", "run"]

# Importing a module registers its rows.
_MODULES: Final = (asking, cache, channels, client_events, connecting, fallbacks, presence, publishing, users)

_CLOCK = "needs the server's clock moved"
_SETTINGS = "needs an app with other settings"
_WEBHOOKS = "needs a webhook that this program can receive"
ELSEWHERE: Final[dict[int, tuple[str, str]]] = {
    7: ("a disabled app is told, then closed with 4003", _SETTINGS),
    8: ("one connection too many is told, then closed with 4004", _SETTINGS),
    12: ("silence is probed, then closed with 4201", _CLOCK),
    13: ("who answers the probe stays", _CLOCK),
    50: ("the request of the documentation holds at its time", _CLOCK),
    62: ("an app without client events says so", _SETTINGS),
    73: ("channel_occupied is posted", _WEBHOOKS),
    74: ("channel_vacated is held back", _WEBHOOKS),
    75: ("a webhook is tried again", _WEBHOOKS),
    83: ("a server that leaves says 4200", "would need the server to leave"),
}
"""Rows that cannot be checked from outside: title and reason."""

KNOWN: Final = frozenset(ROWS) | frozenset(ELSEWHERE)


class Verdict(Enum):
    """What came of a row."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


class Outcome(NamedTuple):
    """What came of one row.

    Args:
        number: of the row.
        title: what is checked.
        verdict: what came of it.
        reason: why it failed or was skipped; empty when it passed.
    """

    number: int
    title: str
    verdict: Verdict
    reason: str = ""


async def run(
    target: Target, numbers: Iterable[int] | None = None, *, jobs: int = 4, timeout_s: float = 30.0
) -> AsyncIterator[Outcome]:
    """Check rows, and tell of each in the order of their numbers.

    Args:
        target: the server.
        numbers: which; None: all.
        jobs: how many at the same time.
        timeout_s: how long one may take.
    """
    wanted = sorted(KNOWN if numbers is None else numbers)
    free = asyncio.Semaphore(jobs)

    async def judged(number: int) -> Outcome:
        if number in ELSEWHERE:
            title, reason = ELSEWHERE[number]
            return Outcome(number, title, Verdict.SKIPPED, reason)
        async with free:
            return await _judge(target, ROWS[number], timeout_s)

    rows = [asyncio.ensure_future(judged(number)) for number in wanted]
    try:
        for judging in rows:
            yield await judging
    finally:  # also when nobody wants to hear the rest
        for judging in rows:
            judging.cancel()
        await asyncio.gather(*rows, return_exceptions=True)


# A server of any make stands on the other side: an answer of a shape that no check expects is its failure.
_ITS_FAILURES: Final = (
    OSError,
    WebSocketException,
    HTTPError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)


async def _judge(target: Target, row: Row, timeout_s: float) -> Outcome:
    verdict, reason = Verdict.FAILED, ""
    try:
        async with asyncio.timeout(timeout_s):
            await row.check(target)
        verdict = Verdict.PASSED
    except NotTestable as left_out:
        verdict, reason = Verdict.SKIPPED, str(left_out)
    except RowFailed as failed:
        reason = str(failed)
    except TimeoutError:
        reason = f"it did not end within {timeout_s:g} s"
    except _ITS_FAILURES as fault:
        reason = f"{type(fault).__name__}: {fault}"
    return Outcome(row.number, row.title, verdict, printable(reason))
