"""Who is on a presence channel, from what the server tells."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from toolboxai.client.frames import inner

__all__ = ["Member", "Presence"]


class Member(NamedTuple):
    """Somebody on a presence channel.

    Args:
        id: the user's.
        info: what the application tells of them.
    """

    id: str
    info: Any


class Presence:
    """The members of one channel; nobody on one of another kind, and while there is no subscription."""

    def __init__(self) -> None:
        self._infos: dict[str, Any] = {}
        self._me: str | None = None

    def __iter__(self) -> Iterator[Member]:
        return iter([Member(id_, info) for id_, info in self._infos.items()])

    @property
    def me(self) -> Member | None:
        """Oneself; None before the server has confirmed."""
        return Member(self._me, self._infos[self._me]) if self._me in self._infos else None

    def signed(self, channel_data: str | None) -> None:
        """Oneself, as the application has signed it."""
        said = inner(channel_data)
        self._me = _text(said.get("user_id")) if isinstance(said, dict) else None

    def began(self, data: Any) -> None:
        """The subscription is confirmed: who is there."""
        said = data.get("presence") if isinstance(data, dict) else None
        infos = said.get("hash") if isinstance(said, dict) else None
        self._infos = dict(infos) if isinstance(infos, dict) else {}

    def heard(self, event: str, data: Any) -> None:
        """Somebody came or went."""
        id_ = _text(data.get("user_id")) if isinstance(data, dict) else None
        if id_ is None:
            return
        if event == "pusher:member_added":
            self._infos[id_] = data.get("user_info")
        elif event == "pusher:member_removed":
            self._infos.pop(id_, None)

    def ended(self) -> None:
        """The connection is gone: who is there is not known."""
        self._infos = {}


def _text(value: Any) -> str | None:
    """An id; some applications have numbers."""
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None
