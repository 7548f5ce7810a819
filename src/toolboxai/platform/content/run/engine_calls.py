"""Short work of the engine for which somebody waits: one file, one part made anew."""

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from toolboxai.errors import ContentFailed, ProviderUnavailable, RateLimitExceeded
from toolboxai.platform.content.run.stage_work import ContentEngine

__all__ = ["EngineCalls"]

_WAITING: Final = 8  # of one owner: a page that fetches every file in turn, in several tabs
_RETRY_AFTER_S: Final = 5
_CLOSE_S: Final = 10.0

T = TypeVar("T")


class EngineCalls:
    """Runs calls in threads of its own, so that no generation waits for them, nor they for one.

    Args:
        engine: does the work; must be callable from several threads.
        workers: calls that run at once.
    """

    def __init__(self, engine: ContentEngine, *, workers: int = 2) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="content-calls")
        self._waiting: Counter[str] = Counter()

    async def run(self, owner_id: str, work: Callable[[ContentEngine], T]) -> T:
        """Have a call made.

        Args:
            owner_id: of the content; so that nobody takes all turns.
            work: the call; decoding of what it needs belongs in it.

        Raises:
            RateLimitExceeded: too many of this owner's calls wait or run.
            ProviderUnavailable: the engine did not get through.
        """
        if self._waiting[owner_id] >= _WAITING:
            raise RateLimitExceeded(
                f"{_WAITING} files or parts of your contents are being made already; wait for them",
                retry_after_s=_RETRY_AFTER_S,
                details={"limit": _WAITING},
            )
        self._waiting[owner_id] += 1
        try:
            call = partial(work, self._engine)
            return await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except ContentFailed as failed:
            raise ProviderUnavailable(f"{failed.message}; try again") from failed
        finally:
            self._waiting[owner_id] -= 1
            if not self._waiting[owner_id]:
                del self._waiting[owner_id]

    async def close(self) -> None:
        """End all threads."""
        async with asyncio.timeout(_CLOSE_S):
            await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)
