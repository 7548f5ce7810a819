"""Channels without a server: what is triggered is remembered, what is signed is signed for real."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from toolboxai.apps.app import App, AppKey
from toolboxai.channels.interface import Authorization, Channels, ChannelState, Event, Identity
from toolboxai.channels.signing import Signer
from toolboxai.errors import BadUserId, ChannelsApiError
from toolboxai.protocol.channel import ChannelKind, ChannelName
from toolboxai.protocol.user_id import check_user_id
from toolboxai.transport.event_bodies import channel_name

__all__ = ["FakeChannels", "Triggered"]

_ANY: Final = object()
_USER: Final = ChannelKind.SERVER_TO_USER.value.prefix


@dataclass(frozen=True, slots=True)
class Triggered:
    """One event on one channel, as it was triggered.

    Args:
        channel: where.
        event: its name.
        data: as the application gave it.
        socket_id: who was left out.
    """

    channel: str
    event: str
    data: Any
    socket_id: str | None = None

    def __str__(self) -> str:
        left_out = f", without {self.socket_id}" if self.socket_id else ""
        return f"{self.event!r} on {self.channel!r} with {self.data!r}{left_out}"


class FakeChannels:
    """Satisfies ``Channels`` without a server; names, sizes and ids are checked as the server checks them.

    Args:
        key: of the app; authorisations begin with it.
        secret: of the app; signs authorisations.
        encryption_master_key_base64: 32 bytes in base64, for encrypted channels.
        settings: any field of ``App``.

    Attributes:
        triggered: everything in order, one entry for each channel.
        terminated: ids of the users whose connections were to be closed.
    """

    def __init__(
        self,
        *,
        key: str = "fake-key",
        secret: str = "fake-secret",  # noqa: S107 - guards nothing
        encryption_master_key_base64: str | None = None,
        **settings: Any,
    ) -> None:
        self._app = App(id="1", keys=(AppKey(key, secret),), **settings)
        self._signer = Signer(self._app, encryption_master_key_base64)
        self._states: dict[str, ChannelState] = {}
        self.triggered: list[Triggered] = []
        self.terminated: list[str] = []

    def clear(self) -> None:
        """Forget what was triggered and terminated."""
        self.triggered.clear()
        self.terminated.clear()

    def occupy(self, channel: str, *, subscriptions: int = 1, users: Sequence[str] = ()) -> None:
        """Have `occupied` and `state` tell of subscribers that a test wants to be there."""
        self._states[channel] = ChannelState(subscriptions, tuple(users))

    # ---- what an application does ---------------------------------------------------------------------------

    def dependency(self) -> Channels:
        """As that of the server."""
        return self

    async def trigger(
        self, channels: str | Sequence[str], event: str, data: Any, *, socket_id: str | None = None
    ) -> None:
        """See ``Channels``."""
        checked = self._signer.checked(channels, event, data, socket_id)
        self.triggered += [Triggered(channel.text, event, data, socket_id) for channel in checked.channels]

    async def trigger_batch(self, events: Sequence[Event]) -> None:
        """See ``Channels``."""
        if len(events) > 10:
            raise ChannelsApiError(400, f"Batch too large ({len(events)} > 10)")
        for each in events:
            self._signer.checked(each.channel, each.name, each.data, each.socket_id)
        for each in events:
            await self.trigger(each.channel, each.name, each.data, socket_id=each.socket_id)

    async def send_to_user(self, user_id: str, event: str, data: Any) -> None:
        """See ``Channels``."""
        await self.trigger(f"{_USER}{user_id}", event, data)

    def authorize(
        self,
        socket_id: str,
        channel: str,
        *,
        user_id: str | None = None,
        user_info: Mapping[str, Any] | None = None,
        expires_at: float | None = None,
    ) -> Authorization:
        """See ``Channels``."""
        return self._signer.authorize(
            socket_id, channel, user_id=user_id, user_info=user_info, expires_at=expires_at
        )

    def authenticate(
        self,
        socket_id: str,
        user_id: str,
        *,
        user_info: Mapping[str, Any] | None = None,
        watchlist: Sequence[str] = (),
    ) -> Identity:
        """See ``Channels``."""
        return self._signer.authenticate(socket_id, user_id, user_info=user_info, watchlist=watchlist)

    async def terminate_connections(self, user_id: str) -> None:
        """See ``Channels``."""
        try:
            self.terminated.append(check_user_id(user_id))
        except BadUserId as fault:
            raise ChannelsApiError(400, f"Invalid user id: {fault}") from fault

    async def occupied(self, prefix: str = "") -> Sequence[str]:
        """See ``Channels``; those that `occupy` named."""
        return [name for name, state in self._states.items() if state.occupied and name.startswith(prefix)]

    async def state(self, channel: str) -> ChannelState:
        """See ``Channels``; as `occupy` said."""
        name: ChannelName = channel_name(self._app, channel)
        return self._states.get(name.text, ChannelState(0))

    # ---- what a test asks -----------------------------------------------------------------------------------

    def events(self, channel: str, event: str | None = None) -> list[Triggered]:
        """What was triggered on this channel, and perhaps by this name."""
        return [each for each in self.triggered if each.channel == channel and event in (None, each.event)]

    def assert_triggered(
        self, channel: str, event: str, data: Any = _ANY, *, times: int | None = None
    ) -> Triggered:
        """Fail unless this was triggered.

        Args:
            channel: where.
            event: its name.
            data: what it carried, compared as JSON; left out: anything.
            times: how often exactly; left out: at least once.

        Returns:
            The last of them.

        Raises:
            AssertionError: with everything that was triggered.
        """
        found = [each for each in self.events(channel, event) if data is _ANY or _same(each.data, data)]
        if not found or (times is not None and len(found) != times):
            wanted = f"{event!r} on {channel!r}" + ("" if data is _ANY else f" with {data!r}")
            often = "" if times is None else f" {times} times"
            raise AssertionError(f"{wanted} was not triggered{often} (found {len(found)}); {self._told()}")
        return found[-1]

    def assert_not_triggered(self, channel: str | None = None, event: str | None = None) -> None:
        """Fail if anything was triggered: at all, on this channel, or by this name on it.

        Raises:
            AssertionError: with everything that was triggered.
        """
        found = [
            each for each in self.triggered if channel in (None, each.channel) and event in (None, each.event)
        ]
        if found:
            raise AssertionError(f"{found[0]} was triggered; {self._told()}")

    def _told(self) -> str:
        if not self.triggered:
            return "nothing was triggered"
        return "triggered were:\n" + "\n".join(f"  {each}" for each in self.triggered)


def _same(one: Any, other: Any) -> bool:
    """Whether subscribers would be sent the same."""
    if one == other:
        return True
    try:
        return bool(json.loads(json.dumps(one)) == json.loads(json.dumps(other)))
    except (TypeError, ValueError):
        return False
