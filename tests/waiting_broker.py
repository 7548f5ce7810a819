"""A broker of which each call waits until the test lets it through: what a network does, at will."""

import asyncio
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

from toolboxai.apps.app import App
from toolboxai.broker.base import Control, Deliver, Hear, History, Joined
from toolboxai.broker.memory import MemoryBroker
from toolboxai.broker.saved import SavedChannel
from toolboxai.errors import PublishFailed
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Position, Publication
from toolboxai.testing.clock import ManualClock


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
        self.asking, self.joining, self.leaving, self.signing = Gate(), Gate(), Gate(), Gate()
        self.asked: list[str] = []

    def bind(self, deliver: Deliver, hear: Hear) -> None:
        self._inner.bind(deliver, hear)

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

    async def missed(self, app: App, channel: str, *, since: Position) -> History:
        missed = await self._inner.missed(app, channel, since=since)
        await self.reading.passage()  # read, but not yet answered
        return missed

    async def restore(self, app: App, channel: str, publications: Sequence[Publication]) -> None:
        await self._inner.restore(app, channel, publications)

    def saved(self, app: App) -> Iterator[SavedChannel]:
        return self._inner.saved(app)

    def load(self, app: App, channels: Iterable[SavedChannel], *, goes_on: bool) -> int:
        return self._inner.load(app, channels, goes_on=goes_on)

    async def join(self, app: App, channel: str, socket_id: str, member: Member) -> Joined:
        await self.asking.passage()  # asked, but not yet heard
        joined = await self._inner.join(app, channel, socket_id, member)
        await self.joining.passage()  # joined, but not yet answered
        return joined

    async def leave(self, app: App, channel: str, socket_id: str) -> str | None:
        await self.leaving.passage()
        return await self._inner.leave(app, channel, socket_id)

    async def members(self, app: App, channel: str) -> Mapping[str, str | None]:
        await self.reading.passage()
        return await self._inner.members(app, channel)

    async def user_counts(self, app: App, channels: Sequence[str]) -> Mapping[str, int]:
        await self.reading.passage()
        return await self._inner.user_counts(app, channels)

    async def sign_in(self, app: App, user_id: str, socket_id: str, watchlist: Sequence[str]) -> set[str]:
        online = await self._inner.sign_in(app, user_id, socket_id, watchlist)
        await self.signing.passage()  # known, but not yet answered
        return online

    async def sign_out(self, app: App, user_id: str, socket_id: str) -> None:
        await self._inner.sign_out(app, user_id, socket_id)

    async def tell(self, app: App, control: Control) -> None:
        await self._inner.tell(app, control)

    def app_changed(self, app: App) -> None:
        self._inner.app_changed(app)

    def forget_app(self, app: App) -> None:
        self._inner.forget_app(app)

    def sweep(self) -> None:
        self._inner.sweep()
