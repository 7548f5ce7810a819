"""The calls of an application, checked and signed; what is left to do is carried out below."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from toolboxai import limits
from toolboxai.channels.interface import Channels, ChannelState, Event
from toolboxai.channels.signing import Signer, text_of
from toolboxai.errors import BadUserId, ChannelsApiError
from toolboxai.protocol.channel import ChannelKind, ChannelName
from toolboxai.protocol.user_id import check_user_id
from toolboxai.transport.event_bodies import Event as CheckedEvent
from toolboxai.transport.event_bodies import channel_name

__all__ = ["CheckedChannels"]


class CheckedChannels(Signer, ABC):
    """Satisfies ``Channels`` on top of what can only be done by a server, or by whoever stands for one."""

    # ---- left to do -----------------------------------------------------------------------------------------

    @abstractmethod
    async def _publish(self, event: CheckedEvent, text: str) -> Sequence[str]:
        """Publish what was checked, and return the ids; `text` is its data before it was encrypted."""

    @abstractmethod
    async def _terminate(self, user_id: str) -> None:
        """Close the connections that are signed in as this user."""

    @abstractmethod
    async def occupied(self, prefix: str = "") -> Sequence[str]:
        """See ``Channels``."""

    @abstractmethod
    async def _state(self, channel: ChannelName) -> ChannelState:
        """Who is on the channel."""

    # ---- what the application calls -------------------------------------------------------------------------

    def dependency(self) -> Channels:
        """For ``Depends(channels.dependency)``; tests put a fake in its place."""
        return self

    async def trigger(
        self, channels: str | Sequence[str], event: str, data: Any, *, socket_id: str | None = None
    ) -> Sequence[str]:
        """See ``Channels``."""
        text = text_of(data)
        return await self._publish(self.checked(channels, event, text, socket_id), text)

    async def trigger_batch(self, events: Sequence[Event]) -> Sequence[str]:
        """See ``Channels``."""
        if len(events) > limits.BATCH_EVENTS:
            raise ChannelsApiError(400, f"Batch too large ({len(events)} > {limits.BATCH_EVENTS})")
        texts = [text_of(each.data) for each in events]
        checked = [
            self.checked(each.channel, each.name, text, each.socket_id)
            for each, text in zip(events, texts, strict=True)
        ]
        return [
            each
            for event, text in zip(checked, texts, strict=True)
            for each in await self._publish(event, text)
        ]

    async def send_to_user(self, user_id: str, event: str, data: Any) -> Sequence[str]:
        """See ``Channels``."""
        return await self.trigger(f"{ChannelKind.SERVER_TO_USER.value.prefix}{user_id}", event, data)

    async def terminate_connections(self, user_id: str) -> None:
        """See ``Channels``."""
        try:
            check_user_id(user_id)
        except BadUserId as fault:
            raise ChannelsApiError(400, f"Invalid user id: {fault}") from fault
        await self._terminate(user_id)

    async def state(self, channel: str) -> ChannelState:
        """See ``Channels``."""
        return await self._state(channel_name(self._app, channel))
