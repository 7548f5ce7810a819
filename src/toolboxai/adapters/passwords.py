"""Password hashes off the event loop, a few at a time, with a bounded line before them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Final, Protocol, TypeVar

from toolboxai.errors import RateLimitExceeded
from toolboxai.platform.identity.passwords import PasswordVerdict

__all__ = ["Argon2Passwords", "Hashes"]

THREADS: Final = (
    2  # each hash takes 64 MiB and a core for about 0.1 s: two leave the machine to its other work
)
WAITING: Final = 32  # about two seconds of work; whoever comes later is told to come back

_Result = TypeVar("_Result")


class Hashes(Protocol):
    """Makes and checks hashes; its methods block, and are called in threads."""

    def hash(self, password: str) -> str:
        """A salted hash to keep."""
        ...

    def verify(self, password: str, kept_hash: str | None) -> PasswordVerdict:
        """Check a password, in the same time whether there is a hash or not; see ``Passwords.verify``."""
        ...

    def close(self) -> None:
        """Let go of what it has; nothing is asked of it after that."""
        ...


class Argon2Passwords:
    """Satisfies ``platform.identity.passwords.Passwords``.

    Args:
        hashes: does the work.
    """

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="password")
        self._places = BoundedSemaphore(THREADS + WAITING)

    async def hash(self, password: str) -> str:
        """A salted hash to keep; see the port."""
        return await self._run(lambda: self._hashes.hash(password))

    async def verify(self, password: str, kept_hash: str | None) -> PasswordVerdict:
        """Check a password, in the same time whether there is a hash or not; see the port."""
        return await self._run(lambda: self._hashes.verify(password, kept_hash))

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        if not self._places.acquire(blocking=False):
            raise RateLimitExceeded(
                "too many people sign in at this moment; try again in 2 s", retry_after_s=2
            )
        try:
            future = self._threads.submit(work)
        except RuntimeError:  # closed while the request was under way
            self._places.release()
            raise
        # The place is free when the thread is: a client that hangs up early does not make room for more work.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Let go of the threads, and of what makes hashes for them."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._hashes.close()
