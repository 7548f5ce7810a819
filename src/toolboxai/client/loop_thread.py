"""An event loop in a thread of its own, asked by threads that have none."""

import asyncio
import os
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from toolboxai.client.errors import ConnectionClosed

__all__ = ["LoopThread"]

T = TypeVar("T")


class LoopThread:
    """A loop in a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._process = os.getpid()
        self._ending = threading.RLock()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="toolboxai-client", daemon=True)
        self._thread.start()

    @property
    def lives(self) -> bool:
        """Whether there is such a thread: not in a process that was forked, nor when the interpreter is at its end."""
        return os.getpid() == self._process and not sys.is_finalizing()

    def check(self) -> None:
        """Whether this thread may wait for the loop.

        Raises:
            ConnectionClosed: there is no loop here to wait for.
            RuntimeError: this is the loop's own thread.
        """
        if not self.lives:
            raise ConnectionClosed("the client was not made by this process; make one after the fork")
        if threading.current_thread() is self._thread:
            raise RuntimeError(
                "a function that the client calls may not wait for the client: it is called on the client's own thread;"
                " hand the work to another thread"
            )

    def begin(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Have the loop do this; see `check` for what it raises."""
        try:
            self.check()
        except (ConnectionClosed, RuntimeError):
            work.close()
            raise
        with self._ending:  # what is begun before the end is done or cancelled by it, and never forgotten
            if not self._ended:
                return asyncio.run_coroutine_threadsafe(work, self.loop)
        work.close()
        raise ConnectionClosed("the client is closed; open a new one")

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What this comes to. Interrupted by a signal, it is cancelled."""
        asked = self.begin(work)
        try:
            return asked.result()
        except CancelledError:
            raise ConnectionClosed("the client was closed meanwhile; open a new one") from None
        except BaseException:
            asked.cancel()
            raise

    def do(self, work: Callable[[], T]) -> T:
        """Call this on the loop's thread; also from functions that the client calls."""
        if threading.current_thread() is self._thread:
            return work()
        return self.wait(_called(work))

    def afterwards(self, work: Coroutine[Any, Any, T]) -> T:
        """When the loop has ended: what this comes to, if it need not wait.

        Raises:
            ConnectionClosed: it would have to.
        """
        self._thread.join()
        try:
            work.send(None)
        except StopIteration as done:
            result: T = done.value
            return result
        work.close()
        raise ConnectionClosed("the client is closed; open a new one")

    def stop(self) -> None:
        """End the thread, and whatever it is at."""
        if not self.lives:
            return
        with self._ending:
            self._ended = True
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            left = asyncio.all_tasks(self.loop)  # where a signal came between
            for task in left:
                task.cancel()
            self.loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()


async def _called(work: Callable[[], T]) -> T:
    return work()
