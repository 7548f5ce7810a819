"""Two doors to a log: an answer that waits for what comes, and a stream."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from toolboxai import limits
from toolboxai.errors import ResourceNotFound
from toolboxai.platform.identity.model import Principal
from toolboxai.platform.plugins.doors import Doors
from toolboxai.platform.plugins.log import PluginLog
from toolboxai.platform.plugins.model import LogPage
from toolboxai.platform.plugins.service import Plugins
from toolboxai.platform.runs.unbroken import unbroken

__all__ = ["LogReading"]

_LOOK_S: Final = limits.STREAM_COMMENT_S  # of silence, then it is looked again whether the reader still may


class LogReading:
    """Reads for whoever may, for as long as they may.

    Args:
        plugins: decide who may.
        journal: the logs.
        doors: count who reads.
    """

    def __init__(self, plugins: Plugins, journal: PluginLog, doors: Doors) -> None:
        self._plugins = plugins
        self._log = journal
        self._doors = doors

    async def poll(self, principal: Principal, plugin_id: str, *, after: int, wait_s: float) -> LogPage:
        """What stands behind a number; where that is nothing, what comes there.

        Args:
            principal: who asks.
            plugin_id: whose log.
            after: the number.
            wait_s: seconds to wait at most; 0: not at all.

        Raises:
            ResourceNotFound, InvalidToken: as for ``Plugins.enter``, also while it waits.
            RateLimitExceeded: too many wait already.
        """
        page = await self._page(principal, plugin_id, after)
        if page.entries or not wait_s or not page.complete:
            return page
        until = asyncio.get_running_loop().time() + wait_s
        with self._doors.reading(plugin_id, itself=principal.user_id == plugin_id):
            async for page in self._pages(principal, plugin_id, after=after, until=until):
                if page.entries:
                    break
        return page

    async def stream(self, principal: Principal, plugin_id: str, *, after: int) -> AsyncIterator[LogPage]:
        """Pages as they come, from behind a number on; an empty one after some seconds of silence.

        It ends when the server leaves.

        Raises:
            ResourceNotFound, InvalidToken, RateLimitExceeded: as for `poll`, from the first step on.
        """
        await unbroken(self._plugins.enter(principal, plugin_id))
        with self._doors.reading(plugin_id, itself=principal.user_id == plugin_id):
            async for page in self._pages(principal, plugin_id, after=after, until=float("inf")):
                yield page

    async def _pages(
        self, principal: Principal, plugin_id: str, *, after: int, until: float
    ) -> AsyncIterator[LogPage]:
        loop = asyncio.get_running_loop()
        with self._log.bell.listening(plugin_id) as listener:
            while True:
                page = await self._page(principal, plugin_id, after)
                after = page.next_cursor
                yield page
                left = until - loop.time()
                if self._log.bell.closed or left <= 0:
                    return
                if not page.entries:
                    await listener.heard(min(_LOOK_S, left))

    async def _page(self, principal: Principal, plugin_id: str, after: int) -> LogPage:
        return await unbroken(self._page_now(principal, plugin_id, after))

    async def _page_now(self, principal: Principal, plugin_id: str, after: int) -> LogPage:
        itself = (await self._plugins.enter(principal, plugin_id)).itself
        try:
            return await self._log.page(plugin_id, after=after, itself=itself)
        except ResourceNotFound:  # it went in this moment: whoever may not come in any more is told why
            await self._plugins.enter(principal, plugin_id)
            raise
