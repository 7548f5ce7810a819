"""Plugins, joined to accounts, worlds, and the sockets of this process."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.plugins import DatabasePluginStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.apps.app import App
from toolboxai.hub.about import Transport
from toolboxai.hub.connection import Connection
from toolboxai.node.node import Node
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.plugins.log import PLUGIN_CHANNEL
from toolboxai.platform.plugins.rooms import PluginRooms
from toolboxai.platform.ports import Publisher
from toolboxai.platform.runs.bell import Bell
from toolboxai.protocol.channel import ChannelName

__all__ = ["PluginSockets", "plugins_kept"]


class PluginSockets:
    """Satisfies ``platform.plugins.doors.Sockets`` with the hub of this process.

    Args:
        node: of this process.
        own: our app, as it is at that moment.
    """

    def __init__(self, node: Node, own: Callable[[], App]) -> None:
        self._node = node
        self._own = own

    def open(self, plugin_id: str) -> bool:
        """See the port: old sockets say on whose behalf they are there."""
        return any(each.user_id == plugin_id and _is_old(each) for each in self._followers(plugin_id))

    def followed(self) -> Sequence[str]:
        """See the port."""
        channels = self._node.hub(self._own()).channels()
        return [name.removeprefix(PLUGIN_CHANNEL) for name in channels if name.startswith(PLUGIN_CHANNEL)]

    def end(self, plugin_id: str) -> None:
        """See the port. Old sockets are closed by their own door, which asks each second whether they may stay."""
        for connection in self._followers(plugin_id):
            if not _is_old(connection):
                connection.owner.expired(ChannelName.parse(PLUGIN_CHANNEL + plugin_id))

    def _followers(self, plugin_id: str) -> Sequence[Connection]:
        return tuple(self._node.hub(self._own()).on(PLUGIN_CHANNEL + plugin_id))


def _is_old(connection: Connection) -> bool:
    return connection.about.transport is Transport.OLD


@asynccontextmanager
async def plugins_kept(
    engine: AsyncEngine,
    identity: IdentityService,
    publisher: Publisher,
    bell: Bell,
    node: Node,
    own: Callable[[], App],
    *,
    event_bytes: Callable[[], int],
) -> AsyncIterator[PluginRooms]:
    """Plugins over an open database; while it is open, it is looked who may stay, and what was not told is told.

    Args:
        engine: its schema is up to date.
        identity: knows the owners.
        publisher: the way out.
        bell: wakes those who wait.
        node: of this process.
        own: our app, as it is at that moment.
        event_bytes: that an event of ours may have, at that moment.
    """
    rooms = PluginRooms(
        DatabasePluginStore(engine),
        identity,
        publisher,
        bell,
        PluginSockets(node, own),
        SystemClock(),
        random.SystemRandom(),
        event_bytes,
    )
    await rooms.log.recover()
    looking = asyncio.create_task(rooms.run(), name="plugins")
    try:
        yield rooms
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking
        await rooms.log.close()
