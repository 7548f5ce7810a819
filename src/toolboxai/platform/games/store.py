"""What is kept of running worlds, as ports. The other ends are in ``adapters.database``."""

from collections.abc import Sequence
from typing import Protocol

from toolboxai.platform.games.model import (
    GameEvent,
    GameMessage,
    GameServer,
    KeptEvent,
    KeptMessage,
    TalkState,
)

__all__ = ["GameServerStore", "GameTalkStore"]


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


class GameTalkStore(Protocol):
    """What game servers and their owners have told each other; it goes with its game server, and after a day.

    Numbers are given in the order in which the transactions end, so whoever has read up to one misses none below it.
    """

    async def state(self, game_server_id: str) -> TalkState | None:
        """Where it stands; None: there is no such game server."""
        ...

    async def add_message(
        self, game_server_id: str, message: GameMessage, *, at: float
    ) -> KeptMessage | None:
        """Keep a message; what is too old, or too many, goes.

        Returns:
            The message with its number, or the earlier one with the same key; None: there is no such game server.
        """
        ...

    async def messages(
        self, game_server_id: str, *, after: int, since: float
    ) -> tuple[TalkState, Sequence[KeptMessage]] | None:
        """Messages that follow a number and are not older than `since`, oldest first, with where it stands then."""
        ...

    async def add_events(
        self, game_server_id: str, events: Sequence[GameEvent], *, at: float
    ) -> Sequence[KeptEvent] | None:
        """Keep events, all or none; what is too old, or too many, goes.

        Returns:
            Each as it is kept, in the order given; one whose id is known already as it was kept then, whatever this
            one says. Where such a one says something else, none is kept. None: there is no such game server.
        """
        ...

    async def events(
        self, game_server_id: str, *, after: int, since: float, limit: int
    ) -> Sequence[KeptEvent]:
        """Events that follow a number and came not before `since`, oldest first."""
        ...

    async def note_told(self, game_server_id: str, seq: int) -> None:
        """All events up to this number have been told."""
        ...
