"""Tries counted over a sliding minute, in this process, by the `limits` library."""

import math
import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

__all__ = ["MemoryTryWindow"]

# The library looks through all keys of a storage on each hit, for expired ones: 1 ms with 10,000 keys, measured.
# Spread over so many storages it stays at some 30 microseconds.
_STORAGES: Final = 64


class MemoryTryWindow:
    """Satisfies ``platform.identity.limiter.TryWindow``; keeps two numbers a key and forgets them after two minutes."""

    def __init__(self) -> None:
        self._windows = [SlidingWindowCounterRateLimiter(MemoryStorage()) for _ in range(_STORAGES)]

    async def take(self, key: str, *, per_minute: int, tries: int) -> float:
        """Count `tries` of `key`: 0 when they were within the bound, else the seconds to wait; see the port."""
        window = self._windows[hash(key) % _STORAGES]
        bound = RateLimitItemPerMinute(per_minute)
        if await window.hit(bound, key, cost=tries):
            return 0.0
        stats = await window.get_window_stats(bound, key)
        wait_s = stats.reset_time - time.time()
        return wait_s if math.isfinite(wait_s) and wait_s > 0 else 1.0
