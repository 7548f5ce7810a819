"""The database of a server that runs, and whether it takes what is written."""

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

from toolboxai.app.identity import open_database
from toolboxai.app.kept import Kept
from toolboxai.clock import Clock
from toolboxai.config import Settings
from toolboxai.errors import StorageUnavailable
from toolboxai.node.webhooks.store import StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from toolboxai.adapters.database.engine import Seen
    from toolboxai.adapters.database.health import StorageHealth

__all__ = ["Storage"]

log = logging.getLogger(__name__)

_LOOK_S: Final = 1.0  # so long after the disk has room again everything goes on, and so long a backup waits


class Storage:
    """Opens the database for the parts of one server; what any of them learns of its state, all know.

    Nothing is opened, and no driver loaded, before a part asks.

    Args:
        settings: for the database.
        clock: for times, and for how often trouble is told.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._health: StorageHealth | None = None
        self._seen: Seen = []
        self._watched = False

    def trouble(self) -> str | None:
        """Why the database takes nothing at this moment; None: all is well."""
        reason = None if self._health is None else self._health.reason
        return None if reason is None else f"the database takes nothing ({reason.value.replace('_', ' ')})"

    @asynccontextmanager
    async def open(self) -> "AsyncIterator[AsyncEngine]":
        """The database, its schema as this version needs it; an empty one is set up.

        Raises:
            ConfigError: as ``identity.open_database``.
        """
        from toolboxai.adapters.database.faults import place_of
        from toolboxai.adapters.database.health import StorageHealth

        if self._health is None:
            self._health = StorageHealth(place_of(self._settings.database.url), self._clock)
        async with open_database(self._settings, failed=self._health.failed, seen=self._seen) as engine:
            if self._watched:  # who opened it first sees to it
                yield engine
                return
            self._watched = True
            async with _beside(_watch(self._health, engine), name="storage"):
                yield engine
            self._watched = False

    @asynccontextmanager
    async def answering(self, kept: Kept) -> AsyncIterator[None]:
        """Write down what is in memory whenever a backup asks for it; only while nothing else writes that.

        Args:
            kept: what is in memory, loaded.
        """
        async with _beside(self._answer(kept), name="backups"):
            yield

    async def _answer(self, kept: Kept) -> None:
        told = ""
        while True:
            if kept.has_database():  # nobody tells when one is made
                try:
                    async with self.open() as engine:
                        await _answer_with(engine, kept, self._clock)
                except Exception as fault:  # whatever it is: it may be mended while the server runs on
                    reason = str(fault)
                    if reason != told:
                        told = reason
                        log.warning("backups are not answered: no database to use", extra={"reason": reason})
            await asyncio.sleep(_LOOK_S)


async def _answer_with(engine: "AsyncEngine", kept: Kept, clock: Clock) -> None:
    from toolboxai.adapters.backup.asking import answer

    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await answer(engine, kept.checkpoint, clock)
        except (StorageUnavailable, StoreUnavailable):
            continue  # the backup does without, and says so
        except Exception:  # ours, and no reason to answer no other
            log.exception("a backup was not answered")


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None], *, name: str) -> AsyncIterator[None]:
    """Have something done for as long as the block lasts."""
    task = asyncio.create_task(work, name=name)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("the database was not looked after", exc_info=fault, extra={"task": name})


async def _watch(health: "StorageHealth", engine: "AsyncEngine") -> None:
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await health.look(engine)
        except Exception:  # ours, and no reason to look no more
            log.exception("it could not be seen whether the database has come back")
