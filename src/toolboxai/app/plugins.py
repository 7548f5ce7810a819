"""Plugins, joined to accounts, worlds, and the sockets of this process."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from toolboxai.adapters.database.plugins import DatabasePluginStore
from toolboxai.adapters.system_clock import SystemClock
from toolboxai.app.plugin_says import ClientEventsOfPlugins
from toolboxai.apps.app import App
from toolboxai.close_codes import OldCloseCode
from toolboxai.hub.about import Transport
from toolboxai.hub.connection import Connection
from toolboxai.node.node import Node
from toolboxai.platform.identity.service import IdentityService
from toolboxai.platform.plugins.log import PLUGIN_CHANNEL
from toolboxai.platform.plugins.rooms import PluginRooms
from toolboxai.platform.ports import Publisher
from toolboxai.platform.runs.bell import Bell
from toolboxai.protocol.channel import ChannelName

__all__ = ["PARTED", "PluginSockets", "plugins_kept"]

PARTED: Final = "This plugin was revoked, or its owner's account is out of use"
"""Reason of the close of an old socket."""


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
        """See the port: of old sockets the plugin's own, and its owner's."""
        for connection in self._followers(plugin_id):
            if _is_old(connection):
                connection.owner.close(OldCloseCode.FORBIDDEN, PARTED)
            else:
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
    clock = SystemClock()
    rooms = PluginRooms(
        DatabasePluginStore(engine),
        identity,
        publisher,
        bell,
        PluginSockets(node, own),
        clock,
        random.SystemRandom(),
        event_bytes,
    )
    await rooms.log.recover()
    says = ClientEventsOfPlugins(node, own, rooms, clock)
    tasks = [
        asyncio.create_task(rooms.run(), name="plugins"),
        asyncio.create_task(says.run(), name="client events of plugins"),
    ]
    node.happenings.client_events = says.heard
    try:
        yield rooms
    finally:
        node.happenings.client_events = None
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
        await rooms.log.close()
