"""Who still uses the old sockets, for the command line."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from toolboxai.app.identity import open_database
from toolboxai.config import Settings

if TYPE_CHECKING:
    from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
    from toolboxai.adapters.system_clock import SystemClock

__all__ = ["usage_on_disk"]


@asynccontextmanager
async def usage_on_disk(settings: Settings) -> "AsyncIterator[tuple[DatabaseUsageStore, SystemClock]]":
    """What was counted, and the time.

    Raises:
        ConfigError: as `open_database`.
    """
    from toolboxai.adapters.database.old_socket_uses import DatabaseUsageStore
    from toolboxai.adapters.system_clock import SystemClock

    async with open_database(settings) as engine:
        yield DatabaseUsageStore(engine), SystemClock()
