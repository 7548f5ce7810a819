"""From what happened to deliveries: filtered by each rule, alone or gathered."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.apps.webhooks import WebhookRule
from toolboxai.ids import Dice, new_token
from toolboxai.node.webhooks.events import Noted, body_of
from toolboxai.node.webhooks.hold import Key
from toolboxai.node.webhooks.store import Address, Announcement, Delivery, State

__all__ = ["AppOf", "Gathered", "Gathering"]

AppOf = Callable[[str], App | None]
"""The app with this id, as it is now."""

BATCH_CHARS: Final = 256 * 1024  # a body ends with the event that passes this; receivers read it whole


@dataclass(slots=True)
class _Batch:
    """A body that is still gathered."""

    id: str
    key: str
    opened_at: float
    due: float
    events: list[str] = field(default_factory=list)
    channels: dict[str, None] = field(default_factory=dict)
    chars: int = 0

    def add(self, event: Noted) -> None:
        self.events.append(event.text)
        self.channels[event.channel] = None
        self.chars += len(event.text)

    @property
    def full(self) -> bool:
        return len(self.events) >= limits.WEBHOOK_BATCH_EVENTS or self.chars >= BATCH_CHARS


class Gathered(NamedTuple):
    """What some events have come to.

    Args:
        deliveries: to write down.
        announcements: to write down with them.
        dropped: so many more deliveries there would be, were there room for them.
    """

    deliveries: list[Delivery]
    announcements: list[Announcement]
    dropped: int = 0


class Gathering:
    """Makes deliveries; one body carries events of one app for one address.

    Args:
        app_of: whose rules and keys count, looked up each time.
        dice: for ids.
    """

    def __init__(self, app_of: AppOf, dice: Dice) -> None:
        self._app_of = app_of
        self._dice = dice
        self._open: dict[Address, _Batch] = {}

    @property
    def next_due(self) -> float | None:
        """When the next body has gathered long enough, unix seconds."""
        return min((batch.due for batch in self._open.values()), default=None)

    def add(self, events: Iterable[Noted], now: float, *, full: Collection[Address] = ()) -> Gathered:
        """What to write down for these events.

        Args:
            events: in order.
            now: unix seconds.
            full: addresses for which so much waits that no more is taken.
        """
        dropped = 0
        deliveries: list[Delivery] = []
        announcements: list[Announcement] = []
        touched: dict[Address, None] = {}
        for event in events:
            app = self._app_of(event.app_id)
            rules: Sequence[WebhookRule] = () if app is None else app.webhooks
            for rule in rules:
                if app is None or not rule.wants(event.name, event.channel):
                    continue
                place = (app.id, rule.url)
                if place in full:
                    dropped += 1
                    continue
                if not rule.batch_ms and place not in self._open:
                    deliveries.append(self._alone(app, rule, event, now))
                    continue
                batch = self._open.get(place) or self._opened(app, rule, now)
                self._open[place] = batch
                batch.add(event)
                touched[place] = None
                if batch.full:
                    deliveries.append(self._closed(place, now))
                    del touched[place]
            change = event.announcement
            if change is not None and (not change.there or _cares(rules, change.key)):
                announcements.append(change)
        deliveries += [_delivery(place, self._open[place], State.GATHERING) for place in touched]
        return Gathered(deliveries, announcements, dropped)

    def close(self, now: float) -> list[Delivery]:
        """Bodies that have gathered long enough."""
        return [self._closed(place, now) for place, batch in tuple(self._open.items()) if batch.due <= now]

    def close_all(self, now: float) -> list[Delivery]:
        """Every body, whether it has gathered long enough or not."""
        return [self._closed(place, now) for place in tuple(self._open)]

    def _opened(self, app: App, rule: WebhookRule, now: float) -> _Batch:
        return _Batch(self._new_id(), app.key, now, now + rule.batch_ms / 1000)

    def _closed(self, place: Address, now: float) -> Delivery:
        batch = self._open.pop(place)
        batch.due = min(batch.due, now)
        return _delivery(place, batch, State.PENDING)

    def _alone(self, app: App, rule: WebhookRule, event: Noted, now: float) -> Delivery:
        body = body_of(now, (event.text,))
        return Delivery(
            self._new_id(), app.id, rule.url, (event.channel,), body, app.key, now, now, State.PENDING
        )

    def _new_id(self) -> str:
        return new_token(self._dice, "wh_")


def _delivery(place: Address, batch: _Batch, state: State) -> Delivery:
    app_id, url = place
    body = body_of(batch.opened_at, batch.events)
    return Delivery(
        batch.id, app_id, url, tuple(batch.channels), body, batch.key, batch.opened_at, batch.due, state
    )


def _cares(rules: Sequence[WebhookRule], key: Key) -> bool:
    """Whether anyone is told of this coming or of the going."""
    names = ("member_added", "member_removed") if key.user_id else ("channel_occupied", "channel_vacated")
    return any(rule.wants(name, key.channel) for rule in rules for name in names)
