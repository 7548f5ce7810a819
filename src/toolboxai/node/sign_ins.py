"""Who is signed in to one app on this process's connections, and what their watchers are told."""

import logging

from toolboxai.apps.app import App
from toolboxai.broker.base import Broker, Control, UserChange
from toolboxai.close_codes import CloseCode
from toolboxai.errors import PublishFailed
from toolboxai.hub.connection import Connection
from toolboxai.hub.hub import Hub
from toolboxai.hub.users import Users
from toolboxai.protocol.codec import encode_watchlist
from toolboxai.protocol.publication import Publication
from toolboxai.protocol.user import User

__all__ = ["SignIns"]

log = logging.getLogger(__name__)


class SignIns:
    """Joins the users on this process's connections to those that the broker knows on all nodes.

    Args:
        app: which.
        broker: knows who is online.
        hub: the app's connections.

    Attributes:
        app: as it is now.
    """

    __slots__ = ("_broker", "_hub", "_reading", "_users", "app")

    def __init__(self, app: App, broker: Broker, hub: Hub) -> None:
        self.app = app
        self._broker = broker
        self._hub = hub
        self._users = Users()
        self._reading: dict[
            Connection, list[UserChange]
        ] = {}  # whose watchlist is read, and what came meanwhile

    async def sign_in(self, connection: Connection, user: User) -> set[str]:
        """The connection speaks for this user from now on; returns who of its watchlist is online.

        Changes that come while the broker is asked are part of the answer, and each later one is told.

        Raises:
            PublishFailed: the broker does not answer; nothing has changed.
        """
        watchlist = user.watchlist if self.app.watchlist else ()
        gathered = self._reading[connection] = []
        self._users.sign_in(connection, user.id, watchlist)
        try:
            online = await self._broker.sign_in(self.app, user.id, connection.socket_id, watchlist)
        except BaseException as fault:  # cancelled included
            self.forget(connection)
            if isinstance(fault, PublishFailed):  # whether the user is known by now is not known
                await self.sign_out(connection, user.id)
            raise
        finally:
            del self._reading[connection]
        for change in gathered:
            (online.add if change.online else online.discard)(change.user_id)
        return online

    def forget(self, connection: Connection) -> str | None:
        """The connection speaks for nobody any more; returns for whom it has: they have to `sign_out` as well."""
        user_id = connection.user_id
        self._users.remove(connection)
        return user_id

    async def sign_out(self, connection: Connection, user_id: str) -> None:
        """Tell the broker that this user is not on this connection."""
        try:
            await self._broker.sign_out(self.app, user_id, connection.socket_id)
        except PublishFailed as fault:
            log.warning("a user could not be signed out", extra={"user_id": user_id, "reason": str(fault)})

    def hear(self, control: Control) -> None:
        """What the broker tells every node."""
        if isinstance(control, UserChange):
            self._tell_watchers(control)
        else:
            for connection in self._users.connections(control.user_id):
                connection.owner.close(CloseCode.UNAUTHORIZED, "You got disconnected by the app.")

    def _tell_watchers(self, change: UserChange) -> None:
        watchers = self._users.watchers(change.user_id)
        if not watchers or not self.app.watchlist:
            return
        ids = (change.user_id,)
        text = encode_watchlist(online=ids) if change.online else encode_watchlist(offline=ids)
        message = Publication.of_text(text)
        for connection in watchers:
            gathered = self._reading.get(connection)
            if gathered is None:
                self._hub.send(connection, message)
            else:
                gathered.append(change)
