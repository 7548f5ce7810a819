"""What happens on channels, told to whoever posts it on. Nothing here waits."""

from collections.abc import Callable
from typing import Protocol

__all__ = ["Happenings", "Observer"]


class Observer(Protocol):
    """Takes note. Its calls return at once and never raise: whoever makes them has connections to serve."""

    def occupied(self, app_id: str, channel: str) -> None:
        """The channel has its first subscriber."""
        ...

    def vacated(self, app_id: str, channel: str) -> None:
        """The last has gone."""
        ...

    def member_added(self, app_id: str, channel: str, user_id: str) -> None:
        """A user has come to a presence channel with its first connection."""
        ...

    def member_removed(self, app_id: str, channel: str, user_id: str) -> None:
        """A user's last connection has left a presence channel."""
        ...

    def client_event(
        self, app_id: str, channel: str, event: str, data: str, socket_id: str, user_id: str | None
    ) -> None:
        """A client has published; `user_id` on presence channels only."""
        ...

    def cache_missed(self, app_id: str, channel: str) -> None:
        """A newcomer found the channel's cache empty."""
        ...

    def cache_filled(self, app_id: str, channel: str) -> None:
        """The channel's cache has an event."""
        ...

    def counted(self, app_id: str, channel: str, subscriptions: int) -> None:
        """The number of the channel's subscribers has been told."""
        ...

    def sweep(self) -> None:
        """See to what is due; called every second or so."""
        ...


class Happenings:
    """Hands what happens to the observer; without one, each call is a look at an empty place.

    Attributes:
        observer: whoever runs the node sets it, before there are connections.
        client_events: whoever takes what clients say sets it, too: called with the app's id, the channel, the event's
            name, its data and the sender's socket id; as an observer's calls, it returns at once and never raises.
    """

    __slots__ = ("client_events", "observer")

    def __init__(self) -> None:
        self.observer: Observer | None = None
        self.client_events: Callable[[str, str, str, str, str], None] | None = None

    def occupied(self, app_id: str, channel: str) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.occupied(app_id, channel)

    def vacated(self, app_id: str, channel: str) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.vacated(app_id, channel)

    def member_added(self, app_id: str, channel: str, user_id: str) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.member_added(app_id, channel, user_id)

    def member_removed(self, app_id: str, channel: str, user_id: str | None) -> None:
        """See `Observer`; None: nobody has gone."""
        if self.observer is not None and user_id is not None:
            self.observer.member_removed(app_id, channel, user_id)

    def client_event(
        self, app_id: str, channel: str, event: str, data: str, socket_id: str, user_id: str | None
    ) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.client_event(app_id, channel, event, data, socket_id, user_id)
        if self.client_events is not None:
            self.client_events(app_id, channel, event, data, socket_id)

    def cache_missed(self, app_id: str, channel: str) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.cache_missed(app_id, channel)

    def cache_filled(self, app_id: str, channel: str) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.cache_filled(app_id, channel)

    def counted(self, app_id: str, channel: str, subscriptions: int) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.counted(app_id, channel, subscriptions)

    def sweep(self) -> None:
        """See `Observer`."""
        if self.observer is not None:
            self.observer.sweep()
