"""Text messages of the Channels protocol, as a client reads and writes them."""

from typing import Any

import msgspec

from toolboxai.client.effects import Event

__all__ = ["Frame", "decode", "encode", "event_of", "inner"]


class Frame(msgspec.Struct, frozen=True):
    """What a server says. Unknown members are passed over."""

    event: str
    channel: str | None = None
    data: Any = None
    user_id: str | int | None = None  # soketi passes on what the application has, and some have numbers


_decoder = msgspec.json.Decoder(Frame)


def decode(text: str | bytes) -> Frame | None:
    """The message, or None when it is none."""
    try:
        return _decoder.decode(text)
    except (msgspec.DecodeError, RecursionError):  # the latter: brackets nested by the thousand
        return None


def encode(event: str, data: Any, channel: str | None = None) -> str:
    """The text of a message to the server."""
    message = {"event": event, "data": data}
    if channel is not None:
        message["channel"] = channel
    return msgspec.json.encode(message).decode()


def inner(data: Any) -> Any:
    """The data of a message: text that is JSON is decoded once, any other text stays as it is.

    So does JSON that is nested too deep to decode: whoever may publish must not be able to end the subscribers.
    """
    if not isinstance(data, str):
        return data
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return data


def event_of(name: str, channel: str, data: Any, user_id: str | int | None = None) -> Event:
    """The event for the user; its number is that of the platform's envelope, when there is one."""
    # Others may publish a member of that name, which counts nothing.
    seq = data.get("seq") if isinstance(data, dict) and data.get("type") == name else None
    who = None if user_id is None else str(user_id)
    return Event(name, channel, data, seq if type(seq) is int else None, who)
