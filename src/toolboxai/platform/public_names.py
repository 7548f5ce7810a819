"""A publisher that lets the public names know what the private channels have carried."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from weakref import WeakValueDictionary

from toolboxai.errors import PublishFailed
from toolboxai.metrics import Metrics
from toolboxai.platform.identity.policy import Resources
from toolboxai.platform.ports import Event, Publisher
from toolboxai.platform.public_forms import PublicName, public_name
from toolboxai.platform.runs.events import PublicCompat

__all__ = ["PublicNames"]

log = logging.getLogger(__name__)


class PublicNames:
    """Satisfies ``platform.ports.Publisher``: what goes out for environments and agents has its public form too.

    The private channel goes first, and whoever publishes is told of that one alone. Events of one private channel reach
    the public name in their order.

    Args:
        publisher: the way out.
        resources: say to whom an environment or an agent belongs.
        organization: id of the one organisation whose events stand on public names; None: there is none yet.
        compat: the form of what does.
        metrics: what the public name should have had, and has not, is counted here.
    """

    def __init__(
        self,
        publisher: Publisher,
        resources: Resources,
        organization: Callable[[], Awaitable[str | None]],
        compat: PublicCompat,
        metrics: Metrics,
    ) -> None:
        self._publisher = publisher
        self._resources = resources
        self._organization = organization
        self._compat = compat
        self._metrics = metrics
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        """See the port."""
        ids = await self._publisher.publish(channels, event, exclude=exclude)
        for channel in dict.fromkeys(channels):
            named = public_name(channel)
            if named is not None:
                turn = self._turns.setdefault(channel, asyncio.Lock())
                async with (
                    turn
                ):  # nothing has waited since: turns are taken in the order of the private events
                    await self._tell(*named, event, exclude)
        return ids

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        """See the port. A public name is common to many channels: what it has carried is not to be had from one."""
        await self._publisher.restore(channel, events)

    async def _tell(self, name: PublicName, resource_id: str, event: Event, exclude: str | None) -> None:
        try:
            form = name.form(resource_id, event, self._compat)
            if form is not None and await self._is_public(name, resource_id):
                await self._publisher.publish([name.channel], form, exclude=exclude)
        # The private channel has it: whoever publishes must not take it for unpublished and do it again.
        except Exception as fault:  # the private event is out: its caller must not publish it again for this
            self._metrics.public_events_missed_total += 1
            log.warning(
                "an event could not be told on a public name",
                extra={"channel": name.channel, "resource_id": resource_id, "reason": str(fault)},
                exc_info=not isinstance(fault, PublishFailed),
            )

    async def _is_public(self, name: PublicName, resource_id: str) -> bool:
        ownership = await self._resources.ownership(name.resource, resource_id)
        return ownership is not None and ownership.organization_id == await self._organization()
