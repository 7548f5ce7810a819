"""Tokens for worlds that run: made and revoked by the owner of the world, and looked at with each request."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from toolboxai.clock import Clock
from toolboxai.errors import Conflict, InvalidToken, ResourceNotFound
from toolboxai.ids import Dice, new_token
from toolboxai.platform.games.model import SERVERS_MOST, GameServer
from toolboxai.platform.games.store import GameServerStore
from toolboxai.platform.identity.limiter import AttemptLimiter, Attempts
from toolboxai.platform.identity.model import Principal, User
from toolboxai.platform.roblox.records.access import Access
from toolboxai.platform.roblox.records.environments import Environment
from toolboxai.platform.roblox.records.store import EnvironmentStore

__all__ = ["Admitted", "GameServers", "People"]

_ID: Final = re.compile("game_[a-z0-9]{1,32}")
_PREFIX: Final = "gst_"
_TOKEN_BITS: Final = 256
_NOTHING: Final = "0" * 64  # the hash of no text that is known
_REFUSED: Final = (
    "the token does not open this game server: it was revoked, its world is gone, or its owner builds worlds no more; "
    "have a new one made with POST /api/v1/game-servers"
)


class People(Protocol):
    """Where accounts are looked up."""

    async def user(self, user_id: str) -> User:
        """The account with this id.

        Raises:
            ResourceNotFound: there is none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """A game server whose token holds, its world, and who owns that, with the rights of this moment."""

    server: GameServer
    world: Environment
    owner: Principal


class GameServers:
    """Who of the running worlds may speak, and what they may do.

    A token has 256 random bits; its hash alone is kept.

    Args:
        store: keeps game servers.
        worlds: knows whose a world is.
        people: know whether its owner is still somebody who builds worlds.
        limiter: bounds how often a game server speaks.
        clock, dice: time and chance.
    """

    def __init__(
        self,
        store: GameServerStore,
        worlds: EnvironmentStore,
        people: People,
        limiter: AttemptLimiter,
        clock: Clock,
        dice: Dice,
    ) -> None:
        self._store = store
        self._worlds = worlds
        self._access = Access(worlds)
        self._people = people
        self._limiter = limiter
        self._clock = clock
        self._dice = dice

    async def make(self, principal: Principal, environment_id: str, name: str) -> tuple[GameServer, str]:
        """A game server for a world of the asker's; with it the token, which nobody tells again.

        Raises:
            ResourceNotFound: no such world of the asker's.
            Conflict: the world asks nothing, or has as many as it can have.
        """
        world = await self._access.own(principal, environment_id)
        if world.wish.content_id is None:
            raise Conflict(
                f"environment {world.id} was built without a lesson, so nothing is answered in it; build one with a "
                "content_id"
            )
        token = new_token(self._dice, _PREFIX, bits=_TOKEN_BITS)
        server = GameServer(
            id=new_token(self._dice, "game_", bits=80),
            environment_id=world.id,
            name=name,
            token_sha256=_hash(token),
            created_at=self._clock.now(),
        )
        if not await self._store.add(server, most=SERVERS_MOST):
            raise Conflict(
                f"environment {world.id} has {SERVERS_MOST} game servers; revoke one that is not used any more",
                details={"limit": SERVERS_MOST},
            )
        return server, token

    async def servers(self, principal: Principal, environment_id: str) -> Sequence[GameServer]:
        """Those of a world of the asker's, oldest first.

        Raises:
            ResourceNotFound: no such world of the asker's.
        """
        world = await self._access.own(principal, environment_id)
        return await self._store.servers(world.id)

    async def own(self, principal: Principal, game_server_id: str) -> GameServer:
        """A game server of a world of the asker's.

        Raises:
            ResourceNotFound: there is none with this id.
        """
        fault = ResourceNotFound(f"no game server {game_server_id[:80]!r} of a world of yours")
        server = await self._server(game_server_id)
        if server is None:
            raise fault
        try:
            await self._access.own(principal, server.environment_id)
        except ResourceNotFound:
            raise fault from None
        return server

    async def revoke(self, principal: Principal, game_server_id: str) -> GameServer:
        """Take a game server away; its token opens nothing from then on.

        Raises:
            ResourceNotFound: no such game server of a world of the asker's.
        """
        server = await self.own(principal, game_server_id)
        if not await self._store.remove(server.id):
            raise ResourceNotFound(f"no game server {server.id!r} of a world of yours")
        return server

    async def admit(self, game_server_id: str, token: str, address: str) -> Admitted:
        """Let a game server speak once.

        Args:
            game_server_id: as the address of the request has it.
            token: as the request has it.
            address: where it comes from.

        Raises:
            ResourceNotFound: it is the id of nothing.
            InvalidToken: the token is not that server's, or does not hold any more.
            RateLimitExceeded: it speaks too often.
        """
        await self._limiter.admit(Attempts.GAME_SERVER, address=address)
        if not _ID.fullmatch(game_server_id):
            raise ResourceNotFound(
                f"{game_server_id[:80]!r} is no game server; look at the scores_url that was given"
            )
        server = await self._server(game_server_id)
        kept = _NOTHING if server is None else server.token_sha256
        if not hmac.compare_digest(_hash(token), kept) or server is None:
            raise InvalidToken(_REFUSED)
        # Whoever has no token cannot use up what a game server may do.
        await self._limiter.admit(Attempts.GAME_SERVER, account=server.id)
        world = await self._worlds.environment(server.environment_id)
        owner = None if world is None else await self._owner(world)
        if world is None or owner is None:
            raise InvalidToken(_REFUSED)
        return Admitted(server, world, owner)

    async def _server(self, game_server_id: str) -> GameServer | None:
        return await self._store.server(game_server_id) if _ID.fullmatch(game_server_id) else None

    async def _owner(self, world: Environment) -> Principal | None:
        """Whose the world is, where they may still build worlds."""
        try:
            user = await self._people.user(world.owner_id)
        except ResourceNotFound:
            return None
        owner = Principal(user.id, user.organization_id, user.role, user.permissions, "", 0.0, "", "")
        holds = not user.disabled and owner.can("roblox:write")
        return owner if holds and user.organization_id == world.organization_id else None


def _hash(token: str) -> str:
    """A stranger's text may hold anything."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
