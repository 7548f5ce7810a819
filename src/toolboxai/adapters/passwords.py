"""Argon2 in a few threads, off the event loop, with a bounded line before them."""

import asyncio
import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Final, TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import PwdlibError
from pwdlib.hashers.argon2 import Argon2Hasher

from toolboxai.adapters.low_priority import thread_gives_way
from toolboxai.errors import RateLimitExceeded
from toolboxai.platform.identity.passwords import NO_PASSWORD, PasswordVerdict

__all__ = ["Argon2Passwords"]

THREADS: Final = (
    2  # each hash takes 64 MiB and a core for about 0.1 s: two leave the machine to its other work
)
WAITING: Final = 32  # about two seconds of work; whoever comes later is told to come back

_Result = TypeVar("_Result")


class Argon2Passwords:
    """Satisfies ``platform.identity.passwords.Passwords``.

    Args:
        memory_kib: memory of one hash; RFC 9106's second choice by default. Tests take less.
        time_cost: passes over it.
    """

    def __init__(self, *, memory_kib: int = 65536, time_cost: int = 3) -> None:
        parallelism = 4
        self._hasher = PasswordHash((Argon2Hasher(time_cost, memory_kib, parallelism),))
        self._decoy = _decoy(memory_kib, time_cost, parallelism)
        self._threads = ThreadPoolExecutor(
            THREADS, thread_name_prefix="password", initializer=thread_gives_way
        )
        self._places = BoundedSemaphore(THREADS + WAITING)

    async def hash(self, password: str) -> str:
        """A salted hash to keep; see the port."""
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password: str, kept_hash: str | None) -> PasswordVerdict:
        """Check a password, in the same time whether there is a hash or not; see the port."""
        return await self._run(lambda: self._verify(password, kept_hash))

    def _verify(self, password: str, kept_hash: str | None) -> PasswordVerdict:
        known = kept_hash not in (None, NO_PASSWORD)
        try:
            right, better = self._hasher.verify_and_update(
                password, kept_hash if kept_hash and known else self._decoy
            )
        except PwdlibError:  # what is kept is no hash of ours: nobody can sign in with it
            return PasswordVerdict(right=False)
        return PasswordVerdict(right and known, better)

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
        """Let go of the threads; hashes that have begun are finished."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _decoy(memory_kib: int, time_cost: int, parallelism: int) -> str:
    """A hash that no password has, and that costs as much to check as a real one."""
    salt, digest = (base64.b64encode(bytes(size)).decode().rstrip("=") for size in (16, 32))
    return f"$argon2id$v=19$m={memory_kib},t={time_cost},p={parallelism}${salt}${digest}"
