"""What a plugin says over Channels: client events on its own channel, which count as if they were posted."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import msgspec

from toolboxai.apps.app import App
from toolboxai.clock import Clock
from toolboxai.errors import PublishFailed, RequestError
from toolboxai.node.node import Node
from toolboxai.platform.plugins.log import PLUGIN_CHANNEL
from toolboxai.platform.plugins.messages import POSTED
from toolboxai.platform.plugins.model import PluginMessage
from toolboxai.platform.plugins.rooms import PluginRooms
from toolboxai.platform.runs.events import stamp
from toolboxai.protocol.channel import ChannelName

__all__ = ["ClientEventsOfPlugins", "message_in"]

log = logging.getLogger(__name__)

_CLIENT: Final = "client-"
_WAITING_MOST: Final = 1000  # of all plugins; what comes on top is refused


class _Said(NamedTuple):
    channel: str
    type: str
    data: str
    socket_id: str


class ClientEventsOfPlugins:
    """Hands what plugins trigger to their logs, one after another, and tells on the channel what cannot be taken.

    Who may trigger an event there was let onto the channel: the plugin, or its owner, who may post as well.

    Args:
        node: of this process.
        own: our app, as it is at that moment.
        rooms: take what is said.
        clock: the time.
    """

    def __init__(self, node: Node, own: Callable[[], App], rooms: PluginRooms, clock: Clock) -> None:
        self._node = node
        self._own = own
        self._rooms = rooms
        self._clock = clock
        self._waiting: asyncio.Queue[_Said] = asyncio.Queue(_WAITING_MOST)

    def heard(self, app_id: str, channel: str, event: str, data: str, socket_id: str) -> None:
        """See ``node.happenings.Happenings.client_events``; returns at once."""
        name = event.removeprefix(_CLIENT)
        if name not in POSTED or not channel.startswith(PLUGIN_CHANNEL) or app_id != self._own().id:
            return
        try:
            self._waiting.put_nowait(_Said(channel, name, data, socket_id))
        except asyncio.QueueFull:  # a plugin sends again what it has seen no entry of
            log.warning("a plugin's client event was not taken: too many wait", extra={"channel": channel})

    async def run(self) -> None:
        """Take what was heard, until cancelled."""
        while True:
            said = await self._waiting.get()
            try:
                await self._take(said)
            except PublishFailed:  # of the error; the broker has told its own
                log.warning("a plugin was not told of an error", extra={"channel": said.channel})
            except Exception:  # ours, and no reason to hear nothing more
                log.exception("a plugin's client event was not taken")

    async def _take(self, said: _Said) -> None:
        plugin_id = said.channel.removeprefix(PLUGIN_CHANNEL)
        message = message_in(said.type, said.data)
        try:
            await self._rooms.said(plugin_id, [message], said_by=said.socket_id)
        except RequestError as fault:
            details = {**fault.details, "terminal": False}
            told: dict[str, Any] = {
                "error_code": fault.error_code,
                "message": fault.message,
                "details": details,
            }
            if isinstance(message.message_id, str):
                told["message_id"] = message.message_id
            now = stamp(self._clock.now())
            envelope = msgspec.json.encode({"type": "error", "data": told, "timestamp": now}).decode()
            channel = ChannelName.parse(said.channel)
            await self._node.publish(self._own(), [channel], "error", envelope, kept=False)


def message_in(name: str, text: str) -> PluginMessage:
    """What an event says, as it is posted elsewhere.

    Args:
        name: the type.
        text: JSON: what stands in the message's ``data``, or a whole message ``{type, data, message_id?}`` of that type.
    """
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        value = None
    data = value if isinstance(value, dict) else {}
    if data.get("type") == name and isinstance(data.get("data"), dict):
        message_id = data.get("message_id")
        return PluginMessage(
            type=name, data=data["data"], message_id=None if message_id is None else str(message_id)
        )
    return PluginMessage(type=name, data=data)
