"""Text to messages and back. The decoders and the encoder are made once."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from toolboxai.errors import RemoteProtocolError

__all__ = [
    "ClientMessage",
    "SigninData",
    "SubscribeData",
    "UnsubscribeData",
    "compact",
    "decode_message",
    "decode_signin",
    "decode_subscribe",
    "decode_unsubscribe",
    "encode_error",
    "encode_established",
    "encode_event",
    "encode_members",
    "encode_message",
    "encode_nested",
    "encode_watchlist",
    "member_data",
    "scalar_at",
    "text_or_none",
]

T = TypeVar("T")
INVALID = "Invalid message format"
_NULL = msgspec.Raw(b"null")


class ClientMessage(msgspec.Struct, frozen=True, gc=False):
    """What a client says; `data` is read only by whoever knows its shape."""

    event: str
    data: msgspec.Raw = msgspec.Raw()
    channel: str | None = None


class SubscribeData(msgspec.Struct, frozen=True, gc=False):
    """The data of ``pusher:subscribe``; the rest beside the name counts on channels with a signature only."""

    channel: str
    auth: msgspec.Raw = msgspec.Raw()
    channel_data: msgspec.Raw = msgspec.Raw()


class UnsubscribeData(msgspec.Struct, frozen=True, gc=False):
    """The data of ``pusher:unsubscribe``."""

    channel: str


class SigninData(msgspec.Struct, frozen=True, gc=False):
    """The data of ``pusher:signin``; ``user_data`` is JSON text, signed byte for byte."""

    auth: str
    user_data: str


class _Event(msgspec.Struct, omit_defaults=True, gc=False):
    event: str
    channel: str
    data: str
    user_id: str | None = None


_encoder = msgspec.json.Encoder()
_message = msgspec.json.Decoder(ClientMessage)
_subscribe = msgspec.json.Decoder(SubscribeData)
_unsubscribe = msgspec.json.Decoder(UnsubscribeData)
_signin = msgspec.json.Decoder(SigninData)
_anything = msgspec.json.Decoder()
_string = msgspec.json.Decoder(str)


def decode_message(text: bytes) -> ClientMessage:
    """Read a client's message.

    Raises:
        RemoteProtocolError: not JSON, not an object, or without a string ``event``.
    """
    try:
        return _message.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise RemoteProtocolError(INVALID) from fault


def decode_subscribe(data: msgspec.Raw) -> SubscribeData:
    """Read the data of a subscribe, whether it came as an object or as a string that holds one.

    Raises:
        RemoteProtocolError: no channel, or one that is not a string.
    """
    return _inner(data, _subscribe)


def decode_unsubscribe(data: msgspec.Raw) -> UnsubscribeData:
    """Read the data of an unsubscribe; as `decode_subscribe`."""
    return _inner(data, _unsubscribe)


def decode_signin(data: msgspec.Raw) -> SigninData:
    """Read the data of a signin; as `decode_subscribe`."""
    return _inner(data, _signin)


def _inner(data: msgspec.Raw, decoder: "msgspec.json.Decoder[T]") -> T:
    try:
        raw = bytes(data)
        if raw.startswith(b'"'):
            raw = _string.decode(raw).encode()
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise RemoteProtocolError(INVALID) from fault


def text_or_none(raw: msgspec.Raw) -> str | None:
    """A field that is a string, or null, or left out.

    Raises:
        ValueError: it is anything else.
    """
    text = bytes(raw)
    if not text or text == b"null":
        return None
    if not text.startswith(b'"'):
        raise ValueError("not a string")
    return _string.decode(text)


def compact(data: msgspec.Raw) -> str:
    """Data as the string that goes to subscribers: a string as it is, anything else encoded once.

    Raises:
        RemoteProtocolError: not JSON.
    """
    raw = bytes(data)
    if not raw:
        return "null"
    try:
        if raw.startswith(b'"'):
            return _string.decode(raw)
        return _encoder.encode(_anything.decode(raw)).decode()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as fault:
        raise RemoteProtocolError(INVALID) from fault


def scalar_at(text: str, path: str) -> str | int | float | bool | None:
    """The value at a dotted path in JSON text; None where there is none, or no plain one."""
    try:
        value = _anything.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str | int | float | bool) else None


def encode_event(event: str, channel: str, data: str, user_id: str | None = None) -> bytes:
    """An event on a channel, or a message of the protocol on one; `data` goes out as the string it is."""
    return _encoder.encode(_Event(event, channel, data, user_id))


def encode_message(event: str, data: object, channel: str | None = None) -> bytes:
    """A message of the protocol whose ``data`` is an object (``pusher:error``, ``pusher:pong``)."""
    message: dict[str, object] = {"event": event}
    if channel is not None:
        message["channel"] = channel
    message["data"] = data
    return _encoder.encode(message)


def encode_nested(event: str, data: object, channel: str | None = None) -> bytes:
    """A message whose ``data`` is a string holding JSON, as most stock clients demand."""
    return encode_message(event, _encoder.encode(data).decode(), channel)


def encode_established(socket_id: str, activity_timeout_s: int) -> bytes:
    """``pusher:connection_established``: `encode_nested` for what every connection hears first, without its detours."""
    data = f'{{\\"socket_id\\":\\"{socket_id}\\",\\"activity_timeout\\":{activity_timeout_s}}}'  # digits and a dot
    return f'{{"event":"pusher:connection_established","data":"{data}"}}'.encode()


def encode_members(channel: str, members: Mapping[str, str | None]) -> bytes:
    """``pusher_internal:subscription_succeeded`` of a presence channel.

    Args:
        channel: its name.
        members: the JSON text of each user's info by the user's id; None where none was given.
    """
    infos = {
        user_id: _NULL if info is None else msgspec.Raw(info.encode()) for user_id, info in members.items()
    }
    presence = {"ids": list(members), "hash": infos, "count": len(members)}
    return encode_nested("pusher_internal:subscription_succeeded", {"presence": presence}, channel)


def member_data(user_id: str, user_info: str | None) -> str:
    """The data of ``pusher_internal:member_added``; a member without info has no ``user_info``."""
    member: dict[str, object] = {"user_id": user_id}
    if user_info is not None:
        member["user_info"] = msgspec.Raw(user_info.encode())
    return _encoder.encode(member).decode()


def encode_watchlist(*, online: Sequence[str] = (), offline: Sequence[str] = ()) -> bytes:
    """``pusher_internal:watchlist_events``: who of a watchlist is, or has just come or gone; empty groups are left out."""
    groups = (("online", online), ("offline", offline))
    events = [{"name": name, "user_ids": list(user_ids)} for name, user_ids in groups if user_ids]
    return encode_nested("pusher_internal:watchlist_events", {"events": events})


def encode_error(message: str, code: int | None = None) -> bytes:
    """``pusher:error``; its data is an object, and a null code leaves every client connected."""
    return encode_message("pusher:error", {"code": code, "message": message})
