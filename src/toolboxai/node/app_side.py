"""One app, as this process serves it."""

import logging
from functools import partial

from toolboxai.apps.app import App
from toolboxai.broker.base import Broker, Joined
from toolboxai.clock import Clock
from toolboxai.close_codes import CloseCode
from toolboxai.errors import ChannelFull, PublishFailed
from toolboxai.hub.connection import Connection
from toolboxai.hub.hub import Hub
from toolboxai.hub.ring import Ring
from toolboxai.hub.slices import Slices
from toolboxai.metrics import AppMetrics, Metrics
from toolboxai.node.catch_up import CatchUp, Gathering
from toolboxai.node.counts import SubscriptionCounts
from toolboxai.node.expiries import Expiries
from toolboxai.node.happenings import Happenings
from toolboxai.node.interest import Interest
from toolboxai.node.resuming import Resuming
from toolboxai.node.sign_ins import SignIns
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Position

__all__ = ["AppSide", "leave"]

log = logging.getLogger(__name__)


class AppSide:
    """An app's connections, its users, what is followed for it, and who is catching up right now.

    Args:
        app: which.
        broker: where its channels are followed.
        clock: for everything that lingers.
        happenings: is told each number of subscribers that the app tells.
        metrics: of the process.
        ring: is told who was left out of what.
        slices: of the process; where large channels wait for their turns.

    Attributes:
        app: as it is now.
        counts: None when the app does not tell them.
        metrics: the numbers of the app.
        resuming: None when nobody is known again.
    """

    __slots__ = (
        "_broker",
        "_clock",
        "_happenings",
        "_process_metrics",
        "app",
        "counts",
        "expiries",
        "gathering",
        "hub",
        "interest",
        "metrics",
        "resuming",
        "sign_ins",
    )

    def __init__(
        self,
        app: App,
        broker: Broker,
        clock: Clock,
        happenings: Happenings,
        metrics: Metrics,
        ring: Ring,
        slices: Slices,
    ) -> None:
        self.app = app
        self._broker = broker
        self._clock = clock
        self._happenings = happenings
        self._process_metrics = metrics
        self.metrics: AppMetrics = metrics.app(app.id)
        self.hub = Hub(self.metrics, ring, slices)
        self.sign_ins = SignIns(app, broker, self.hub)
        self.expiries = Expiries()
        self.counts = self._counts() if app.subscription_counts else None
        self.resuming = Resuming(clock, metrics) if app.resume else None
        self.gathering: Gathering = {}
        self.interest = Interest(app, broker, clock, wanted=self.wanted)

    def change(self, app: App) -> None:
        """The app has other keys or limits now: they count everywhere, for open connections too."""
        if app.subscription_counts != self.app.subscription_counts:
            self.counts = self._counts() if app.subscription_counts else None
        if app.resume != self.app.resume:
            self.resuming = Resuming(self._clock, self._process_metrics) if app.resume else None
        self.app = self.sign_ins.app = self.interest.app = app
        self._broker.app_changed(app)
        for connection in self.hub.connections:
            connection.owner.app_changed(app)

    def _counts(self) -> SubscriptionCounts:
        return SubscriptionCounts(
            self.hub, self._clock, on_told=partial(self._happenings.counted, self.app.id)
        )

    def dismiss(self, code: CloseCode, message: str) -> None:
        """Close every connection of the app in this process."""
        for connection in self.hub.connections:
            connection.owner.close(code, message)

    async def follow(
        self,
        connection: Connection,
        channel: ChannelName,
        member: Member | None,
        *,
        since: Position | None,
        placed: bool,
    ) -> CatchUp:
        """See ``Node.follow``."""
        app = self.app
        cached = channel.facts.cached
        returning = None
        if self.resuming is not None and connection.receipts is not None:
            returning = self.resuming.returning(connection, channel.text, member)
        catch_up = CatchUp(
            self.gathering, channel.text, connection.socket_id, cached=cached, returning=returning
        )
        try:
            await self.interest.follow(channel.text)
            if catch_up.since is not None:
                catch_up.read(await self._broker.missed(app, channel.text, since=catch_up.since))
            elif placed or cached or returning is not None or app.history_rule(channel.text) is not None:
                catch_up.read(await self._broker.history(app, channel.text, since=since))
            if member is not None:
                catch_up.joined(await self._join(connection, channel.text, member))
        except BaseException as fault:  # cancelled included: nobody else would take the list away, or let go
            catch_up.finish()
            self.let_go(channel.text)
            if member is not None and isinstance(fault, PublishFailed | ChannelFull):
                await leave(self._broker, self._happenings, connection, channel.text)
            raise
        return catch_up

    async def _join(self, connection: Connection, channel: str, member: Member) -> Joined:
        # Before it is sure: whether a failed join arrived is not known.
        if channel not in connection.presence:
            connection.presence += (channel,)
        joined = await self._broker.join(self.app, channel, connection.socket_id, member)
        self._happenings.member_removed(self.app.id, channel, joined.removed)
        if joined.added:
            self._happenings.member_added(self.app.id, channel, member.user_id)
        return joined

    def at_hand(self, channel: ChannelName) -> bool:
        """See ``Node.at_hand``."""
        facts = channel.facts
        return (
            self.resuming is None
            and self.interest.holds(channel.text)
            and not facts.presence
            and not facts.cached
            and self.app.history_rule(channel.text) is None
        )

    def wanted(self, channel: str) -> bool:
        """Whether anyone is subscribed, or reads the channel's history in order to be."""
        return channel in self.gathering or self.hub.subscribers(channel) > 0

    def let_go(self, channel: str) -> None:
        """A follow has ended without a subscription: the channel is not followed on its account."""
        if not self.wanted(channel):
            self.interest.left(channel)

    def count(self, channel: ChannelName) -> None:
        """The channel's number of subscribers has changed; presence channels tell their members instead."""
        if self.counts is not None and not channel.facts.presence:
            self.counts.changed(channel.text)

    def sweep(self, now: float) -> None:
        """See to what is due."""
        self.expiries.sweep(now)
        if self.counts is not None:
            self.counts.sweep()
        if self.resuming is not None:
            self.resuming.sweep(self.interest.holds)


async def leave(broker: Broker, happenings: Happenings, connection: Connection, channel: str) -> None:
    """See ``Node.leave``; the app may have been removed meanwhile."""
    try:
        gone = await broker.leave(connection.app, channel, connection.socket_id)
    except PublishFailed as fault:
        log.warning("a member could not leave", extra={"channel": channel, "reason": str(fault)})
    else:
        connection.presence = tuple(name for name in connection.presence if name != channel)
        happenings.member_removed(connection.app.id, channel, gone)
