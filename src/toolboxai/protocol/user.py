"""Who signs in: what a client's signed ``user_data`` says."""

from typing import NamedTuple

import msgspec

from toolboxai import limits
from toolboxai.errors import BadUserId, RemoteProtocolError
from toolboxai.protocol.member import Member, read_user_info
from toolboxai.protocol.user_id import check_user_id

__all__ = ["User", "read_user"]


class User(NamedTuple):
    """A user of a connection that is signed in.

    Args:
        id: never empty.
        user_data: the text that was signed, which goes back to the client.
        user_info: JSON text of an object, or None.
        watchlist: ids of the users whose coming and going it is told, without doubles.
        watchlist_cut: whether the list was longer than is allowed.
    """

    id: str
    user_data: str
    user_info: str | None
    watchlist: tuple[str, ...]
    watchlist_cut: bool

    def member(self) -> Member:
        """As whom it enters a presence channel without data of its own."""
        return Member(self.id, self.user_info)


class _UserData(msgspec.Struct, frozen=True, gc=False):
    id: str
    user_info: msgspec.Raw = msgspec.Raw()
    watchlist: list[str] | None = None


_data = msgspec.json.Decoder(_UserData)


def read_user(user_data: str, *, max_info_bytes: int) -> User:
    """Read the data of a signin; its signature has been checked.

    Args:
        user_data: JSON object with ``id`` (string), and perhaps ``user_info`` (object) and ``watchlist`` (ids).
        max_info_bytes: the app's ``presence_info_bytes``.

    Raises:
        RemoteProtocolError: with what is wrong.
    """
    try:
        fields = _data.decode(user_data.encode())
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise RemoteProtocolError(
            'user_data is invalid - it must be a JSON object with "id", a string, and may have "user_info", '
            'an object, and "watchlist", a list of ids'
        ) from fault
    info = read_user_info(bytes(fields.user_info), max_bytes=max_info_bytes, owner="signin")
    listed = fields.watchlist or []
    try:
        check_user_id(fields.id)
        watchlist = tuple(dict.fromkeys(check_user_id(each) for each in listed[: limits.WATCHLIST_USERS]))
    except BadUserId as fault:
        raise RemoteProtocolError(f"user_data has an invalid id of a user - {fault}") from fault
    return User(fields.id, user_data, info, watchlist, len(listed) > limits.WATCHLIST_USERS)
