"""Tokens for worlds that run, and the answers that those post."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from toolboxai.platform.attempts.model import ANSWERS_MOST, GivenAnswer
from toolboxai.platform.attempts.players import PlayerAnswer, PlayerAnswers
from toolboxai.platform.audit.audit import Audit
from toolboxai.platform.audit.entry import Action
from toolboxai.platform.games.messages import GameMessages
from toolboxai.platform.games.model import NAME_CHARS, GameServer
from toolboxai.platform.games.service import Admitted, GameServers
from toolboxai.platform.games.snapshot import from_world
from toolboxai.platform.identity.model import Principal
from toolboxai.web.attempts import AnswerBody
from toolboxai.web.errors import REQUEST_ID
from toolboxai.web.security import Authenticator
from toolboxai.web.times import timestamp
from toolboxai.web.whole_text import whole_text

__all__ = ["admission", "game_server_routes"]

_PREFIX = "/api/v1/game-servers"
_EnvironmentId = Annotated[str, Field(min_length=1, max_length=128)]


class GameServerBody(BaseModel):
    """Of which world, and what to call it."""

    model_config = ConfigDict(extra="forbid")

    environment_id: _EnvironmentId
    name: Annotated[str, Field(max_length=NAME_CHARS)] = ""

    @field_validator("environment_id", "name", mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return whole_text(value)


class GameServerItem(BaseModel):
    """A game server; ``scores_url`` is where its answers are posted to, ``url`` what all its addresses begin with."""

    game_server_id: str
    environment_id: str
    name: str
    url: str
    scores_url: str
    created_at: str


class GameServerAnswer(GameServerItem):
    """A new game server; ``token`` is told this once."""

    token: str


class GameServersAnswer(BaseModel):
    """All game servers of a world, oldest first."""

    items: list[GameServerItem]


class PlayerAnswerBody(AnswerBody):
    """One answer of a player; ``id`` counts once for each, and ``player`` is a UUID that the world has made."""

    id: Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")]
    player: Annotated[
        str, Field(pattern="^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$")
    ]


class BatchBody(BaseModel):
    """Answers of many players to the quiz of one world."""

    model_config = ConfigDict(extra="forbid")

    answers: Annotated[list[PlayerAnswerBody], Field(min_length=1, max_length=ANSWERS_MOST)]


class TakenItem(BaseModel):
    """What an answer is worth; ``fresh`` is false where it was kept before."""

    id: str
    correct: bool
    score: float
    fresh: bool


class TakenAnswer(BaseModel):
    """All answers of the batch, in its order."""

    items: list[TakenItem]


def game_server_routes(
    games: GameServers,
    messages: GameMessages,
    answers: PlayerAnswers,
    authenticator: Authenticator,
    audit: Audit,
) -> APIRouter:
    """The routes under ``/api/v1/game-servers``.

    Args:
        games: makes, lists, revokes, and knows who speaks.
        messages: have those that wait with a token.
        answers: takes what they post.
        authenticator: who asks.
        audit: notes who made and revoked tokens.
    """
    router = APIRouter(prefix=_PREFIX, tags=["game servers"])
    owner = Annotated[Principal, Depends(authenticator.require("roblox:write"))]

    async def note(action: Action, request: Request, who: Principal, server: GameServer) -> None:
        about = {"environment_id": server.environment_id}
        request_id = request.scope.get(REQUEST_ID)
        await audit.note(action, who, "game_server", server.id, request_id=request_id, details=about)

    admitted = admission(games, authenticator)

    @router.post("", status_code=201)
    async def make(
        body: GameServerBody, request: Request, response: Response, who: owner
    ) -> GameServerAnswer:
        """A token with which one's world posts what is answered in it. It is shown this once."""
        server, token = await games.make(who, body.environment_id, body.name)
        await note(Action.GAME_SERVER_ADDED, request, who, server)
        response.headers["Location"] = f"{_PREFIX}/{server.id}"
        response.headers["Cache-Control"] = "no-store"
        return GameServerAnswer(**_item(server).model_dump(), token=token)

    @router.get("")
    async def list_them(
        who: owner, environment_id: Annotated[str, Query(min_length=1, max_length=128)]
    ) -> GameServersAnswer:
        """The game servers of a world of one's own."""
        found = await games.servers(who, environment_id)
        return GameServersAnswer(items=[_item(server) for server in found])

    @router.delete("/{game_server_id}", status_code=204)
    async def revoke(game_server_id: str, request: Request, who: owner) -> None:
        """Take the token of a game server away; what it has posted stays."""
        await note(Action.GAME_SERVER_REVOKED, request, who, await games.revoke(who, game_server_id))
        messages.wake(game_server_id)  # whoever waits with it hears so at once

    @router.post("/{game_server_id}/answers")
    async def take(body: BatchBody, known: Annotated[Admitted, Depends(admitted)]) -> TakenAnswer:
        """Answers that were given in a world: graded here, all kept or none, told to the owner.

        Takes the token of the game server, not that of an account.
        """
        batch = [_given(each) for each in body.answers]
        taken = await answers.submit(from_world(known), batch)
        items = [
            TakenItem(id=each.id, correct=one.answer.correct, score=one.answer.score, fresh=one.fresh)
            for each, one in zip(batch, taken, strict=True)
        ]
        return TakenAnswer(items=items)

    return router


def admission(
    games: GameServers, authenticator: Authenticator
) -> Callable[[str, Request], Awaitable[Admitted]]:
    """Lets a game server speak once, by its token.

    Who does not hold the token is told so before anything of the request is looked at.
    """

    async def admitted(game_server_id: str, request: Request) -> Admitted:
        return await games.admit(
            game_server_id, authenticator.bearer(request), authenticator.address(request)
        )

    return admitted


def _item(server: GameServer) -> GameServerItem:
    return GameServerItem(
        game_server_id=server.id,
        environment_id=server.environment_id,
        name=server.name,
        url=f"{_PREFIX}/{server.id}",
        scores_url=f"{_PREFIX}/{server.id}/answers",
        created_at=timestamp(server.created_at),
    )


def _given(body: PlayerAnswerBody) -> PlayerAnswer:
    at = None if body.answered_at is None else body.answered_at.timestamp()
    return PlayerAnswer(body.id, body.player, GivenAnswer(body.question_id, body.answer, at))
