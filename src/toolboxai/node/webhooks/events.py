"""Event objects and bodies, byte for byte as they are posted (protocol 6)."""

import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

import msgspec

from toolboxai.node.webhooks.store import Announcement

__all__ = ["Noted", "body_of", "events_in", "noted", "restamped"]

_encode: Final = msgspec.json.Encoder().encode
_STAMP: Final = re.compile(r'^\{"time_ms":[0-9]+')


class Noted(NamedTuple):
    """Something that has happened.

    Args:
        app_id: to which app.
        name: one of WEBHOOK_EVENTS.
        channel: where.
        text: the event object, as JSON.
        announcement: what the far side knows from then on.
    """

    app_id: str
    name: str
    channel: str
    text: str
    announcement: Announcement | None = None


def noted(
    app_id: str, name: str, channel: str, *, announcement: Announcement | None = None, **fields: Any
) -> Noted:
    """Something that has happened, with the further fields of its event object; None leaves one out."""
    shown = {field: value for field, value in fields.items() if value is not None}
    text = _encode({"name": name, "channel": channel, **shown}).decode()
    return Noted(app_id, name, channel, text, announcement)


def body_of(time: float, events: Iterable[str]) -> str:
    """The body of a webhook.

    Args:
        time: unix seconds.
        events: event objects as JSON.
    """
    return f'{{"time_ms":{int(time * 1000)},"events":[{",".join(events)}]}}'


def restamped(body: str, time: float) -> str:
    """The same events with another time, for a replay."""
    return _STAMP.sub(f'{{"time_ms":{int(time * 1000)}', body, count=1)


def events_in(body: str) -> list[dict[str, Any]]:
    """The event objects of a body."""
    events: list[dict[str, Any]] = msgspec.json.decode(body)["events"]
    return events
