"""Argon2 in processes of its own, so that no hash holds up live connections.

A hash in a thread of the server lets go of the interpreter while it works, and needs it before and after. A thread that
gives way to the loop then has to wait for a processor, behind the threads of other hashes, while it has the
interpreter's lock or the lock of the process's memory, and the loop waits with it.
"""

import logging
import threading
from contextlib import suppress
from typing import Final

import msgspec

from toolboxai.adapters.argon2_hashes import MEMORY_KIB, TIME_COST
from toolboxai.adapters.child_process import started
from toolboxai.adapters.password_worker import Hashed, Hashing
from toolboxai.adapters.pipe_messages import read_message, write_message
from toolboxai.errors import ProviderUnavailable
from toolboxai.platform.identity.passwords import PasswordVerdict

__all__ = ["PasswordProcesses"]

_log = logging.getLogger(__name__)

_TRIES: Final = 2  # the system may take a process while it works
_END_S: Final = 5.0
_COME_BACK_S: Final = 5


class PasswordProcesses:
    """Satisfies ``passwords.Hashes``. A process is started when there is none to spare, and kept for the next hash.

    Args:
        memory_kib: memory of one hash.
        time_cost: passes over it.
    """

    def __init__(self, *, memory_kib: int = MEMORY_KIB, time_cost: int = TIME_COST) -> None:
        self._costs = (memory_kib, time_cost)
        self._lock = threading.Lock()  # for the next three
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._closed = False

    def hash(self, password: str) -> str:
        """See ``Hashes``.

        Raises:
            ProviderUnavailable: the process ended, and another as well; or there are no more.
        """
        made = self._asked(Hashing(password, *self._costs)).hash
        assert made is not None
        return made

    def verify(self, password: str, kept_hash: str | None) -> PasswordVerdict:
        """See ``Hashes``.

        Raises:
            ProviderUnavailable: as `hash`.
        """
        answer = self._asked(Hashing(password, *self._costs, check=True, kept_hash=kept_hash))
        return PasswordVerdict(answer.right, answer.hash)

    def close(self) -> None:
        """End the processes; hashes that have begun are given up."""
        with self._lock:
            self._closed = True
            workers = [*self._idle, *self._busy]
            self._idle.clear()
        for worker in workers:
            worker.end()

    def _asked(self, hashing: Hashing) -> Hashed:
        for _ in range(_TRIES):
            worker = self._take()
            answer = None
            try:
                answer = worker.run(hashing)
            finally:
                self._give_back(worker, lives=answer is not None)
            if answer is None:
                continue
            if answer.fault is not None:
                raise RuntimeError(f"a password could not be hashed: {answer.fault}")
            return answer
        raise ProviderUnavailable(
            f"passwords cannot be checked at this moment; try again in {_COME_BACK_S} s",
            retry_after_s=_COME_BACK_S,
        )

    def _take(self) -> "_Worker":
        with self._lock:
            if self._closed:
                raise ProviderUnavailable("the server is ending; try again in a moment")
            while self._idle:
                worker = self._idle.pop()
                if worker.status is None:
                    break
                worker.end()  # the system took it, to have its memory
            else:
                worker = _Worker()
            self._busy.add(worker)
            return worker

    def _give_back(self, worker: "_Worker", *, lives: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            closed = self._closed
            if lives and not closed:
                self._idle.append(worker)
                return
        worker.end()
        if not closed:
            _log.warning("a process that hashes passwords has ended", extra={"ending": worker.status})


class _Worker:
    """One process."""

    def __init__(self) -> None:
        self._process = started("toolboxai.adapters.password_worker")

    @property
    def status(self) -> int | None:
        """With which it has ended; None while it works."""
        return self._process.poll()

    def run(self, hashing: Hashing) -> Hashed | None:
        """What came of it; None where the process has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            write_message(self._process.stdin, hashing)
            body = read_message(self._process.stdout)
        except BrokenPipeError:
            return None
        return None if body is None else msgspec.json.decode(body, type=Hashed)

    def end(self) -> None:
        """Stop it, whatever it does."""
        self._process.kill()
        self._process.wait(_END_S)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):  # what it did not read any more
                    stream.close()
