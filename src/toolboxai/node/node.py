"""One process of the service: publish, subscribe, and what the broker delivers."""

import logging
from collections.abc import Coroutine, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from toolboxai.apps.app import App
from toolboxai.apps.registry import AppChanges, AppRegistry
from toolboxai.broker.base import Broker, Cached, Control, History, Terminate
from toolboxai.clock import Clock
from toolboxai.close_codes import CloseCode
from toolboxai.errors import PublishFailed
from toolboxai.hub.connection import Connection
from toolboxai.hub.cursors import Left
from toolboxai.hub.hub import Hub
from toolboxai.hub.lines import Submit
from toolboxai.hub.ring import Ring
from toolboxai.hub.slices import Slices
from toolboxai.hub.traces import Departed, Traces
from toolboxai.ids import Dice, SocketId, new_socket_id
from toolboxai.metrics import AppMetrics, Metrics
from toolboxai.node.app_side import AppSide, leave
from toolboxai.node.background import Background
from toolboxai.node.catch_up import Arrival, CatchUp
from toolboxai.node.coming_and_going import tell_closed, tell_opened, told_code
from toolboxai.node.feed import Feed
from toolboxai.node.feed_entry import Detail, Kind
from toolboxai.node.happenings import Happenings
from toolboxai.node.immediate import run_immediate
from toolboxai.node.pulse import Pulse
from toolboxai.node.refusal_log import RefusalLog
from toolboxai.node.resuming import Resuming
from toolboxai.node.turn import Turn
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.member import Member
from toolboxai.protocol.publication import Gap, Origin, Position, Publication
from toolboxai.protocol.user import User

__all__ = ["Node"]

log = logging.getLogger(__name__)


class Node:
    """Joins the hub of each app to the broker.

    Args:
        apps: all apps; `apply` puts another list in its place.
        broker: bound by this node, one to one.
        clock: the machine's, or a test's.
        dice: for socket ids; must be unpredictable in production.
        metrics: counted up in place.

    Attributes:
        turn: joins deliveries of one loop turn, once it is given the loop.
        slices: of large channels, those that wait for their turn.
        background: owns what has to wait and nobody waits for; whoever runs the node sets it.
        dice: for what is left to chance.
        happenings: tells what happens on channels to whoever posts it on.
        pulse: whether what goes to the broker comes back.
        refusals: writes down who was refused.
        feed: tells operators live what happens, while one of them looks.
        ring: what became of the last publications.
        departed: the last connections that are gone.
    """

    def __init__(
        self, apps: AppRegistry, broker: Broker, *, clock: Clock, dice: Dice, metrics: Metrics | None = None
    ) -> None:
        self.apps = apps
        self.broker = broker
        self.clock = clock
        self.metrics = metrics or Metrics()
        self.dice = dice
        self.happenings = Happenings()
        self.feed = Feed(clock)
        self.ring = Ring()
        self.departed = Departed()
        self.slices = Slices(now=clock.monotonic)
        self._sides = {app.id: self._side(app) for app in apps}
        self.turn = Turn(
            self._fan_out,
            now=clock.monotonic,
            took=self.metrics.delivery_seconds.observe,
            slices=self.slices,
            failed=self._slice_failed,
        )
        self.pulse = Pulse(broker, clock)
        self.refusals = RefusalLog(clock, self.feed)
        self.background: Background | None = None
        broker.bind(self.on_publication, self.on_control)

    # ---- apps -----------------------------------------------------------------------------------------------

    def apply(self, apps: AppRegistry) -> AppChanges:
        """Serve these apps from now on, in one step without await: nothing that is published meanwhile is lost.

        Open connections have their app's new keys and limits at once; those of an app that was disabled or removed
        are closed.

        Returns:
            What was changed.

        Raises:
            ConfigError: another app would be our own; nothing has changed.
        """
        changes = AppChanges.between(self.apps, apps)
        self.turn.finish()
        self.apps = apps
        for app in changes.added:
            self._sides[app.id] = self._side(app)
        for app in changes.altered:
            self._sides[app.id].change(app)
        for app in changes.disabled:
            self._sides[app.id].dismiss(CloseCode.APP_DISABLED, "Application disabled")
        for app in changes.removed:
            self._sides[app.id].dismiss(CloseCode.UNKNOWN_APP, "Application does not exist")
            self.turn.finish()  # what the leaving ones have told each other
            del self._sides[app.id]
            self.metrics.apps.pop(app.id, None)
            self.broker.forget_app(app)
        return changes

    def _side(self, app: App) -> AppSide:
        return AppSide(app, self.broker, self.clock, self.happenings, self.metrics, self.ring, self.slices)

    def write_at_once(self, submit: Submit | None) -> None:
        """Where a channel has many plain sockets, write to them by this from now on; None: to each by itself."""
        self.slices.submit = submit

    # ---- connections ----------------------------------------------------------------------------------------

    def new_socket_id(self) -> SocketId:
        """A name for a connection that is about to open."""
        return new_socket_id(self.dice)

    def hub(self, app: App) -> Hub:
        """The app's connections in this process; an app that was removed meanwhile has none."""
        side = self._sides.get(app.id)
        return Hub() if side is None else side.hub

    def app_metrics(self, app: App) -> AppMetrics:
        """The app's numbers; those of an app that was removed meanwhile are told to nobody."""
        side = self._sides.get(app.id)
        return AppMetrics() if side is None else side.metrics

    def attach(self, connection: Connection) -> None:
        """A connection is open."""
        side = self._sides[connection.app.id]
        connection.opened = self.ring.moment(self.clock.now())
        side.hub.add(connection)
        side.metrics.connections[connection.about.transport] += 1
        side.metrics.connections_total[connection.about.transport] += 1
        tell_opened(connection)
        if self.feed.open:
            about = connection.about
            facts: dict[str, Detail] = {
                "client": about.client,
                "version": about.version,
                "protocol": about.protocol,
            }
            self.feed.of(connection, Kind.CONNECTION, "opened", facts)

    def detach(self, connection: Connection) -> None:
        """A connection is gone, with all its subscriptions, as a member and as a user."""
        side = self._sides[connection.app.id]
        counted = tuple(connection.channels) if side.counts is not None else ()
        try:
            self._note_end(side, connection)
        finally:  # whatever fails, nothing is written any more: the descriptor will be another's
            vacated = side.hub.remove(connection)
        for channel in vacated:
            side.interest.left(channel)
            self.happenings.vacated(side.app.id, channel)
        if side.resuming is not None:
            side.resuming.gone(connection)
        side.expiries.forget(connection)
        user_id = side.sign_ins.forget(connection)
        for channel in connection.presence:
            self.run(self.leave(connection, channel), name="leave")
        if user_id is not None:
            self.run(side.sign_ins.sign_out(connection, user_id), name="sign out")
        for channel in counted:
            side.count(ChannelName.parse(channel, max_chars=len(channel)))

    def _note_end(self, side: AppSide, connection: Connection) -> None:
        side.metrics.connections[connection.about.transport] -= 1
        by, code, reason = connection.ended
        side.metrics.connections_closed_total[by, told_code(code)] += 1
        tell_closed(connection, self.clock.now())
        if self.feed.open:
            lasted = round(max(self.clock.now() - connection.opened.at, 0.0), 3)
            left = len(connection.channels)
            ended: dict[str, Detail] = {
                "by": by,
                "code": code,
                "reason": reason,
                "lasted_s": lasted,
                "channels": left,
            }
            self.feed.of(connection, Kind.CONNECTION, "closed", ended)
        self.departed.add(Traces.of(connection, gone=self.ring.moment(self.clock.now())))

    def too_slow(self, connection: Connection) -> None:
        """More waits for this connection than may: it is about to be closed, and nothing more is written to it."""
        self.app_metrics(connection.app).slow_consumers_total += 1
        self.hub(connection.app).too_slow(connection)
        trail = connection.noted()
        trail.slow, trail.deaf_at = True, self.ring.count
        trail.unread = connection.outbox.waiting_bytes
        if self.feed.open:
            self.feed.of(connection, Kind.ERROR, "slow_consumer", {"queued_bytes": trail.unread})

    def rewire(self, connection: Connection) -> None:
        """The connection's way out has changed."""
        self._sides[connection.app.id].hub.rewire(connection)

    def settle(self, connection: Connection, channel: str) -> None:
        """Nothing more of the channel will be wanted: write now what the connection is owed of it."""
        self.hub(connection.app).settle(connection, channel)

    def settle_all(self, connection: Connection) -> None:
        """Nothing more at all will be wanted: write now what the connection is owed of its channels."""
        for channel in tuple(connection.channels):
            self.settle(connection, channel)

    def run(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Do what nobody waits for: now, if the broker never makes anyone wait, else as a task."""
        if self.broker.immediate:
            run_immediate(work)
        elif self.background is not None:
            self.background.spawn(work, name=name)
        else:
            work.close()
            raise RuntimeError("a node whose broker waits needs a background before it has connections")

    @property
    def connections(self) -> Iterable[Connection]:
        """All open connections of all apps."""
        return chain.from_iterable(side.hub.connections for side in self._sides.values())

    # ---- publish --------------------------------------------------------------------------------------------

    async def publish(
        self,
        app: App,
        channels: Sequence[ChannelName],
        event: str,
        data: str,
        *,
        exclude: str | None = None,
        user_id: str | None = None,
        origin: Origin = "application",
        kept: bool = True,
    ) -> list[Position]:
        """Publish one event on some channels; a channel that is named twice gets it once.

        Each publication has an id, its position: it is found by it in `ring`.

        Args:
            app: whose channels.
            channels: which.
            event: the event's name.
            data: as it goes out.
            exclude: the socket id of the connection that is not to get it.
            user_id: the sender on a presence channel.
            origin: who publishes. A client's event is for those who are there, and never kept or cached.
            kept: False: nor is this one, though the application publishes it.

        Raises:
            PublishFailed: the broker did not take it; channels before the failing one have it.
        """
        now = self.clock.now()
        from_client = origin == "client"
        lasting = kept and not from_client
        side = self._sides.get(app.id)
        positions = []
        for name in channels if len(channels) == 1 else dict.fromkeys(channels):
            publication = Publication(
                name.text,
                event,
                data,
                user_id=user_id,
                exclude=exclude,
                at=now,
                kept=lasting,
                cached=lasting and name.facts.cached,
                origin=origin,
                transient=not kept,
            )
            position = await self.broker.publish(app, publication)
            positions.append(position)
            if self.feed.open:
                self.feed.published(app.id, publication, position)
            if side is not None and not side.interest.holds(name.text):  # nobody is here to be handed it
                self.ring.add(app.id, publication, 0)
            if from_client:
                self.happenings.client_event(app.id, name.text, event, data, exclude or "", user_id)
            elif publication.cached:
                self.happenings.cache_filled(app.id, name.text)
        if side is not None:
            side.metrics.publications_total += len(positions)
        if log.isEnabledFor(logging.DEBUG):
            ids = [position.text for position in positions]
            about = {"app_id": app.id, "event_name": event, "origin": origin, "publication_ids": ids}
            log.debug("published", extra=about)
        return positions

    def places(self, app: App) -> Iterator[Left]:
        """How far the app's readers have come: those that are gone, and those that would be if all went now."""
        resuming = self._sides[app.id].resuming
        return iter(()) if resuming is None else resuming.places(self._sides[app.id].hub.connections)

    def load_places(self, app: App, places: Iterable[Left]) -> int:
        """Remember how far readers had come in an earlier process; returns how many there are."""
        resuming = self._sides[app.id].resuming
        return 0 if resuming is None else resuming.load(places)

    async def restore(self, app: App, channel: ChannelName, events: Sequence[tuple[str, str]]) -> None:
        """Put kept history (event, data), oldest first, back after a restart; delivers nothing."""
        now = self.clock.now()
        publications = [Publication(channel.text, event, data, at=now) for event, data in events]
        await self.broker.restore(app, channel.text, publications)

    def on_publication(self, app_id: str, publication: Publication) -> None:
        """The broker delivers: in the channel's order, never waiting."""
        side = self._sides.get(app_id)
        if side is None:  # our own pulse, or the app was removed while this was on its way
            self.pulse.heard(app_id)
            return
        if side.gathering:
            for waiting in side.gathering.get(publication.channel, ()):
                waiting.append(publication)
        self.turn.add(app_id, publication)

    def on_control(self, app_id: str, control: Control) -> None:
        """The broker tells every node."""
        side = self._sides.get(app_id)
        if side is not None:
            side.sign_ins.hear(control)

    def _fan_out(self, app_id: str, publications: list[Publication], alone: bool) -> None:
        side = self._sides[app_id]
        first = publications[0]
        try:
            delivered = side.hub.fan_out(*publications, alone=alone)
            side.metrics.deliveries_total += delivered
            if side.resuming is not None:
                side.resuming.tops[first.channel] = publications[-1].position
        except Exception:  # ours, and of these publications alone: other channels of the turn go on
            self.metrics.faults_total += 1
            log.exception("publications could not be delivered", extra={"channel": first.channel})
            for publication in publications:
                self.ring.leave_out("", publication.position, "failed")
            delivered = 0
        if len(publications) > 1 or first.exclude is not None or not delivered:
            delivered = side.hub.subscribers(first.channel)
        owed = side.hub.owes(first.channel)
        for publication in publications:
            if not owed:
                publication.sent()
            if not publication.of_members:
                self.ring.add(app_id, publication, delivered)

    def _slice_failed(self) -> None:
        self.metrics.faults_total += 1
        log.exception("publications could not be delivered to some subscribers of a large channel")

    # ---- subscribe ------------------------------------------------------------------------------------------

    async def follow(
        self,
        connection: Connection,
        channel: ChannelName,
        member: Member | None = None,
        *,
        since: Position | None = None,
        placed: bool = False,
    ) -> CatchUp:
        """Follow the channel and read what a newcomer finds there; a member joins.

        First the broker is followed, then the history is read and the members are joined, and what arrives meanwhile
        is gathered, so that the caller, in one step without await, can take `CatchUp.finish` and `subscribe`: no
        gap, no double. A caller whose connection has gone by then calls `released`.

        Args:
            connection: the newcomer.
            channel: which.
            member: for whom it stands, on a presence channel.
            since: the last position it knows of; only what is kept from then on is read.
            placed: whether it needs to know the channel's top, also of a channel of which nothing is kept.

        Raises:
            ChannelFull: the member would be one too many.
            PublishFailed: the broker does not answer.
        """
        side = self._sides[connection.app.id]
        return await side.follow(connection, channel, member, since=since, placed=placed)

    def at_hand(self, app: App, channel: ChannelName) -> bool:
        """Whether a newcomer to the channel needs nothing of the broker: it is followed, and nothing is kept of it."""
        return self._sides[app.id].at_hand(channel)

    def may_sign_in_first(self, connection: Connection, channel: ChannelName, member: Member | None) -> bool:
        """Whether a sign-in, should one be on its way, would tell what this newcomer has missed."""
        resuming = self._sides[connection.app.id].resuming
        return resuming is not None and resuming.may_sign_in_first(connection, channel.text, member)

    def resuming(self, app: App) -> Resuming | None:
        """Who comes back to this app; None where nobody is known again."""
        return self._sides[app.id].resuming

    def reached(self, connection: Connection, channel: str) -> Position | None:
        """Up to where the channel was written to the connection; None: that is not known."""
        side = self._sides.get(connection.app.id)
        if side is None or side.resuming is None:
            return None
        return side.hub.written(connection, channel) or side.resuming.tops.get(channel)

    def subscribe(
        self,
        connection: Connection,
        channel: ChannelName,
        arrival: Arrival,
        *,
        expires_at: float | None = None,
    ) -> None:
        """Deliver the channel to this connection from now on; the channel must be followed."""
        side = self._sides[connection.app.id]
        self.turn.flush()
        if side.hub.attach(connection, channel.text, at=self.clock.now()):
            self.happenings.occupied(side.app.id, channel.text)
        if self.feed.open:
            handed = {"handed": len(arrival.missed)}
            self.feed.of(connection, Kind.SUBSCRIPTION, "subscribed", handed, channel=channel.text)
        if arrival.missed:
            connection.noted().handed[channel.text] = arrival.handed(connection.socket_id)
        if side.resuming is not None and arrival.returning and arrival.start and arrival.reached:
            side.resuming.entered(connection, channel.text, arrival.returning, arrival.start, arrival.reached)
        if expires_at is not None:
            side.expiries.add(connection, channel, expires_at)
        side.count(channel)
        if arrival.cache_missed:
            self.happenings.cache_missed(side.app.id, channel.text)

    def handed_over(self, connection: Connection, channel: ChannelName, seq: int) -> None:
        """Leave out, of what is delivered of the channel, events that are numbered up to this."""
        connection.handed_over = connection.handed_over or {}
        connection.handed_over[channel.text] = seq

    def unsubscribe(self, connection: Connection, channel: ChannelName, *, expired: bool = False) -> None:
        """Deliver no more of the channel to this connection; a member has to `leave` as well."""
        self.turn.flush()
        side = self._sides[connection.app.id]
        side.hub.settle(connection, channel.text)
        entered = connection.channels.get(channel.text)
        if entered is not None:
            left, unsent = self.ring.moment(self.clock.now()), connection.outbox.waiting.get(channel.text)
            connection.noted().leave(channel.text, entered, left, expired=expired, unsent=unsent)
        if side.hub.detach(connection, channel.text):
            side.interest.left(channel.text)
            self.happenings.vacated(side.app.id, channel.text)
        if self.feed.open:
            what = "expired" if expired else "unsubscribed"
            self.feed.of(connection, Kind.SUBSCRIPTION, what, channel=channel.text)
        side.expiries.drop(connection, channel)
        if side.resuming is not None:
            side.resuming.left(connection, channel.text)
        side.count(channel)

    async def leave(self, connection: Connection, channel: str) -> None:
        """Stand for a member of this presence channel no longer.

        A broker that does not answer is told once more when the connection goes.
        """
        await leave(self.broker, self.happenings, connection, channel)

    async def released(self, connection: Connection, channel: ChannelName) -> None:
        """A follow was in vain: the connection had gone before it could subscribe."""
        side = self._sides.get(connection.app.id)
        if side is not None:
            side.let_go(channel.text)
        else:  # the app was removed meanwhile, and nobody else will tell the broker
            await self.broker.unfollow(connection.app, channel.text)
        if channel.facts.presence:
            await self.leave(connection, channel.text)

    # ---- users ----------------------------------------------------------------------------------------------

    async def sign_in(self, connection: Connection, user: User) -> set[str]:
        """The connection speaks for this user from now on; returns who of its watchlist is online.

        Raises:
            PublishFailed: the broker does not answer; nothing has changed.
        """
        return await self._sides[connection.app.id].sign_ins.sign_in(connection, user)

    def signed_in(self, connection: Connection) -> list[tuple[str, Gap]]:
        """It is known who this is, on channels too where it was subscribed already; returns what it has missed there."""
        resuming = self._sides[connection.app.id].resuming
        late = [] if resuming is None else resuming.signed_in(connection)
        return [(channel, Gap(after, top)) for channel, after, top in late]

    async def sign_out(self, connection: Connection, user: User) -> None:
        """A sign-in was in vain: the connection had gone meanwhile."""
        side = self._sides.get(connection.app.id)
        if side is not None:  # else the app was removed meanwhile, with all who were signed in
            side.sign_ins.forget(connection)
            await side.sign_ins.sign_out(connection, user.id)

    async def terminate(self, app: App, user_id: str) -> None:
        """Close every connection, on every node, that is signed in as this user; they stay away."""
        await self.broker.tell(app, Terminate(user_id))

    # ---- asking ---------------------------------------------------------------------------------------------

    async def members(self, app: App, channel: str) -> Mapping[str, str | None]:
        """Who is on a presence channel: user infos, as JSON text, by user id."""
        return await self.broker.members(app, channel)

    async def user_counts(self, app: App, channels: Sequence[str]) -> Mapping[str, int]:
        """How many users are on each of these presence channels."""
        return await self.broker.user_counts(app, channels)

    async def history(self, app: App, channel: str, *, since: Position | None = None) -> History:
        """What is kept of a channel; with `since`, what came after that position."""
        return await self.broker.history(app, channel, since=since)

    async def cached(self, app: App, channel: str) -> Cached | None:
        """What a cache channel hands to newcomers."""
        return (await self.broker.history(app, channel)).cached

    # ---- time -----------------------------------------------------------------------------------------------

    def sweep(self) -> None:
        """See to what is due, and forget what is past its time; called every second or so. It never waits."""
        now = self.clock.now()
        for side in self._sides.values():
            side.sweep(now)
        self.broker.sweep()
        self.happenings.sweep()
        self.feed.sweep()

    async def let_go(self) -> None:
        """Let go of channels that nobody here has come back to; called every second or so."""
        for side in tuple(self._sides.values()):
            try:
                await side.interest.let_go()
            except PublishFailed as fault:
                log.warning(
                    "channels could not be let go", extra={"app_id": side.app.id, "reason": str(fault)}
                )
