"""The server's side of one Channels connection: messages in, effects out. No I/O, no clock, no dice."""

from collections.abc import Callable, Sequence
from enum import Enum

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.errors import BadChannelName, RemoteProtocolError
from toolboxai.ids import SocketId
from toolboxai.protocol import codec
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Broadcast, Close, Effect, Probe, Send, Subscribe, Unsubscribe
from toolboxai.protocol.publication import Publication
from toolboxai.protocol.rates import TokenBucket
from toolboxai.protocol.signing import verify_channel_auth

__all__ = ["ServerSession", "refuse"]

_PONG = Send(codec.encode_message("pusher:pong", {}))
_UNPREFIXED = codec.encode_error("Client event rejected - client events must be prefixed by 'client-'")


class _Membership(Enum):
    PENDING = "pending"
    ACTIVE = "active"


def refuse(code: CloseCode, message: str) -> list[Effect]:
    """How a connection ends: the error in-band, for clients that do not look at close codes, then the close."""
    return [Send(codec.encode_error(message, code)), Close(code, message)]


class ServerSession:
    """What one connection has said and may do.

    Args:
        app: the app it belongs to.
        socket_id: its own name, part of every signature it will show.
        now: monotonic seconds.
    """

    __slots__ = ("_bucket", "_channels", "_closing", "_probed_at", "app", "heard_at", "socket_id")

    def __init__(self, app: App, socket_id: SocketId, *, now: float) -> None:
        self.app = app
        self.socket_id = socket_id
        self.heard_at = now
        self._channels: dict[str, _Membership] = {}
        self._bucket: TokenBucket | None = None
        self._probed_at: float | None = None
        self._closing = False

    @property
    def channels(self) -> Sequence[str]:
        """Names of the channels it is in, or about to be in."""
        return tuple(self._channels)

    def opening(self) -> list[Send]:
        """The first message, which must come before any other."""
        data = {"socket_id": self.socket_id, "activity_timeout": self.app.activity_timeout_s}
        return [Send(codec.encode_nested("pusher:connection_established", data))]

    # ---- what the client says -------------------------------------------------------------------------------

    def receive(self, text: bytes, now: float) -> list[Effect]:
        """Take one message of the client.

        Args:
            text: UTF-8.
            now: monotonic seconds.

        Returns:
            What to do, in order. A fault of the client is answered here and never raised.
        """
        if self._closing:
            return []
        try:
            message = codec.decode_message(text)
            handler = _HANDLERS.get(message.event)
            if handler is not None:
                return handler(self, message)
            if message.event.startswith("client-"):
                return self._client_event(message, now)
            return [Send(_UNPREFIXED)]
        except RemoteProtocolError as fault:
            return [Send(codec.encode_error(fault.message, fault.code))]

    def _ping(self, _message: codec.ClientMessage) -> list[Effect]:
        return [_PONG]

    def _pong(self, _message: codec.ClientMessage) -> list[Effect]:
        return []

    def _subscribe(self, message: codec.ClientMessage) -> list[Effect]:
        wanted = codec.decode_subscribe(message.data)
        try:
            channel = ChannelName.parse(wanted.channel, max_chars=self.app.channel_name_chars)
        except BadChannelName as fault:
            kind = "LimitReached" if fault.too_long else "InvalidChannel"
            # The whole name comes back, however long: stock clients find the subscription by it.
            return self._denied(wanted.channel, str(fault), kind=kind, status=4009)
        if channel.text in self._channels:
            raise RemoteProtocolError(f"Existing subscription to channel {channel}")
        if len(self._channels) >= limits.CHANNELS_PER_SOCKET:
            text = f"This connection is in {limits.CHANNELS_PER_SOCKET} channels, more are not allowed"
            return self._denied(channel.text, text, kind="LimitReached", status=4100)
        facts = channel.kind.value
        if facts.presence or facts.cached or channel.text.startswith("#"):
            text = (
                f"Channels that begin with {facts.prefix!r} are not available in this version of the server"
            )
            return self._denied(channel.text, text, kind="InvalidChannel", status=4009)
        if facts.needs_signature:
            try:
                verify_channel_auth(self.app, self.socket_id, channel.text, wanted.auth, wanted.channel_data)
            except RemoteProtocolError as fault:
                return self._denied(channel.text, fault.message, kind="AuthError", status=401)
        self._channels[channel.text] = _Membership.PENDING
        return [Subscribe(channel)]

    def _unsubscribe(self, message: codec.ClientMessage) -> list[Effect]:
        name = codec.decode_unsubscribe(message.data).channel
        if self._channels.get(name) is not _Membership.ACTIVE:
            raise RemoteProtocolError(
                f"No current subscription to channel {name[:200]}, or subscription in progress"
            )
        del self._channels[name]
        return [Unsubscribe(ChannelName.parse(name, max_chars=self.app.channel_name_chars))]

    def _signin(self, _message: codec.ClientMessage) -> list[Effect]:
        raise RemoteProtocolError("Signing in is not available in this version of the server")

    def _client_event(self, message: codec.ClientMessage, now: float) -> list[Effect]:
        if not self.app.client_events:
            raise RemoteProtocolError(
                "To send client events, you must enable this feature in the Settings page of your dashboard."
            )
        if len(message.event) > limits.EVENT_NAME_CHARS:
            raise RemoteProtocolError(
                f"Client event rejected - the event's name has {len(message.event)} characters, "
                f"at most {limits.EVENT_NAME_CHARS} are allowed"
            )
        name = message.channel or ""
        try:
            channel = ChannelName.parse(name, max_chars=self.app.channel_name_chars)
        except BadChannelName as fault:
            raise RemoteProtocolError(f"Client event rejected - {fault}") from fault
        if not channel.kind.value.client_events:
            raise RemoteProtocolError(
                "Client event rejected - only supported on private and presence channels"
            )
        if self._channels.get(name) is not _Membership.ACTIVE:
            raise RemoteProtocolError(
                f"Cannot broadcast client event (connection not subscribed to channel {name})"
            )
        data = codec.compact(message.data)
        if len(data.encode()) > self.app.event_bytes:
            raise RemoteProtocolError(event_too_large(self.app.event_bytes))
        if self._bucket is None:
            self._bucket = TokenBucket(self.app.client_events_per_s, now)
        if not self._bucket.take(now):
            raise RemoteProtocolError(
                "Client event rejected due to rate limit", code=CloseCode.CLIENT_EVENT_RATE
            )
        return [Broadcast(channel, message.event, data)]

    @staticmethod
    def _denied(channel: str, message: str, *, kind: str, status: int) -> list[Effect]:
        detail = {"type": kind, "error": message, "status": status}
        return [
            Send(codec.encode_error(message)),
            Send(codec.encode_message("pusher:subscription_error", detail, channel)),
        ]

    # ---- what the world answers -----------------------------------------------------------------------------

    def subscribed(self, channel: ChannelName, missed: Sequence[Publication] = ()) -> list[Effect]:
        """The channel is followed: tell the client, then hand it what was kept, in order."""
        self._channels[channel.text] = _Membership.ACTIVE
        effects: list[Effect] = [
            Send(codec.encode_message("pusher_internal:subscription_succeeded", "{}", channel.text))
        ]
        effects += [Send(publication.text) for publication in missed]
        return effects

    def subscribe_failed(self, channel: ChannelName) -> list[Effect]:
        """The channel cannot be followed now, through no fault of the client."""
        self._channels.pop(channel.text, None)
        text = f"The server could not subscribe this connection to {channel}; try again"
        return self._denied(channel.text, text, kind="ServerError", status=4302)

    def closing(self, code: CloseCode, message: str) -> list[Effect]:
        """We end the connection: the error, the close, and nothing is heard any more."""
        if self._closing:
            return []
        self._closing = True
        return refuse(code, message)

    # ---- silence ---------------------------------------------------------------------------------------------

    def heard(self, now: float) -> None:
        """Anything at all came in, a frame below the protocol included."""
        self.heard_at = now
        self._probed_at = None

    def deadline(self, now: float) -> list[Effect]:
        """What silence asks for; call it every second or so.

        A client on a busy channel never speaks, so silence alone is not death: first a probe, then, when that is
        not answered within the app's ``pong_timeout_s``, the close.
        """
        if now - self.heard_at <= self.app.activity_timeout_s or self._closing:
            return []
        if self._probed_at is None:
            self._probed_at = now
            return [Probe()]
        if now - self._probed_at <= self.app.pong_timeout_s:  # counted from the probe: it may have come late
            return []
        return self.closing(CloseCode.PONG_NOT_RECEIVED, "Pong reply not received")


def event_too_large(allowed: int) -> str:
    """The text of hosted Pusher for data over the limit."""
    return (
        f"The data content of this event exceeds the allowed maximum ({allowed} bytes). "
        "See https://pusher.com/docs/channels/server_api/http-api#publishing-events for more info"
    )


_HANDLERS: dict[str, Callable[[ServerSession, codec.ClientMessage], list[Effect]]] = {
    "pusher:ping": ServerSession._ping,
    "pusher:pong": ServerSession._pong,
    "pusher:subscribe": ServerSession._subscribe,
    "pusher:unsubscribe": ServerSession._unsubscribe,
    "pusher:signin": ServerSession._signin,
}
