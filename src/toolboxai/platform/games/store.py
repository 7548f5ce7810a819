"""What is kept of running worlds, as a port. The other end is ``adapters.database.game_servers``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.games.model import GameServer

__all__ = ["GameServerStore"]


class GameServerStore(Protocol):
    """Game servers of worlds; with its world each goes, too."""

    async def add(self, server: GameServer, *, most: int) -> bool:
        """Keep a new one; False when its world has `most` already, or has gone."""
        ...

    async def server(self, game_server_id: str) -> GameServer | None:
        """The one with this id."""
        ...

    async def servers(self, environment_id: str) -> Sequence[GameServer]:
        """Those of a world, oldest first."""
        ...

    async def remove(self, game_server_id: str) -> bool:
        """Remove it, and with it the hash of its token; False: there was none."""
        ...
