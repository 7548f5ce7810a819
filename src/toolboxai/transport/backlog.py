"""What of one connection has to wait: messages behind a subscribe that asks the broker, strictly in order."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

from toolboxai import limits
from toolboxai.hub.outbox import Wire
from toolboxai.node.background import Background

__all__ = ["Backlog", "Work"]

Work: TypeAlias = Coroutine[Any, Any, None]
_Said: TypeAlias = tuple[bytes, float]
"""A message, and when it came, in monotonic seconds."""


class Backlog:
    """Of one connection.

    Args:
        wire: read no further while too much waits.
        background: owns the work.
        hear: takes a message whose turn has come.
        failed: told of what raised, while that is being handled.
    """

    __slots__ = ("_background", "_bytes", "_ended", "_failed", "_hear", "_held", "_items", "_said", "_wire")

    def __init__(
        self,
        wire: Wire,
        background: Background,
        hear: Callable[[bytes, float], None],
        failed: Callable[[], None],
    ) -> None:
        self._wire = wire
        self._background = background
        self._hear = hear
        self._failed = failed
        self._items: deque[_Said | Work] | None = None  # None while nothing waits
        self._bytes = 0  # of the messages that wait
        self._held = False  # whether reading has stopped because too much waits
        self._ended = False
        self._said: asyncio.Event | None = None  # while somebody waits for the client's next message

    @property
    def busy(self) -> bool:
        """Whether something is in work, and all that comes has to wait."""
        return self._items is not None

    def say(self, text: bytes, at: float) -> None:
        """A message came in, at this time, while something is in work."""
        self._bytes += len(text)
        self._wait((text, at))
        if self._said is not None:
            self._said.set()

    @property
    def next_text(self) -> bytes | None:
        """The message that is heard next, while something is in work; None when none waits."""
        return next((item[0] for item in self._items or () if isinstance(item, tuple)), None)

    async def text_within(self, seconds: float) -> bytes | None:
        """The same, after waiting for it this long at most."""
        if self._ended:
            return None
        self._said = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._said.wait()
        self._said = None
        return self.next_text

    def start(self, work: Work, *, name: str) -> None:
        """Do this, after what waits already."""
        if self._items is not None:
            self._wait(work)
        else:
            self._begin(work, name)

    def start_first(self, work: Work, *, name: str) -> None:
        """Do this, before what waits already."""
        if self._items is not None:
            self._items.appendleft(work)
        else:
            self._begin(work, name)

    @contextmanager
    def ahead(self) -> Iterator[None]:
        """What is started in this block goes, in its order, before everything that waits."""
        waiting, self._items = self._items, None if self._items is None else deque()
        try:
            yield
        finally:
            if waiting is not None:
                waiting.extendleft(reversed(self._items or ()))
                self._items = waiting

    def end(self) -> None:
        """The connection has gone: what waits is dropped when its turn comes."""
        self._ended = True
        if self._said is not None:
            self._said.set()

    def _begin(self, work: Work, name: str) -> None:
        self._items = deque()
        self._background.spawn(self._then_the_rest(work, self._items), name=name)

    def _wait(self, item: _Said | Work) -> None:
        assert self._items is not None
        self._items.append(item)
        too_much = len(self._items) >= limits.INBOUND_QUEUE or self._bytes >= limits.INBOUND_BYTES
        if too_much and not self._held:
            self._held = True
            self._wire.hold(True)

    async def _then_the_rest(self, work: Work, waiting: deque[_Said | Work]) -> None:
        try:
            await work
            while waiting and not self._ended:
                item = waiting.popleft()
                if isinstance(item, tuple):
                    self._bytes -= len(item[0])
                    self._hear(*item)
                else:
                    await item
        except Exception:  # ours: counted and logged by whoever is told
            self._failed()
        finally:
            for item in waiting:
                if not isinstance(item, tuple):
                    item.close()
        self._items = None
        if self._held:
            self._held = False
            if not self._ended:
                self._wire.hold(False)
