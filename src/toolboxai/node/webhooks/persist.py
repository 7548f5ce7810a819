"""Doing something with the store until it is done."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from toolboxai.node.webhooks.store import StoreUnavailable

__all__ = ["persist"]

log = logging.getLogger(__name__)
T = TypeVar("T")
STORE_RETRY_S: Final = 1.0


async def persist(work: Callable[[], Awaitable[T]], *, doing: str) -> T:
    """Try again and again: the order of the queue depends on it."""
    told = False
    while True:
        try:
            return await work()
        except StoreUnavailable as fault:
            if not told:  # once for each piece of work, however long it has to wait
                log.warning("the webhook queue does not answer", extra={"doing": doing, "reason": str(fault)})
                told = True
            await asyncio.sleep(STORE_RETRY_S)
