"""What a channel has carried, page by page: of what the database keeps as it has it, else as the channel keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from toolboxai.platform.agents.store import AgentStore
from toolboxai.platform.agents.telling import private_channel as private_channel_of_agent
from toolboxai.platform.content.service import ContentService
from toolboxai.platform.plugins.log import PLUGIN_CHANNEL, PluginLog
from toolboxai.platform.ports import Event, KeptEvents
from toolboxai.platform.public_forms import PUBLIC_NAMES
from toolboxai.platform.roblox.run.events import private_channel
from toolboxai.platform.roblox.service import WorldService
from toolboxai.platform.runs.events import envelope

__all__ = ["ChannelHistory", "Page"]

_PRIVATE: Final = (*(name.private for name in PUBLIC_NAMES), PLUGIN_CHANNEL)
_AGENTS: Final = private_channel_of_agent("")
_WORLDS: Final = private_channel("")
_MOST: Final = 2**53  # the largest number that every JSON parser reads exactly
_COMMON: Final = frozenset(name.channel for name in PUBLIC_NAMES)


@dataclass(frozen=True, slots=True)
class Page:
    """Some events of a channel.

    Args:
        items: envelopes with their ``seq``, in order.
        next_cursor: the ``after`` of the next page; None at the end.
    """

    items: Sequence[Mapping[str, Any]]
    next_cursor: int | None


class _Envelope(msgspec.Struct):
    """Of an event that can be asked for by its number; one without any is for those alone who are there."""

    type: str
    data: dict[str, Any]
    timestamp: str
    seq: int


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)


class ChannelHistory:
    """Reads for whoever may; that they may is for the caller to find out.

    Args:
        content: has the events of generations.
        kept: has what channels of environments, plugins and agents keep, and the public names of those.
        worlds: has the events of those environments that are built here.
        plugins: have their logs; of one whose log is empty the channel alone may know something.
        agents: has the events of agents that are registered here.
    """

    def __init__(
        self,
        content: ContentService,
        kept: KeptEvents,
        worlds: WorldService | None = None,
        plugins: PluginLog | None = None,
        agents: AgentStore | None = None,
    ) -> None:
        self._agents = agents
        self._content = content
        self._worlds = worlds
        self._kept = kept
        self._plugins = plugins

    async def page(self, channel: str, *, after: int, limit: int) -> Page:
        """What came after an event.

        Args:
            channel: its name.
            after: number of that event; 0: from the first that is kept. Where many resources tell their events on one
                channel, each with numbers of its own, it is the cursor of the page before.
            limit: so many at most.

        Raises:
            ResourceNotFound: no history is kept for this channel.
        """
        if channel in _COMMON:
            return await self._by_place(channel, after, limit)
        if self._worlds is not None and channel.startswith(_WORLDS):
            told = await self._worlds.told(channel.removeprefix(_WORLDS), after=after, limit=limit + 1)
            if told is not None:
                return _page([(event.seq, envelope(event)) for event in told], limit)
        if self._plugins is not None and channel.startswith(PLUGIN_CHANNEL):
            plugin_id = channel.removeprefix(PLUGIN_CHANNEL)
            entries = await self._plugins.told(plugin_id, after=after, limit=limit + 1)
            if entries or after:
                return _page([(entry.seq, envelope(entry)) for entry in entries], limit)
        if self._agents is not None and channel.startswith(_AGENTS):
            agent_id = channel.removeprefix(_AGENTS)
            if await self._agents.agent(agent_id) is not None:
                said = await self._agents.events(agent_id, after=after, limit=limit + 1)
                return _page([(event.seq, envelope(event)) for event in said], limit)
        if channel.startswith(_PRIVATE):
            return await self._by_number(channel, after, limit)
        stored = await self._content.channel_history(channel, after=after, limit=limit + 1)
        return _page([(event.seq, envelope(event)) for event in stored], limit)

    async def _by_place(self, channel: str, after: int, limit: int) -> Page:
        events = await self._envelopes(channel)
        return _page([(place, said) for place, said in events if place > after], limit)

    async def _by_number(self, channel: str, after: int, limit: int) -> Page:
        """In the order of their numbers, each once: whoever publishes again after a fault publishes the same event."""
        events = {said["seq"]: said for _, said in await self._envelopes(channel)}
        return _page([(seq, events[seq]) for seq in sorted(events) if seq > after], limit)

    async def _envelopes(self, channel: str) -> Sequence[tuple[int, Mapping[str, Any]]]:
        """Place in the channel and envelope of each."""
        kept = await self._kept.kept(channel)
        return [(place, said) for place, event in kept if (said := _read(event)) is not None]


def _page(events: Sequence[tuple[int, Mapping[str, Any]]], limit: int) -> Page:
    shown = events[:limit]
    return Page([said for _, said in shown], shown[-1][0] if len(events) > limit else None)


def _read(event: Event) -> Mapping[str, Any] | None:
    try:
        said: dict[str, Any] = msgspec.structs.asdict(_ENVELOPE.decode(event.data))
    except (msgspec.MsgspecError, RecursionError):
        return None
    return said if said["type"] == event.name and 0 < said["seq"] <= _MOST else None
