"""A world follows a lesson that was asked for with one, once."""

import asyncio
import logging
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import RateLimitExceeded, RequestError, StorageUnavailable
from toolboxai.platform.content.records.sessions import Session, Status
from toolboxai.platform.content.records.store import ContentStore
from toolboxai.platform.content.service import HISTORY_S, ContentService
from toolboxai.platform.identity.model import PERMISSIONS, Principal, Role
from toolboxai.platform.roblox.model.spec import Features, Size, Theme
from toolboxai.platform.roblox.records.environments import Wish
from toolboxai.platform.roblox.service import WorldService

__all__ = ["WorldsAfterLessons"]

log = logging.getLogger(__name__)

_AGAIN_S: Final = 5.0
_PLAYERS: Final = 30


class WorldsAfterLessons:
    """Begins worlds of the usual size for lessons that have ended well.

    Args:
        content: tells which sessions have ended.
        store: knows what was asked for.
        worlds: begins them; the session's id is the key, so that none is begun twice.
        clock: for how far back to look after a start.
        again_s: seconds until another try where the owner has too many at work, or the database is away.
    """

    def __init__(
        self,
        content: ContentService,
        store: ContentStore,
        worlds: WorldService,
        clock: Clock,
        *,
        again_s: float = _AGAIN_S,
    ) -> None:
        self._store = store
        self._worlds = worlds
        self._clock = clock
        self._again_s = again_s
        self._ended: asyncio.Queue[str] = asyncio.Queue()
        content.when_over(self._ended.put_nowait)

    async def run(self) -> None:
        """Begin what a former process did not come to, then what ends, until cancelled."""
        await self._take_up()
        loop = asyncio.get_running_loop()
        while True:
            session_id = await self._ended.get()
            try:
                await self._begin(session_id)
            except (RateLimitExceeded, StorageUnavailable):
                # One who has too many at work keeps nobody else waiting.
                loop.call_later(self._again_s, self._ended.put_nowait, session_id)
            except RequestError as refused:
                log.warning(
                    "no world was begun for a lesson",
                    extra={"session_id": session_id, "reason": refused.message},
                )
            except Exception:  # ours, and no reason to begin no more
                log.exception("no world was begun for a lesson", extra={"session_id": session_id})

    async def _take_up(self) -> None:
        since = self._clock.now() - HISTORY_S
        while True:
            try:
                for session in await self._store.finished_since(since):
                    if not session.environment_begun:
                        self._ended.put_nowait(session.id)
                return
            except StorageUnavailable:
                await asyncio.sleep(self._again_s)

    async def _begin(self, session_id: str) -> None:
        session = await self._store.session(session_id)
        if session is None or session.status is not Status.COMPLETE or session.environment_begun:
            return
        if session.environment_id is None or session.environment_theme is None:
            return
        wish = Wish(
            content_id=session.content_id,
            name="",
            theme=Theme(session.environment_theme),
            size=Size.MEDIUM,
            features=Features(),
            seed=0,
            max_players=_PLAYERS,
        )
        await self._worlds.build(
            _owner(session),
            wish,
            idempotency_key=f"after {session.id}",
            environment_id=session.environment_id,
        )
        await self._store.world_begun(session.id)


def _owner(session: Session) -> Principal:
    """Whoever asked for both, with the rights that were checked then."""
    role = Role.TEACHER
    return Principal(session.owner_id, session.organization_id, role, PERMISSIONS[role], "", 0.0, "", "")
