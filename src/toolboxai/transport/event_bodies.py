"""What a server library posts in order to publish, read and checked."""

from collections.abc import Sequence
from typing import Final, TypeVar

import msgspec

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.errors import BadChannelName, ChannelsApiError
from toolboxai.ids import SOCKET_ID
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.client_events import event_too_large

__all__ = ["Event", "channel_name", "check_object", "checked_event", "info_names", "read_batch", "read_event"]

T = TypeVar("T")


class _UsualEvent(msgspec.Struct, gc=False):
    """With its data as a string, as server libraries send it."""

    name: str
    data: str
    channels: list[str] | None = None
    channel: str | None = None
    socket_id: str | None = None
    info: str | None = None


class _AnyEvent(msgspec.Struct, gc=False):
    """With data of any kind, or without what it needs."""

    name: str | None = None
    data: msgspec.Raw = msgspec.Raw()
    channels: list[str] | None = None
    channel: str | None = None
    socket_id: str | None = None
    info: str | None = None


class _UsualBatch(msgspec.Struct, gc=False):
    batch: list[_UsualEvent]


class _AnyBatch(msgspec.Struct, gc=False):
    batch: list[_AnyEvent]


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event that may be published.

    Args:
        channels: where, each once.
        name: of the event.
        data: as it goes out.
        socket_id: the connection that is not to get it.
        info: the attributes of the channels that the answer is to tell.
    """

    channels: list[ChannelName]
    name: str
    data: str
    socket_id: str | None
    info: frozenset[str]


_usual_event = msgspec.json.Decoder(_UsualEvent).decode
_any_event = msgspec.json.Decoder(_AnyEvent)
_usual_batch = msgspec.json.Decoder(_UsualBatch).decode
_any_batch = msgspec.json.Decoder(_AnyBatch)
_object = msgspec.json.Decoder(dict[str, msgspec.Raw])
_string = msgspec.json.Decoder(str)


def read_event(app: App, body: bytes) -> Event:
    """The event of ``POST events``.

    Raises:
        ChannelsApiError: 400 or 413.
    """
    event: _UsualEvent | _AnyEvent
    try:
        event = _usual_event(body)
    except _UNUSUAL:
        event = _decode(_any_event, body)
    return _checked(app, event)


def read_batch(app: App, body: bytes) -> list[Event]:
    """The events of ``POST batch_events``, all of them checked.

    Raises:
        ChannelsApiError: 400 or 413, for the first that is wrong.
    """
    batch: Sequence[_UsualEvent | _AnyEvent]
    try:
        batch = _usual_batch(body).batch
    except _UNUSUAL:
        batch = _decode(_any_batch, body).batch
    if len(batch) > limits.BATCH_EVENTS:
        raise ChannelsApiError(400, f"Batch too large ({len(batch)} > {limits.BATCH_EVENTS})")
    if not batch:
        raise ChannelsApiError(400, "Missing required parameter: batch")
    for item in batch:
        if not item.channel:
            raise ChannelsApiError(400, "Missing required parameter: channel")
        item.channels = None
    return [_checked(app, item) for item in batch]


def check_object(body: bytes) -> None:
    """The body of a call that takes no parameters: nothing, or a JSON object.

    Raises:
        ChannelsApiError: 400.
    """
    if body:
        _decode(_object, body)


def channel_name(app: App, name: str) -> ChannelName:
    """A channel that a server library names.

    Raises:
        ChannelsApiError: 400.
    """
    try:
        return ChannelName.parse(name, max_chars=app.channel_name_chars)
    except BadChannelName as fault:
        raise ChannelsApiError(400, f"Invalid channel name: {fault}") from fault


def info_names(info: str | None) -> frozenset[str]:
    """The attributes that ``info`` asks for."""
    return frozenset(info.split(",")) if info else frozenset()


_NO_INFO: Final[frozenset[str]] = frozenset()
_UNUSUAL: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def _decode(decoder: "msgspec.json.Decoder[T]", body: bytes) -> T:
    try:
        return decoder.decode(body)
    except _UNUSUAL as fault:
        raise ChannelsApiError(400, f"The body is not the JSON that this call takes: {fault}") from fault


def _data(body: _AnyEvent) -> str:
    """Data as it goes out: a string as it is, anything else as the JSON text that was sent."""
    raw = bytes(body.data)
    if not raw or raw == b"null":
        raise ChannelsApiError(400, "Missing required parameter: data")
    try:
        return _string.decode(raw) if raw.startswith(b'"') else raw.decode()
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ChannelsApiError(400, f"The data is not UTF-8 JSON: {fault}") from fault


def _checked(app: App, body: _UsualEvent | _AnyEvent) -> Event:
    if not body.name:
        raise ChannelsApiError(400, "Missing required parameter: name")
    data = body.data if isinstance(body, _UsualEvent) else _data(body)
    names = body.channels if body.channels is not None else [body.channel] if body.channel else []
    return checked_event(app, names, body.name, data, socket_id=body.socket_id, info=body.info)


def checked_event(
    app: App,
    names: Sequence[str],
    event: str,
    data: str,
    *,
    socket_id: str | None = None,
    info: str | None = None,
) -> Event:
    """One event as it may be published.

    Args:
        app: whose limits count.
        names: of channels, 1 to 100.
        event: its name.
        data: as it goes out.
        socket_id: the connection that is not to get it.
        info: attributes that are asked for, with commas between.

    Raises:
        ChannelsApiError: 400 or 413; nothing has been published then.
    """
    if len(event) > limits.EVENT_NAME_CHARS:
        raise ChannelsApiError(
            400, f"Event name too long ({len(event)} > {limits.EVENT_NAME_CHARS} characters)"
        )
    if event.startswith(("pusher:", "pusher_internal:")):
        raise ChannelsApiError(400, "Event names may not begin with 'pusher:' or 'pusher_internal:'")
    if not names:
        raise ChannelsApiError(400, "Missing required parameter: channels")
    if len(names) > limits.CHANNELS_PER_EVENT:
        raise ChannelsApiError(400, f"Too many channels ({len(names)} > {limits.CHANNELS_PER_EVENT})")
    if len(names) == 1:
        channels = [channel_name(app, names[0])]
    else:
        channels = [channel_name(app, name) for name in dict.fromkeys(names)]
    if socket_id is not None and not SOCKET_ID.fullmatch(socket_id):
        raise ChannelsApiError(400, f"Invalid socket id: {socket_id[:100]!r}; use digits.digits")
    if len(data) * 4 > app.event_bytes and len(data.encode()) > app.event_bytes:
        raise ChannelsApiError(413, event_too_large(app.event_bytes))
    return Event(channels, event, data, socket_id, info_names(info) if info else _NO_INFO)
