"""Which channels this node follows at the broker, and when it lets go of one."""

import asyncio

from toolboxai.apps.app import App
from toolboxai.broker.base import Broker
from toolboxai.clock import Clock
from toolboxai.hub.hub import Hub

__all__ = ["LINGER_S", "Interest"]

# A page reload leaves and comes back within about a second. Leaving the broker at once would cost two round trips
# and lose the order of what is published in between, so a channel is let go only after so long without followers.
LINGER_S = 5.0


class Interest:
    """The followed channels of one app.

    Args:
        app: the app.
        hub: tells who is still subscribed.
        broker: is told what to deliver.
        clock: for the lingering.
    """

    def __init__(self, app: App, hub: Hub, broker: Broker, clock: Clock) -> None:
        self._app = app
        self._hub = hub
        self._broker = broker
        self._clock = clock
        self._held: set[str] = set()
        self._left: dict[str, float] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def holds(self, channel: str) -> bool:
        """Whether the broker already delivers this channel here."""
        return channel in self._held

    async def follow(self, channel: str) -> None:
        """Be sure that the broker delivers this channel here; one question to it, however many ask at once."""
        self._left.pop(channel, None)
        if channel in self._held:
            return
        lock = self._locks.setdefault(channel, asyncio.Lock())
        async with lock:
            if channel not in self._held:
                await self._broker.follow(self._app, channel)
                self._held.add(channel)
        if not lock.locked():
            self._locks.pop(channel, None)

    def left(self, channel: str) -> None:
        """The last subscriber here has gone."""
        self._left[channel] = self._clock.monotonic()

    async def let_go(self) -> None:
        """Unfollow what nobody has come back to; called every second or so."""
        oldest = self._clock.monotonic() - LINGER_S
        for channel, since in tuple(self._left.items()):
            if since > oldest:
                continue
            self._left.pop(channel, None)
            if channel in self._held and not self._hub.subscribers(channel):
                self._held.discard(channel)
                await self._broker.unfollow(self._app, channel)
                if self._hub.subscribers(channel):  # someone came while the broker was told
                    await self.follow(channel)
