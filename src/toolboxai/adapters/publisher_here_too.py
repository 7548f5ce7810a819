"""The publisher of a service whose events go elsewhere, and whose old sockets are here."""

import asyncio
import logging
from collections.abc import Collection, Sequence

from toolboxai.metrics import Metrics
from toolboxai.platform.ports import Event, Publisher
from toolboxai.protocol.channel import ChannelKind, kind_of

__all__ = ["PublisherHereToo"]

log = logging.getLogger(__name__)


class PublisherHereToo:
    """Satisfies ``platform.ports.Publisher``: what the far service has taken is handed to the node of this process too.

    Only for private channels, and for public ones that are named: whatever is listened to, or asked for, here. What the
    far service has not taken, nobody here hears of, however often it is tried.

    Args:
        far: the other service. Its calls for one channel end in the order in which they were made.
        near: the node of this process.
        named: public channels that are needed here.
        metrics: what should have been handed to this process, and could not, is counted here as a fault of ours.
    """

    def __init__(self, far: Publisher, near: Publisher, *, named: Collection[str], metrics: Metrics) -> None:
        self._far = far
        self._near = near
        self._named = frozenset(named)
        self._metrics = metrics
        self._under_way: set[asyncio.Task[None]] = set()

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        """See the port. A caller that leaves while the far service is asked changes nothing: both get it, or neither.

        It is for the far service's clients first of all: ids of what is handed to this process would mislead.
        """
        here = [channel for channel in dict.fromkeys(channels) if self._needs(channel)]
        elsewhere = [channel for channel in channels if channel not in here]
        for (
            channel
        ) in here:  # each on its own: one that is taken is handed over whatever becomes of the others
            await asyncio.shield(self._begun(channel, event, exclude))
        if elsewhere:
            await self._far.publish(elsewhere, event, exclude=exclude)
        return ()

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        """See the port."""
        await self._far.restore(channel, events)
        if self._needs(channel):
            await self._near.restore(channel, events)

    async def close(self) -> None:
        """Wait for what is under way although its caller has left."""
        await asyncio.gather(*self._under_way, return_exceptions=True)

    def _needs(self, channel: str) -> bool:
        return kind_of(channel) is ChannelKind.PRIVATE or channel in self._named

    def _begun(self, channel: str, event: Event, exclude: str | None) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._both(channel, event, exclude), name="publish here too")
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _both(self, channel: str, event: Event, exclude: str | None) -> None:
        await self._far.publish([channel], event, exclude=exclude)
        try:
            await self._near.publish([channel], event, exclude=exclude)
        except Exception:  # the far service has it: a caller that tries again would have it there twice
            self._metrics.faults_total += 1
            log.exception("an event was published elsewhere and not here", extra={"channel": channel})
