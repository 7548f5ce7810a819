"""What an owner tells a world that runs: kept in a log that each of its servers reads with a cursor."""

from collections.abc import Mapping
from typing import Any

import msgspec

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, InvalidToken, ResourceNotFound, ValidationError
from toolboxai.platform.games.model import (
    KEPT_S,
    MESSAGE_BYTES,
    TEXT_CHARS,
    GameMessage,
    GameMessageKind,
    GameServer,
    KeptMessage,
    MessagePage,
)
from toolboxai.platform.games.service import Admitted
from toolboxai.platform.games.store import GameTalkStore
from toolboxai.platform.games.turns import PollTurns
from toolboxai.platform.runs.bell import Bell

__all__ = ["GameMessages"]


class GameMessages:
    """Takes messages from owners, and hands them to the servers that Roblox runs of their worlds.

    Args:
        store: keeps the log.
        bell: wakes those who wait, by the id of the game server.
        clock: the time.
    """

    def __init__(self, store: GameTalkStore, bell: Bell, clock: Clock) -> None:
        self._store = store
        self._bell = bell
        self._clock = clock
        self._turns = PollTurns()

    async def send(self, server: GameServer, message: GameMessage) -> KeptMessage:
        """Put a message into the log of a game server, in the name of its owner; a known key leads to the earlier one.

        Raises:
            ResourceNotFound: it was revoked in this moment.
            ValidationError: ``details.fields`` names what the kind of message does not have.
            Conflict: the key was used for another message.
        """
        _check(message)
        kept = await self._store.add_message(server.id, message, at=self._clock.now())
        if kept is None:
            raise ResourceNotFound(f"no game server {server.id!r} of a world of yours")
        if (kept.kind, kept.data) != (message.kind, message.data):
            raise Conflict(
                f"the Idempotency-Key was used for another message, number {kept.seq}; use a new key",
                details={"seq": kept.seq},
            )
        self.wake(server.id)
        return kept

    async def read(self, known: Admitted, *, reader: str, cursor: int, wait_s: float) -> MessagePage:
        """Messages after a cursor; while there are none, wait for one.

        Args:
            known: the game server that asks.
            reader: which of the servers that Roblox runs of it; of each one request waits, the newest: an older one
                is answered at once.
            cursor: number of the newest message that the reader has; 0: none.
            wait_s: how long to wait; 0: not at all.

        Raises:
            InvalidToken: the token was revoked meanwhile.
        """
        server_id = known.server.id
        ends = self._clock.monotonic() + wait_s
        with self._turns.taken(server_id, reader) as turn:
            if wait_s > 0:
                self.wake(server_id)  # whoever's turn is over looks up
            with self._bell.listening(server_id) as listener:
                while True:
                    page = await self._page(server_id, cursor)
                    left_s = ends - self._clock.monotonic()
                    if page.items or not page.complete or turn.over or left_s <= 0 or self._bell.closed:
                        return page
                    if not await listener.heard(left_s):
                        return page

    def wake(self, game_server_id: str) -> None:
        """Let all who wait for messages of it look again; they are told when its token was revoked."""
        self._bell.ring(game_server_id)

    async def _page(self, server_id: str, cursor: int) -> MessagePage:
        found = await self._store.messages(server_id, after=cursor, since=self._clock.now() - KEPT_S)
        if found is None:
            raise InvalidToken(
                "the token was revoked while its game server waited; it opens nothing any more"
            )
        state, items = found
        # Numbers have no gaps, so what is missing is what was too old or too much; a cursor that lies ahead is of a
        # database that was put back since.
        complete = cursor + len(items) == state.last_message
        return MessagePage(tuple(items), state.last_message, complete)


def _check(message: GameMessage) -> None:
    fault = _fault(message.kind, message.data)
    if fault is not None:
        field, told = fault
        raise ValidationError(f"{field}: {told}", details={"fields": {field: told}})


def _fault(kind: GameMessageKind, data: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first field at fault, and what is wrong with it."""
    allowed = {"text"} if kind is GameMessageKind.ANNOUNCEMENT else set()
    if kind is not GameMessageKind.CUSTOM:
        for name in sorted(set(data) - allowed):
            return f"data.{name[:80]}", f"{kind.value} has no such field; leave it out"
    if kind is GameMessageKind.ANNOUNCEMENT:
        text = data.get("text")
        if not isinstance(text, str) or not text.strip() or len(text) > TEXT_CHARS:
            return "data.text", f"an announcement needs a text of 1 to {TEXT_CHARS} characters"
    size = len(msgspec.json.encode(data))
    if size > MESSAGE_BYTES:
        return "data", f"it has {size} bytes as JSON; {MESSAGE_BYTES} are taken, so send less or a link"
    return None
