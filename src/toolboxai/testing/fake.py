"""Channels without a server: what is triggered is remembered, what is signed is signed for real."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from toolboxai.apps.app import App, AppKey
from toolboxai.channels.checked import CheckedChannels
from toolboxai.channels.interface import ChannelState
from toolboxai.channels.signing import text_of
from toolboxai.protocol.channel import ChannelName
from toolboxai.transport.event_bodies import Event

__all__ = ["FakeChannels", "Triggered"]

_ANY: Final = object()


@dataclass(frozen=True, slots=True)
class Triggered:
    """One event on one channel, as it was triggered.

    Args:
        channel: where.
        event: its name.
        data: as a page's handler is given it: read from JSON where it is JSON, else the text.
        socket_id: who was left out.
    """

    channel: str
    event: str
    data: Any
    socket_id: str | None = None

    def __str__(self) -> str:
        left_out = f", without {self.socket_id}" if self.socket_id else ""
        return f"{self.event!r} on {self.channel!r} with {self.data!r}{left_out}"


class FakeChannels(CheckedChannels):
    """Satisfies ``Channels`` without a server; names, sizes and ids are checked as the server checks them.

    Args:
        key: of the app; authorisations begin with it.
        secret: of the app; signs authorisations.
        encryption_master_key_base64: 32 bytes in base64, for encrypted channels.
        settings: any other field of ``App``.

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
        app = App(id="1", keys=(AppKey(key, secret),), **settings)
        super().__init__(app, encryption_master_key_base64)
        self._states: dict[str, ChannelState] = {}
        self._published = 0
        self.triggered: list[Triggered] = []
        self.terminated: list[str] = []

    def clear(self) -> None:
        """Forget what was triggered and terminated."""
        self.triggered.clear()
        self.terminated.clear()

    def occupy(self, channel: str, *, subscriptions: int = 1, users: Sequence[str] = ()) -> None:
        """Have `occupied` and `state` tell of subscribers that a test wants to be there."""
        self._states[channel] = ChannelState(subscriptions, tuple(users))

    # ---- what is left to do ---------------------------------------------------------------------------------

    async def _publish(self, event: Event, text: str) -> Sequence[str]:
        ids = []
        for channel in event.channels:
            self.triggered.append(Triggered(channel.text, event.name, _read(text), event.socket_id))
            self._published += 1
            ids.append(f"fake:{self._published}")
        return ids

    async def _terminate(self, user_id: str) -> None:
        self.terminated.append(user_id)

    async def occupied(self, prefix: str = "") -> Sequence[str]:
        """See ``Channels``; those that `occupy` named."""
        return [name for name, state in self._states.items() if state.occupied and name.startswith(prefix)]

    async def _state(self, channel: ChannelName) -> ChannelState:
        return self._states.get(channel.text, ChannelState(0))

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
            data: what it carried, compared as subscribers see it; left out: anything.
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


def _read(text: str) -> Any:
    """What a page's handler is given."""
    try:
        return json.loads(text, parse_constant=_no_number)
    except ValueError:
        return text


def _same(triggered: Any, wanted: Any) -> bool:
    """Whether a page is given the same: JSON tells ``true`` from ``1``, and a page has one kind of number."""
    return _canonical(triggered) == _canonical(_read(text_of(wanted)))


def _canonical(data: Any) -> str:
    return json.dumps(json.loads(json.dumps(data), parse_int=float), sort_keys=True)


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
