"""Who is on one presence channel. A member is a user, however many connections it has."""

from collections.abc import Mapping

from toolboxai.protocol.member import Member

__all__ = ["Members"]


class Members:
    """The users of one channel, in the order in which they came, and their connections."""

    __slots__ = ("_connections", "_infos", "_users")

    def __init__(self) -> None:
        self._users: dict[str, str] = {}  # by socket id
        self._connections: dict[
            str, int
        ] = {}  # how many, by user id; a set of names would be the most of a member
        self._infos: dict[str, str | None] = {}

    def __len__(self) -> int:
        return len(self._infos)

    def __contains__(self, user_id: str) -> bool:
        return user_id in self._infos

    @property
    def infos(self) -> Mapping[str, str | None]:
        """A snapshot: each user's info, as JSON text, by the user's id; of several connections the newest's."""
        return dict(self._infos)

    def user(self, socket_id: str) -> str | None:
        """As whom a connection is here."""
        return self._users.get(socket_id)

    def join(self, socket_id: str, member: Member) -> bool:
        """A connection enters that is not here as another user; returns whether its user was not there before."""
        user_id, connections = member.user_id, self._connections.get(member.user_id, 0)
        if socket_id not in self._users:
            self._connections[user_id] = connections + 1
        self._users[socket_id] = user_id
        self._infos[user_id] = member.user_info
        return connections == 0

    def leave(self, socket_id: str) -> str | None:
        """A connection leaves; returns its user's id when that was the last one, or None."""
        user_id = self._users.pop(socket_id, None)
        if user_id is None:
            return None
        self._connections[user_id] -= 1
        if self._connections[user_id]:
            return None
        del self._connections[user_id]
        del self._infos[user_id]
        return user_id
