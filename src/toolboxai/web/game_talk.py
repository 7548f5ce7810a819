"""What worlds that run and their owners tell each other."""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Query, Response

from toolboxai import limits
from toolboxai.platform.games.events import GameEventLog
from toolboxai.platform.games.messages import GameMessages
from toolboxai.platform.games.model import GameServer
from toolboxai.platform.games.service import Admitted, GameServers
from toolboxai.platform.games.snapshot import Snapshots
from toolboxai.platform.identity.limiter import ALLOWANCES, Attempts
from toolboxai.platform.identity.model import Principal
from toolboxai.web.game_servers import admission
from toolboxai.web.game_talk_bodies import (
    BudgetItem,
    EventsAnswer,
    EventsBody,
    GameMessageBody,
    MessagesAnswer,
    QuizItem,
    SentAnswer,
    SnapshotAnswer,
    TakenEventItem,
    TakenEventsAnswer,
    WorldItem,
)
from toolboxai.web.security import Authenticator

__all__ = ["game_talk_routes"]

_CURSOR_MOST: Final = 2**31 - 1  # the largest number that a column keeps

_Cursor = Annotated[int, Query(ge=0, le=_CURSOR_MOST)]


def game_talk_routes(
    games: GameServers,
    messages: GameMessages,
    events: GameEventLog,
    snapshots: Snapshots,
    authenticator: Authenticator,
) -> APIRouter:
    """The routes under ``/api/v1/game-servers/{game_server_id}`` that are asked while a world runs.

    Args:
        games: know who speaks.
        messages: from owners to worlds.
        events: from worlds to owners.
        snapshots: where things stand.
        authenticator: who asks.
    """
    router = APIRouter(prefix="/api/v1/game-servers/{game_server_id}", tags=["game servers"])
    may_write = authenticator.require("roblox:write")

    # A game server that is not there, or not theirs, is told before anything of the request is looked at.
    async def there(game_server_id: str, who: Annotated[Principal, Depends(may_write)]) -> GameServer:
        return await games.own(who, game_server_id)

    own = Annotated[GameServer, Depends(there)]
    admitted = Annotated[Admitted, Depends(admission(games, authenticator))]

    @router.get("/snapshot")
    async def snapshot(known: admitted, response: Response) -> SnapshotAnswer:
        """Where the world stands, its quiz as players read it, and the cursor from which messages follow.

        Takes the token of the game server, not that of an account.
        """
        found = await snapshots.of(known)
        world, quiz = found.world, found.quiz
        response.headers["Cache-Control"] = "no-store"
        return SnapshotAnswer(
            game_server_id=known.server.id,
            environment_id=world.id,
            world=WorldItem(
                name=world.wish.name,
                status=world.status,
                progress=world.progress,
                components={name.value: state for name, state in world.components.items()},
            ),
            revision=found.revision,
            quiz=None if quiz is None else QuizItem(**quiz),
            quiz_open=found.quiz_open,
            cursor=found.cursor,
            budget=BudgetItem(
                requests_per_minute=ALLOWANCES[Attempts.GAME_SERVER].account.per_minute,
                poll_wait_s=limits.POLL_WAIT_S,
            ),
        )

    @router.get("/messages")
    async def read(
        known: admitted,
        response: Response,
        cursor: _Cursor = 0,
        wait: Annotated[float, Query(ge=0, le=limits.POLL_WAIT_S)] = 0,
        server: Annotated[str, Query(pattern="^[A-Za-z0-9_-]{0,64}$")] = "",
    ) -> MessagesAnswer:
        """What the owner has said after a cursor; while there is nothing, it waits so many seconds.

        ``server`` tells the servers apart that Roblox runs of one place: of each one request waits, the newest. Takes the
        token of the game server, not that of an account.
        """
        response.headers["Cache-Control"] = "no-store"
        return MessagesAnswer.of(await messages.read(known, reader=server, cursor=cursor, wait_s=wait))

    @router.post("/messages", status_code=202)
    async def send(
        body: GameMessageBody,
        server: own,
        idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
    ) -> SentAnswer:
        """Tell one's world something while it runs: an announcement, that the quiz is open or closed, or what its scripts know."""
        kept = await messages.send(server, body.message(idempotency_key))
        return SentAnswer(seq=kept.seq)

    @router.post("/events")
    async def take(body: EventsBody, known: admitted) -> TakenEventsAnswer:
        """What happened in a world: all kept or none, told on the channel of the world.

        Takes the token of the game server, not that of an account.
        """
        taken = await events.take(known, [each.event() for each in body.events])
        return TakenEventsAnswer(
            items=[TakenEventItem(id=each.event.id, seq=each.seq, fresh=each.fresh) for each in taken]
        )

    @router.get("/events")
    async def history(
        server: own,
        cursor: _Cursor = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> EventsAnswer:
        """What happened in one's world in the last day, oldest first."""
        return EventsAnswer.of(await events.history(server, after=cursor, limit=limit))

    return router
