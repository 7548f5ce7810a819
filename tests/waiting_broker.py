"""A broker of which each call waits until the test lets it through: what a network does, at will."""

import asyncio
import random
from collections.abc import Sequence

from manual_clock import ManualClock
from toolboxai.apps.app import App
from toolboxai.broker.base import Deliver, History
from toolboxai.broker.memory import MemoryBroker
from toolboxai.errors import PublishFailed
from toolboxai.protocol.publication import Position, Publication


class Gate:
    """Open, a call passes; shut, it waits at the gate. `arrived` tells when one does, `failures` how many fail."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()
        self.arrived = asyncio.Event()
        self.failures = 0

    def shut(self) -> None:
        self._open.clear()
        self.arrived.clear()

    def open(self) -> None:
        self._open.set()

    async def passage(self) -> None:
        self.arrived.set()
        await self._open.wait()
        if self.failures:
            self.failures -= 1
            raise PublishFailed("the far side does not answer", retryable=True)


class WaitingBroker:
    """The memory broker behind gates; it notes what it was asked."""

    immediate = False

    def __init__(self, clock: ManualClock) -> None:
        self._inner = MemoryBroker(clock, random.Random(1))
        self.publishing, self.following, self.unfollowing, self.reading = Gate(), Gate(), Gate(), Gate()
        self.asked: list[str] = []

    def bind(self, deliver: Deliver) -> None:
        self._inner.bind(deliver)

    async def publish(self, app: App, publication: Publication) -> Position:
        await self.publishing.passage()
        return await self._inner.publish(app, publication)

    async def follow(self, app: App, channel: str) -> None:
        self.asked.append(f"follow {channel}")
        await self.following.passage()
        await self._inner.follow(app, channel)

    async def unfollow(self, app: App, channel: str) -> None:
        self.asked.append(f"unfollow {channel}")
        await self.unfollowing.passage()
        await self._inner.unfollow(app, channel)

    async def history(self, app: App, channel: str, *, since: Position | None = None) -> History:
        history = await self._inner.history(app, channel, since=since)
        await self.reading.passage()  # read, but not yet answered
        return history

    async def restore(self, app: App, channel: str, publications: Sequence[Publication]) -> None:
        await self._inner.restore(app, channel, publications)

    def sweep(self) -> None:
        self._inner.sweep()
