"""What is said of runs is written down one after the other, while the runs go on."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple

from toolboxai.errors import StorageUnavailable

__all__ = ["Sayings"]

log = logging.getLogger(__name__)

_AGAIN_S: Final = 1.0
_CLOSE_S: Final = 5.0


class _Saying(NamedTuple):
    write: Callable[[], Awaitable[None]]
    done: "asyncio.Future[None]"


class Sayings:
    """One line for each key; what the database does not take now is tried again until it does.

    Args:
        again_s: seconds until another try.
    """

    def __init__(self, *, again_s: float = _AGAIN_S) -> None:
        self._again_s = again_s
        self._lines: dict[str, deque[_Saying]] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def say(self, key: str, write: Callable[[], Awaitable[None]]) -> "asyncio.Future[None]":
        """Have something written after all that was said with this key; done when it is, or cannot be for a fault of ours."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line = self._lines.get(key)
        if line is not None:
            line.append(_Saying(write, done))
            return done
        self._lines[key] = deque((_Saying(write, done),))
        task = asyncio.create_task(self._write(key), name=f"sayings of {key}")
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return done

    def say_of_all(self, keys: Sequence[str], write: Callable[[], Awaitable[None]]) -> "asyncio.Future[None]":
        """Have something written once, after all that was said with any of these keys, of which there is one at least."""
        first, *others = keys
        before = [self.say(key, _nothing) for key in others if key in self._lines]

        async def then() -> None:
            if before:
                await asyncio.wait(before)
            await write()

        return self.say(first, then)

    async def close(self) -> None:
        """Write what is said, as far as it can be in a few seconds."""
        if not self._writing:
            return
        _, late = await asyncio.wait(set(self._writing), timeout=_CLOSE_S)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def _write(self, key: str) -> None:
        line = self._lines[key]
        while line:
            try:
                await line[0].write()
            except StorageUnavailable:
                await asyncio.sleep(self._again_s)
                continue
            except Exception:  # ours, and no reason to keep from saying the next
                log.exception("what a run does could not be told to its agent", extra={"run_id": key})
            done = line.popleft().done
            if not done.done():
                done.set_result(None)
        del self._lines[key]


async def _nothing() -> None:
    """Holds a place in a line."""
