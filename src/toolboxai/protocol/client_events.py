"""May this connection send that event to the others on a channel? Every check of a client event, in order."""

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.errors import BadChannelName, RemoteProtocolError
from toolboxai.protocol import codec
from toolboxai.protocol.channel import ChannelName, kind_of

__all__ = ["checked_channel", "checked_data", "event_too_large", "not_subscribed"]


def checked_channel(app: App, message: codec.ClientMessage) -> ChannelName:
    """The channel of a client event that may be sent there.

    Raises:
        RemoteProtocolError: with the text of hosted Pusher, where it has one.
    """
    if not app.client_events:
        raise RemoteProtocolError(
            "To send client events, you must enable this feature in the Settings page of your dashboard."
        )
    if len(message.event) > limits.EVENT_NAME_CHARS:
        raise RemoteProtocolError(
            f"Client event rejected - the event's name has {len(message.event)} characters, "
            f"at most {limits.EVENT_NAME_CHARS} are allowed"
        )
    raw = message.channel or ""
    try:
        channel = ChannelName.parse(raw, max_chars=app.channel_name_chars)
    except BadChannelName as fault:
        if kind_of(raw).value.client_events:
            raise RemoteProtocolError(not_subscribed(raw[: app.channel_name_chars])) from fault
        channel = None
    if channel is None or not channel.facts.client_events:
        raise RemoteProtocolError("Client event rejected - only supported on private and presence channels")
    return channel


def checked_data(app: App, message: codec.ClientMessage) -> str:
    """The data as the string that goes out.

    Raises:
        RemoteProtocolError: too large, or no JSON.
    """
    data = codec.compact(message.data)
    size = len(data) if data.isascii() else len(data.encode())
    if size > app.event_bytes:
        raise RemoteProtocolError(event_too_large(app.event_bytes))
    return data


def not_subscribed(channel: str) -> str:
    """The text of hosted Pusher for an event of a client that is not on the channel."""
    return f"Cannot broadcast client event (connection not subscribed to channel {channel})"


def event_too_large(allowed: int) -> str:
    """The text of hosted Pusher for data over the limit."""
    return (
        f"The data content of this event exceeds the allowed maximum ({allowed} bytes). "
        "See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info"
    )
