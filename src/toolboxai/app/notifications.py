"""What everybody is told, joined: the way out, and what announces brown-outs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.notices import DatabaseNoticeStore
from toolboxai.clock import Clock
from toolboxai.config import Settings
from toolboxai.legacy.brownouts import all_brownouts
from toolboxai.platform.notifications.brownouts import BrownoutNotices
from toolboxai.platform.notifications.service import Notifications
from toolboxai.platform.ports import Publisher

__all__ = ["telling"]


@asynccontextmanager
async def telling(
    settings: Settings, engine: AsyncEngine, publisher: Publisher, clock: Clock
) -> AsyncIterator[Notifications]:
    """The way to everybody; while it is open, the brown-outs of the settings are announced."""
    notifications = Notifications(publisher, clock)
    brownouts = all_brownouts(settings.legacy.policies())
    if not brownouts:
        yield notifications
        return
    notices = BrownoutNotices(brownouts, notifications, DatabaseNoticeStore(engine), clock)
    announcing = asyncio.create_task(notices.run(), name="brown-outs")
    try:
        yield notifications
    finally:
        announcing.cancel()
        with suppress(asyncio.CancelledError):
            await announcing
