"""Short work of the engine for which somebody waits: one file, one part made anew."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from typing import Final, TypeVar

from toolboxai.errors import ContentFailed, ProviderUnavailable, RateLimitExceeded
from toolboxai.platform.content.run.stage_work import ContentEngine, EngineLost
from toolboxai.platform.runs.turns import Turns

__all__ = ["EngineCalls"]

log = logging.getLogger(__name__)

_WAITING: Final = 8  # of one owner: a page that fetches every file in turn, in several tabs
_WAITING_IN_ALL: Final = 64  # each takes about a second: who came after them would wait half a minute
_RETRY_AFTER_S: Final = 5
_CLOSE_S: Final = 10.0

T = TypeVar("T")


class EngineCalls:
    """Runs calls in threads of its own, so that no generation waits for them, nor they for one.

    Turns go round among the owners, and one owner never has all threads: whoever asks for one file does not wait until
    somebody else has all of theirs.

    Args:
        engine: does the work; must be callable from several threads.
        workers: calls that run at once; all but one of them may be of one owner.
        waiting: calls of all owners that may wait or run.
    """

    def __init__(self, engine: ContentEngine, *, workers: int = 2, waiting: int = _WAITING_IN_ALL) -> None:
        self._engine = engine
        self._threads = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="content-calls")
        self._turns = Turns(at_once=workers, at_once_per_user=max(1, workers - 1))
        self._waiting = waiting
        self._owners: Counter[str] = Counter()  # how many calls of each wait or run
        self._begins: dict[str, asyncio.Event] = {}  # of those that wait
        self._numbers = count(1)

    async def run(self, owner_id: str, work: Callable[[ContentEngine], T]) -> T:
        """Have a call made.

        Args:
            owner_id: of the content; so that nobody takes all turns.
            work: the call; decoding of what it needs belongs in it. It may be made twice.

        Raises:
            RateLimitExceeded: too many of this owner's calls wait or run.
            ProviderUnavailable: too many of all owners do, or the engine did not get through.
        """
        self._check(owner_id)
        call_id = str(next(self._numbers))
        begins = self._begins[call_id] = asyncio.Event()
        self._owners[owner_id] += 1
        self._turns.enter(call_id, owner_id)
        self._advance()
        try:
            await begins.wait()
            made = asyncio.get_running_loop().run_in_executor(self._threads, partial(self._made, work))
        except BaseException as fault:  # cancelled included: nobody else would give the turn back
            self._leave(call_id, owner_id)
            if isinstance(fault, RuntimeError):  # the threads take no more
                raise _unavailable("the server is ending") from fault
            raise
        # Who waits for it may go away; its thread keeps the turn until it is done.
        made.add_done_callback(lambda _: self._leave(call_id, owner_id))
        try:
            return await asyncio.shield(made)
        except ContentFailed as failed:
            raise _unavailable(failed.message) from failed
        except EngineLost as lost:
            log.warning("the engine was lost twice in one call", extra={"reason": str(lost)})
            raise _unavailable(
                "what makes files and parts was ended twice from outside, as where memory is short"
            ) from lost

    def _made(self, work: Callable[[ContentEngine], T]) -> T:
        """The call, in a thread."""
        try:
            return work(self._engine)
        except EngineLost as lost:
            log.warning("the engine was lost in a call, which is made again", extra={"reason": str(lost)})
            return work(self._engine)

    def _check(self, owner_id: str) -> None:
        if self._owners[owner_id] >= _WAITING:
            raise RateLimitExceeded(
                f"{_WAITING} files or parts of your contents are being made already; wait for them",
                retry_after_s=_RETRY_AFTER_S,
                details={"limit": _WAITING},
            )
        if sum(self._turns.load) >= self._waiting:
            raise _unavailable(f"{self._waiting} files and parts of contents are being made already")

    def _advance(self) -> None:
        for call_id in self._turns.take():
            self._begins[call_id].set()

    def _leave(self, call_id: str, owner_id: str) -> None:
        self._turns.leave(call_id)
        del self._begins[call_id]
        self._owners[owner_id] -= 1
        self._owners += Counter()  # without those that have none
        self._advance()

    async def close(self) -> None:
        """End all threads."""
        async with asyncio.timeout(_CLOSE_S):
            await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)


def _unavailable(why: str) -> ProviderUnavailable:
    return ProviderUnavailable(f"{why}; try again in {_RETRY_AFTER_S} s", retry_after_s=_RETRY_AFTER_S)
