"""The database of a server that runs, and whether it takes what is written."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from toolboxai.app.identity import open_database
from toolboxai.clock import Clock
from toolboxai.config import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from toolboxai.adapters.database.health import StorageHealth

__all__ = ["Storage"]

log = logging.getLogger(__name__)

_LOOK_S: Final = 1.0  # so long after the disk has room again everything goes on


class Storage:
    """Opens the database for the parts of one server; what any of them learns of its state, all know.

    Nothing is opened, and no driver loaded, before a part asks.

    Args:
        settings: for the database.
        clock: for how often trouble is told.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._health: StorageHealth | None = None

    @property
    def trouble(self) -> str | None:
        """Why the database takes nothing at this moment, in one word; None: all is well."""
        reason = None if self._health is None else self._health.reason
        return None if reason is None else reason.value

    @asynccontextmanager
    async def open(self) -> "AsyncIterator[AsyncEngine]":
        """The database, its schema as this version needs it; an empty one is set up.

        Raises:
            ConfigError: as ``identity.open_database``.
        """
        from toolboxai.adapters.database.faults import place_of
        from toolboxai.adapters.database.health import StorageHealth

        health = self._health = self._health or StorageHealth(
            place_of(self._settings.database.url), self._clock
        )
        async with open_database(self._settings, failed=health.failed) as engine:
            watching = asyncio.create_task(_watch(health, engine), name="storage")
            try:
                yield engine
            finally:
                watching.cancel()
                await asyncio.wait([watching])


async def _watch(health: "StorageHealth", engine: "AsyncEngine") -> None:
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await health.look(engine)
        except Exception:  # ours, and no reason to look no more
            log.exception("could not see whether the database has come back")
