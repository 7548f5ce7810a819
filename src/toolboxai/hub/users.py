"""Who is signed in on the connections of one app in this process, and who watches whom. Nothing here waits."""

from collections.abc import Iterable, Sequence

from toolboxai.hub.connection import Connection

__all__ = ["Users"]


class Users:
    """Two indexes: connections by the user they speak for, and by the users they watch."""

    def __init__(self) -> None:
        self._signed_in: dict[str, dict[Connection, None]] = {}
        self._watchers: dict[str, dict[Connection, None]] = {}

    def sign_in(self, connection: Connection, user_id: str, watchlist: Sequence[str]) -> None:
        """The connection speaks for a user now, and is told about those of the list."""
        connection.user_id = user_id
        connection.watchlist = watchlist
        self._signed_in.setdefault(user_id, {})[connection] = None
        for watched in watchlist:
            self._watchers.setdefault(watched, {})[connection] = None

    def remove(self, connection: Connection) -> None:
        """The connection is gone, or could not be signed in after all."""
        if connection.user_id is not None:
            _drop(self._signed_in, connection.user_id, connection)
        for watched in connection.watchlist:
            _drop(self._watchers, watched, connection)
        connection.user_id = None
        connection.watchlist = ()

    def connections(self, user_id: str) -> Iterable[Connection]:
        """A snapshot of the connections that speak for this user."""
        return tuple(self._signed_in.get(user_id, ()))

    def watchers(self, user_id: str) -> Iterable[Connection]:
        """A snapshot of the connections that watch this user."""
        return tuple(self._watchers.get(user_id, ()))


def _drop(index: dict[str, dict[Connection, None]], user_id: str, connection: Connection) -> None:
    connections = index.get(user_id)
    if connections is not None:
        connections.pop(connection, None)
        if not connections:
            del index[user_id]
