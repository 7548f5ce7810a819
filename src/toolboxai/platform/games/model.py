"""A world that runs, as this server knows it."""

from dataclasses import dataclass, field
from typing import Final

__all__ = ["NAME_CHARS", "SERVERS_MOST", "GameServer"]

NAME_CHARS: Final = 100
SERVERS_MOST: Final = 20  # of one world


@dataclass(frozen=True, slots=True, kw_only=True)
class GameServer:
    """The right of one place at Roblox to post what is answered in it. All servers that Roblox runs of it share it.

    Args:
        id: ``game_`` and random digits; it stands in addresses, and opens nothing.
        environment_id: of the world; the token is worth nothing for any other.
        name: for people, such as ``7b``; may be empty.
        token_sha256: of the token, lower-case hex digits; the token itself is not kept.
        created_at: Unix seconds.
    """

    id: str
    environment_id: str
    name: str
    token_sha256: str = field(repr=False)
    created_at: float
