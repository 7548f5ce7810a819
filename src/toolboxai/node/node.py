"""One process of the service: publish, subscribe, and what the broker delivers."""

from collections.abc import Iterable, Sequence
from itertools import chain

from toolboxai.apps.app import App
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.base import Broker
from toolboxai.clock import Clock
from toolboxai.errors import PublishFailed
from toolboxai.hub.connection import Connection
from toolboxai.hub.hub import Hub
from toolboxai.ids import Dice, SocketId, new_socket_id
from toolboxai.metrics import Metrics
from toolboxai.node.interest import Interest
from toolboxai.node.turn import Turn
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.publication import Position, Publication

__all__ = ["Node"]


class _AppSide:
    """One app's hub, its interest, and who is catching up right now."""

    __slots__ = ("app", "catching_up", "hub", "interest")

    def __init__(self, app: App, broker: Broker, clock: Clock) -> None:
        self.app = app
        self.hub = Hub()
        self.catching_up: dict[str, list[list[Publication]]] = {}
        self.interest = Interest(app, broker, clock, wanted=self.wanted)

    def wanted(self, channel: str) -> bool:
        """Whether anyone is subscribed, or reads the channel's history in order to be."""
        return channel in self.catching_up or self.hub.subscribers(channel) > 0


class Node:
    """Joins the hub of each app to the broker.

    Args:
        apps: all apps.
        broker: bound by this node, one to one.
        clock: the machine's, or a test's.
        dice: for socket ids; must be unpredictable in production.
        metrics: counted up in place.

    Attributes:
        turn: joins deliveries of one loop turn, once it is given the loop.
    """

    def __init__(
        self, apps: AppRegistry, broker: Broker, *, clock: Clock, dice: Dice, metrics: Metrics | None = None
    ) -> None:
        self.apps = apps
        self.broker = broker
        self.clock = clock
        self.metrics = metrics or Metrics()
        self._dice = dice
        self._sides = {app.id: _AppSide(app, broker, clock) for app in apps}
        self.turn = Turn(self._fan_out)
        broker.bind(self.on_publication)

    # ---- connections ----------------------------------------------------------------------------------------

    def new_socket_id(self) -> SocketId:
        """A name for a connection that is about to open."""
        return new_socket_id(self._dice)

    def hub(self, app: App) -> Hub:
        """The app's connections in this process."""
        return self._sides[app.id].hub

    def attach(self, connection: Connection) -> None:
        """A connection is open."""
        self._sides[connection.app.id].hub.add(connection)
        self.metrics.connections += 1
        self.metrics.connections_total += 1

    def detach(self, connection: Connection) -> None:
        """A connection is gone, with all its subscriptions."""
        side = self._sides[connection.app.id]
        for channel in side.hub.remove(connection):
            side.interest.left(channel)
        self.metrics.connections -= 1

    def rewire(self, connection: Connection) -> None:
        """The connection's way out has changed."""
        self._sides[connection.app.id].hub.rewire(connection)

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
    ) -> list[Position]:
        """Publish one event on some channels; a channel that is named twice gets it once.

        Raises:
            PublishFailed: the broker did not take it; channels before the failing one have it.
        """
        now = self.clock.now()
        positions = []
        for name in channels if len(channels) == 1 else dict.fromkeys(channels):
            publication = Publication(name.text, event, data, user_id=user_id, exclude=exclude, at=now)
            positions.append(await self.broker.publish(app, publication))
        self.metrics.publications_total += len(positions)
        return positions

    async def restore(self, app: App, channel: ChannelName, events: Sequence[tuple[str, str]]) -> None:
        """Put kept history (event, data), oldest first, back after a restart; delivers nothing."""
        now = self.clock.now()
        publications = [Publication(channel.text, event, data, at=now) for event, data in events]
        await self.broker.restore(app, channel.text, publications)

    def on_publication(self, app_id: str, publication: Publication) -> None:
        """The broker delivers: in the channel's order, never waiting."""
        side = self._sides.get(app_id)
        if side is None:
            raise PublishFailed(
                f"the broker delivered for app {app_id!r}, which this node lacks", retryable=False
            )
        if side.catching_up:
            for waiting in side.catching_up.get(publication.channel, ()):
                waiting.append(publication)
        self.turn.add(app_id, publication)

    def _fan_out(self, app_id: str, publications: list[Publication]) -> None:
        self.metrics.deliveries_total += self._sides[app_id].hub.fan_out(*publications)

    # ---- subscribe ------------------------------------------------------------------------------------------

    async def follow(self, app: App, channel: ChannelName) -> "CatchUp":
        """Follow the channel and read what is kept of it.

        First the broker is followed, then the history is read, and what arrives between the two is gathered, so
        that the caller, in one step without await, can take `CatchUp.finish` and `subscribe`: no gap, no double.
        """
        side = self._sides[app.id]
        catch_up = CatchUp(side.catching_up, channel.text)
        try:
            await side.interest.follow(channel.text)
            if app.history_rule(channel.text) is not None:
                history = await self.broker.history(app, channel.text)
                catch_up.read(history.publications, history.top)
        except BaseException:  # cancelled included: nobody else would take the gathered list away, or let go
            catch_up.finish()
            self.released(app, channel)
            raise
        return catch_up

    def at_hand(self, app: App, channel: ChannelName) -> bool:
        """Whether a newcomer to the channel needs nothing of the broker: it is followed, and nothing is kept of it."""
        side = self._sides[app.id]
        return side.interest.holds(channel.text) and app.history_rule(channel.text) is None

    def subscribe(self, connection: Connection, channel: ChannelName) -> None:
        """Deliver the channel to this connection from now on; the channel must be followed."""
        self.turn.flush()
        self._sides[connection.app.id].hub.attach(connection, channel.text)

    def unsubscribe(self, connection: Connection, channel: ChannelName) -> None:
        """Deliver no more of the channel to this connection."""
        self.turn.flush()
        side = self._sides[connection.app.id]
        if side.hub.detach(connection, channel.text):
            side.interest.left(channel.text)

    def released(self, app: App, channel: ChannelName) -> None:
        """A follow was in vain: the connection had gone before it could subscribe."""
        side = self._sides[app.id]
        if not side.wanted(channel.text):
            side.interest.left(channel.text)

    # ---- time -----------------------------------------------------------------------------------------------

    async def sweep(self) -> None:
        """Let go of channels without followers and of history past its time; called every second or so."""
        for side in self._sides.values():
            await side.interest.let_go()
        self.broker.sweep()


class CatchUp:
    """What a newcomer to a channel is to be handed: the kept publications, and those that came while they were read."""

    __slots__ = ("_gathered", "_kept", "_key", "_registry", "_top")

    def __init__(self, registry: dict[str, list[list[Publication]]], channel: str) -> None:
        self._registry = registry
        self._key = channel
        self._kept: Sequence[Publication] = ()
        self._top = Position("", 0)
        self._gathered: list[Publication] | None = []
        registry.setdefault(channel, []).append(self._gathered)

    def read(self, kept: Sequence[Publication], top: Position) -> None:
        """The history, and the position up to which it reaches."""
        self._kept = kept
        self._top = top

    def finish(self) -> list[Publication]:
        """Stop gathering; the kept publications, then the gathered ones that came after them."""
        if self._gathered is None:
            return []
        gathered, self._gathered = self._gathered, None
        lists = self._registry[self._key]
        lists[:] = [waiting for waiting in lists if waiting is not gathered]
        if not lists:
            del self._registry[self._key]
        newer = [
            publication
            for publication in gathered
            if publication.position.epoch != self._top.epoch or publication.position.offset > self._top.offset
        ]
        return [*self._kept, *newer] if self._top.epoch else []
