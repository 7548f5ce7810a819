"""What happens to a plugin is written into its log first and told second, in one order."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final
from weakref import WeakValueDictionary

from toolboxai import limits
from toolboxai.clock import Clock
from toolboxai.errors import ResourceNotFound
from toolboxai.platform.plugins.doors import Doors
from toolboxai.platform.plugins.model import PAGE_BYTES, LogPage, NewCommand, PluginMessage
from toolboxai.platform.plugins.store import Issued, LogStore, Posted
from toolboxai.platform.ports import Publisher
from toolboxai.platform.runs.bell import Bell
from toolboxai.platform.runs.events import Draft, StoredEvent
from toolboxai.platform.runs.teller import PAUSES_S, PrivateNames, Teller

__all__ = ["PLUGIN_CHANNEL", "PluginLog"]

PLUGIN_CHANNEL: Final = "private-plugin-"
_ANY: Final = (
    2**31
)  # bytes: the caller has bounded the number of entries, and each is no longer than an event


class PluginLog:
    """One log for each plugin. Whatever is written is told on its channel, and wakes those who wait for it.

    Whether somebody may is for the caller to find out; that a plugin is gone is told as for a foreign one.

    Args:
        store: keeps the logs.
        publisher: the way out.
        bell: rung with the plugin's id.
        doors: know whether the plugin itself listens on a socket.
        clock: for times.
        pauses_s: between tries to tell what could not be told, in seconds.
    """

    def __init__(
        self,
        store: LogStore,
        publisher: Publisher,
        bell: Bell,
        doors: Doors,
        clock: Clock,
        *,
        pauses_s: Sequence[float] = PAUSES_S,
    ) -> None:
        self._store = store
        self._teller = Teller(
            store, publisher, PrivateNames(lambda plugin_id: PLUGIN_CHANNEL + plugin_id), pauses_s=pauses_s
        )
        self._doors = doors
        self._clock = clock
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.bell = bell

    async def post(
        self, plugin_id: str, messages: Sequence[PluginMessage], *, said_by: str | None = None
    ) -> Posted:
        """Take what a plugin says, all of it or nothing.

        Args:
            plugin_id: which.
            messages: checked, in order.
            said_by: socket id of the connection that said it, which is not told.

        Raises:
            ResourceNotFound: it is gone.
        """
        async with self._turn(plugin_id):
            try:
                posted = await self._store.post(
                    plugin_id,
                    messages,
                    at=self._clock.now(),
                    announced=self._told(plugin_id),
                    said_by=said_by,
                )
            except LookupError:
                raise _gone(plugin_id) from None
            await self._tell(plugin_id, posted.entries)
        return posted

    async def issue(self, plugin_id: str, new: NewCommand, draft: Draft, *, most: int) -> Issued | None:
        """Queue a command; None when `most` are open already.

        Raises:
            ResourceNotFound: the plugin is gone.
        """
        async with self._turn(plugin_id):
            try:
                issued = await self._store.issue(
                    plugin_id, new, draft, most=most, announced=self._told(plugin_id)
                )
            except LookupError:
                raise _gone(plugin_id) from None
            if issued is not None:
                await self._tell(plugin_id, issued.entries)
        return issued

    async def configure(self, plugin_id: str, config: dict[str, Any]) -> None:
        """Keep settings, and tell them where they have changed.

        Raises:
            ResourceNotFound: the plugin is gone.
        """
        async with self._turn(plugin_id):
            try:
                entries = await self._store.configure(
                    plugin_id, config, at=self._clock.now(), announced=self._told(plugin_id)
                )
            except LookupError:
                raise _gone(plugin_id) from None
            await self._tell(plugin_id, entries)

    async def world_event(self, plugin_id: str, environment_id: str, seq: int, draft: Draft) -> None:
        """Write what happened to a world, once; a plugin that has gone misses nothing."""
        async with self._turn(plugin_id):
            try:
                entries = await self._store.world_event(
                    plugin_id,
                    environment_id,
                    seq,
                    draft,
                    at=self._clock.now(),
                    announced=self._told(plugin_id),
                )
            except LookupError:
                return
            await self._tell(plugin_id, entries)

    async def page(self, plugin_id: str, *, after: int, itself: bool) -> LogPage:
        """Entries above a number, as many as one answer takes.

        Args:
            plugin_id: whose.
            after: that number.
            itself: whether they are handed to the plugin itself: then its commands in them count as delivered.

        Raises:
            ResourceNotFound: the plugin is gone.
        """
        try:
            page = await self._store.page(
                plugin_id, after=after, limit=limits.POLL_ITEMS, bytes_most=PAGE_BYTES
            )
        except LookupError:
            raise _gone(plugin_id) from None
        if itself:
            await self._deliver(plugin_id, page.entries)
        return page

    async def told(self, plugin_id: str, *, after: int, limit: int) -> Sequence[StoredEvent]:
        """Entries above a number, for whoever asks what the channel has carried; none of a plugin that is gone."""
        try:
            page = await self._store.page(plugin_id, after=after, limit=limit, bytes_most=_ANY)
        except LookupError:
            return ()
        return [entry for entry in page.entries if entry.seq > after]

    async def recover(self) -> None:
        """After a start: tell what an earlier process has written and not told."""
        for plugin_id, told in await self._store.told():
            async with self._turn(plugin_id):
                while entries := (
                    await self._store.page(
                        plugin_id, after=told, limit=limits.POLL_ITEMS, bytes_most=PAGE_BYTES
                    )
                ).entries:
                    told = entries[-1].seq
                    await self._teller.tell(plugin_id, entries, over=False)

    async def close(self) -> None:
        """Tell no more."""
        await self._teller.close()

    async def _tell(self, plugin_id: str, entries: Sequence[StoredEvent]) -> None:
        if not entries:
            return
        await self._teller.tell(plugin_id, entries, over=False)
        if self._doors.on_socket(plugin_id):
            await self._deliver(plugin_id, entries)
        self.bell.ring(plugin_id)

    async def _deliver(self, plugin_id: str, entries: Sequence[StoredEvent]) -> None:
        if any(each.type == "plugin_command" for each in entries):
            handed = {"after": entries[0].seq - 1, "up_to": entries[-1].seq}
            await self._store.delivered(plugin_id, **handed, at=self._clock.now())

    def _told(self, plugin_id: str) -> int:
        return self._teller.told(plugin_id)

    def _turn(self, plugin_id: str) -> asyncio.Lock:
        lock = self._locks.get(plugin_id)
        if lock is None:
            lock = self._locks[plugin_id] = asyncio.Lock()
        return lock


def _gone(plugin_id: str) -> ResourceNotFound:
    return ResourceNotFound(f"no plugin {plugin_id[:80]!r}")
