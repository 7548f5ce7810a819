"""A line to a server for tests whose own thread has a browser's driver, beside whose loop no other can run."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from line import Line

__all__ = ["Cable", "wired"]

READY_WITHIN_S = 5.0


class Cable:
    """A ``Line`` in a loop and a thread of its own; what is asked of it is done when the call returns."""

    def __init__(self, loop: asyncio.AbstractEventLoop, line: Line) -> None:
        self._loop = loop
        self._line = line

    @property
    def url(self) -> str:
        """Its near end."""
        return f"http://127.0.0.1:{self._line.port}"

    def cut(self) -> None:
        """Drop everything."""
        self._do(self._line.cut)

    def mend(self) -> None:
        """Let connections through again."""
        self._do(self._line.mend)

    def _do(self, act: Callable[[], None]) -> None:
        async def acting() -> None:
            act()

        asyncio.run_coroutine_threadsafe(acting(), self._loop).result(READY_WITHIN_S)


@contextmanager
def wired(port: int) -> Iterator[Cable]:
    """A cable to a server, until the block ends."""
    loop, line = asyncio.new_event_loop(), Line(port)
    ready, over = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with line.running():
            ready.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert ready.wait(READY_WITHIN_S), "the line does not begin"
        yield Cable(loop, line)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
