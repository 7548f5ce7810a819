"""The parts of plugins, joined; other rooms and all doors ask these."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Final

from toolboxai.clock import Clock
from toolboxai.errors import StorageUnavailable
from toolboxai.ids import Dice
from toolboxai.platform.plugins.commands import PluginCommands
from toolboxai.platform.plugins.doors import Doors, Sockets
from toolboxai.platform.plugins.log import PluginLog
from toolboxai.platform.plugins.messages import checked
from toolboxai.platform.plugins.model import PluginMessage
from toolboxai.platform.plugins.reading import LogReading
from toolboxai.platform.plugins.service import People, Plugins
from toolboxai.platform.plugins.store import PluginStore, Posted
from toolboxai.platform.ports import Publisher
from toolboxai.platform.runs.bell import Bell

__all__ = ["LOOK_S", "PluginRooms"]

log = logging.getLogger(__name__)

LOOK_S: Final = 5.0  # between two looks at who may not stay; who is taken out of use is out within seconds
_TRIM_EACH: Final = 720  # looks: an hour between two times of forgetting what was kept long enough


class PluginRooms:
    """Plugins, their commands, and the doors to their logs.

    Args:
        store: keeps all of it.
        people: know the owners.
        publisher: the way out.
        sockets: of this process.
        clock, dice: time and chance.
        event_bytes: that an event may have, at that moment.

    Attributes:
        store, doors, log, plugins, commands, reading: see each.
    """

    def __init__(
        self,
        store: PluginStore,
        people: People,
        publisher: Publisher,
        bell: Bell,
        sockets: Sockets,
        clock: Clock,
        dice: Dice,
        event_bytes: Callable[[], int],
    ) -> None:
        self.store = store
        self.doors = Doors(sockets)
        self.log = PluginLog(store, publisher, bell, self.doors, clock)
        self.plugins = Plugins(store, people, self.log, self.doors, clock, dice)
        self.commands = PluginCommands(store, self.log, clock, dice, event_bytes)
        self.reading = LogReading(self.plugins, self.log, self.doors)
        self._clock = clock
        self._event_bytes = event_bytes

    async def said(
        self, plugin_id: str, messages: Sequence[PluginMessage], *, said_by: str | None = None
    ) -> Posted:
        """Take what a plugin says, by whichever door, once it is checked.

        Args:
            plugin_id: who says it.
            messages: as they came.
            said_by: socket id of the connection that it came on, which is not told.

        Raises:
            ValidationError, PayloadTooLarge: as for ``messages.checked``.
            ResourceNotFound: the plugin is gone.
        """
        messages = checked(messages, event_bytes=self._event_bytes())
        return await self.log.post(plugin_id, messages, said_by=said_by)

    async def run(self) -> None:
        """Look who may not stay, and forget what was kept long enough; until cancelled."""
        looks = 0
        while True:
            try:
                if looks % _TRIM_EACH == 0:
                    await self.store.trim(now=self._clock.now())
                await self.plugins.look()
            except StorageUnavailable:  # told by whoever looks after the database
                pass
            except Exception:  # ours, and no reason to look no more
                log.exception("plugins were not looked after; will look again")
            looks += 1
            await asyncio.sleep(LOOK_S)
