"""Which channels this node follows at the broker, and when it lets go of one."""

import asyncio
from collections.abc import Callable
from weakref import WeakValueDictionary

from toolboxai.apps.app import App
from toolboxai.broker.base import Broker
from toolboxai.clock import Clock
from toolboxai.errors import PublishFailed

__all__ = ["LINGER_S", "Interest"]

# A page reload leaves and comes back within about a second. Leaving the broker at once would cost two round trips
# and lose the order of what is published in between, so a channel is let go only after so long without followers.
LINGER_S = 5.0
_AT_ONCE = 256  # thousands of channels can empty in the same second; between so many everyone else has a turn


class Interest:
    """The followed channels of one app.

    Args:
        app: the app.
        broker: is told what to deliver.
        clock: for the lingering.
        wanted: whether anyone here is subscribed to a channel, or about to be.

    Attributes:
        app: as it is now.
    """

    def __init__(self, app: App, broker: Broker, clock: Clock, *, wanted: Callable[[str], bool]) -> None:
        self.app = app
        self._broker = broker
        self._clock = clock
        self._wanted = wanted
        self._held: set[str] = set()
        self._left: dict[str, float] = {}
        # One question to the broker at a time for each channel; a lock lives as long as someone waits for it.
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def holds(self, channel: str) -> bool:
        """Whether the broker already delivers this channel here."""
        return channel in self._held

    async def follow(self, channel: str) -> None:
        """Be sure that the broker delivers this channel here; one question to it, however many ask at once."""
        self._left.pop(channel, None)
        if channel in self._held:
            return
        async with self._lock(channel):
            if channel not in self._held:
                await self._broker.follow(self.app, channel)
                self._held.add(channel)

    def left(self, channel: str) -> None:
        """The last subscriber here has gone, or a newcomer has turned away before it was one."""
        self._left[channel] = self._clock.monotonic()

    async def let_go(self) -> None:
        """Unfollow what nobody has come back to; called every second or so.

        Raises:
            PublishFailed: the broker does not answer; the rest is tried the next time.
        """
        oldest = self._clock.monotonic() - LINGER_S
        empty = [(channel, since) for channel, since in self._left.items() if since <= oldest]
        for count, (channel, since) in enumerate(empty, 1):
            if count % _AT_ONCE == 0:
                await asyncio.sleep(0)
            async with self._lock(channel):  # whoever comes while the broker is told follows anew after it
                if self._left.get(channel) != since:  # someone has been here while we waited
                    continue
                del self._left[channel]
                if not self._wanted(channel):
                    self._held.discard(channel)
                    try:
                        await self._broker.unfollow(self.app, channel)
                    except PublishFailed:
                        self._left.setdefault(channel, since)  # it is tried again
                        raise

    def _lock(self, channel: str) -> asyncio.Lock:
        return self._locks.setdefault(channel, asyncio.Lock())
