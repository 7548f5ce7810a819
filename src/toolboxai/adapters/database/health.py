"""Whether the database takes what is written: told once when it stops, and once when it does again."""

import asyncio
import logging
import os
from typing import Final

from sqlalchemy import delete, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.faults import Reason, remedy
from toolboxai.adapters.database.storage_tables import ProbeRow
from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable

__all__ = ["StorageHealth"]

log = logging.getLogger(__name__)

# A full disk often has some kilobytes left, and a log of SQLite's some pages: what a stage of a lesson writes must fit.
ROOM_BYTES: Final = 512 * 1024
QUIET_S: Final = 60.0  # while it fails and works by turns, it is told so often


class StorageHealth:
    """What is known of one database in this process.

    Args:
        place: as `faults.place_of` says.
        clock: for how often it is told.
    """

    def __init__(self, place: str, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._told_at = -QUIET_S
        self._told = False  # that it fails now
        self._looking = asyncio.Lock()
        self.reason: Reason | None = None

    def failed(self, reason: Reason, said: str) -> None:
        """It did not take something.

        Args:
            reason: why.
            said: its own words.
        """
        if not reason.lasts or self.reason is reason:
            return
        self.reason = reason
        now = self._clock.monotonic()
        self._told = now - self._told_at >= QUIET_S
        if not self._told:
            return
        self._told_at = now
        log.error(
            "the database takes nothing",
            extra={"database": self._place, "reason": reason.value, "said": said, "do": remedy(reason)},
        )

    async def look(self, engine: AsyncEngine) -> None:
        """See whether it has come back: something is written and removed again. Does nothing while all is well."""
        async with self._looking:
            if self.reason is not None:
                await self._try(engine)

    async def _try(self, engine: AsyncEngine) -> None:
        try:
            async with engine.begin() as connection:
                await connection.execute(delete(ProbeRow))
                await connection.execute(insert(ProbeRow).values(id=1, room=os.urandom(ROOM_BYTES)))
            async with engine.begin() as connection:
                await connection.execute(delete(ProbeRow))
        except StorageUnavailable:
            return
        self.reason = None
        if self._told:
            log.warning("the database takes everything again", extra={"database": self._place})
