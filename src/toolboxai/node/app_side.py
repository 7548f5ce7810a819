"""One app, as this process serves it."""

from toolboxai.apps.app import App
from toolboxai.broker.base import Broker, Control, UserChange
from toolboxai.clock import Clock
from toolboxai.close_codes import CloseCode
from toolboxai.hub.connection import Connection
from toolboxai.hub.hub import Hub
from toolboxai.hub.users import Users
from toolboxai.node.catch_up import Gathering
from toolboxai.node.counts import SubscriptionCounts
from toolboxai.node.expiries import Expiries
from toolboxai.node.interest import Interest
from toolboxai.protocol.codec import encode_watchlist
from toolboxai.protocol.publication import Publication

__all__ = ["AppSide"]


class AppSide:
    """An app's connections, its users, what is followed for it, and who is catching up right now.

    Args:
        app: which.
        broker: where its channels are followed.
        clock: for everything that lingers.

    Attributes:
        signing_in: connections whose watchlist is being read, and the changes that came meanwhile.
        counts: None when the app does not tell them.
    """

    __slots__ = ("app", "counts", "expiries", "gathering", "hub", "interest", "signing_in", "users")

    def __init__(self, app: App, broker: Broker, clock: Clock) -> None:
        self.app = app
        self.hub = Hub()
        self.users = Users()
        self.expiries = Expiries()
        self.counts = SubscriptionCounts(self.hub, clock) if app.subscription_counts else None
        self.gathering: Gathering = {}
        self.signing_in: dict[Connection, list[UserChange]] = {}
        self.interest = Interest(app, broker, clock, wanted=self.wanted)

    def wanted(self, channel: str) -> bool:
        """Whether anyone is subscribed, or reads the channel's history in order to be."""
        return channel in self.gathering or self.hub.subscribers(channel) > 0

    def hear(self, control: Control) -> None:
        """What the broker tells every node."""
        if isinstance(control, UserChange):
            self._tell_watchers(control)
        else:
            for connection in self.users.connections(control.user_id):
                connection.owner.close(CloseCode.UNAUTHORIZED, "You got disconnected by the app.")

    def _tell_watchers(self, change: UserChange) -> None:
        watchers = self.users.watchers(change.user_id)
        if not watchers:
            return
        ids = (change.user_id,)
        text = encode_watchlist(online=ids) if change.online else encode_watchlist(offline=ids)
        message = Publication.of_text(text)
        for connection in watchers:
            gathered = self.signing_in.get(connection)
            if gathered is None:
                self.hub.send(connection, message)
            else:
                gathered.append(change)
