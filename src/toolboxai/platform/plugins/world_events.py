"""What happens to somebody's worlds, in the logs of those of their plugins that want it."""

import logging
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from toolboxai.errors import PublishFailed, StorageUnavailable
from toolboxai.platform.identity.policy import Resources
from toolboxai.platform.plugins.log import PluginLog
from toolboxai.platform.plugins.store import PluginStore
from toolboxai.platform.ports import Event, Publisher
from toolboxai.platform.roblox.run.events import private_channel
from toolboxai.platform.runs.events import Draft

__all__ = ["WorldEvents"]

log = logging.getLogger(__name__)

_WORLDS: Final = private_channel("")
_TYPES: Final = frozenset({"environment_status", "script_update", "asset_ready"})


class _Envelope(msgspec.Struct):
    data: dict[str, Any]
    seq: int


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


class WorldEvents:
    """Satisfies ``platform.ports.Publisher``: what is told of a world stands in the logs before it goes out.

    An event that is not out yet is told again after a crash, so none is missing in a log; and each stands there once,
    however often it is told.

    Args:
        publisher: the way out.
        resources: say whose a world is.
        store: knows the owner's plugins.
        journal: their logs.
    """

    def __init__(
        self, publisher: Publisher, resources: Resources, store: PluginStore, journal: PluginLog
    ) -> None:
        self._publisher = publisher
        self._resources = resources
        self._store = store
        self._log = journal

    async def publish(
        self, channels: Sequence[str], event: Event, *, exclude: str | None = None
    ) -> Sequence[str]:
        """See the port. While the logs cannot be written, nothing goes out."""
        if event.kept and event.name in _TYPES:
            for channel in channels:
                if channel.startswith(_WORLDS):
                    await self._note(channel.removeprefix(_WORLDS), event)
        return await self._publisher.publish(channels, event, exclude=exclude)

    async def restore(self, channel: str, events: Sequence[Event]) -> None:
        """See the port. What goes back was out before, and stands in the logs."""
        await self._publisher.restore(channel, events)

    async def _note(self, environment_id: str, event: Event) -> None:
        try:
            told = _ENVELOPE.decode(event.data)
        except msgspec.MsgspecError:  # an operator's own, without a number
            return
        try:
            ownership = await self._resources.ownership("environment", environment_id)
            listening = () if ownership is None else await self._store.listening(ownership.owner_id)
            for plugin_id in listening:
                await self._log.world_event(plugin_id, environment_id, told.seq, Draft(event.name, told.data))
        except StorageUnavailable as fault:
            raise PublishFailed(
                f"the logs of plugins cannot be written now: {fault}", retryable=True
            ) from fault
        except Exception:  # ours: a world does not stand still for the logs of plugins
            log.exception("an event of a world is in no log", extra={"environment_id": environment_id})
