"""The server's side of one Channels connection: messages in, effects out. No I/O, no clock, no dice."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from toolboxai import limits
from toolboxai.apps.app import App
from toolboxai.close_codes import CloseCode
from toolboxai.errors import RemoteProtocolError, SubscriptionDenied
from toolboxai.ids import SocketId
from toolboxai.protocol import codec
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.client_events import checked_channel, checked_data, not_subscribed
from toolboxai.protocol.dialogue import Dialogue
from toolboxai.protocol.effects import (
    Broadcast,
    Close,
    Effect,
    Ponged,
    Probe,
    Send,
    SignIn,
    Subscribe,
    Unsubscribe,
)
from toolboxai.protocol.publication import Gap, Publication
from toolboxai.protocol.rates import SlidingWindow
from toolboxai.protocol.refusals import Refusal, Refusals
from toolboxai.protocol.signing import verify_user_auth
from toolboxai.protocol.states import CONNECTION, IDENTITY, SUBSCRIPTION, Identity, Life, Step, Subscription
from toolboxai.protocol.subscribing import admitted, parsed_channel
from toolboxai.protocol.user import User, read_user

__all__ = ["ServerSession", "refuse"]

_PONG = Send(codec.encode_message("pusher:pong", {}))
_PONGED = Ponged()
_UNPREFIXED = codec.encode_error("Client event rejected - client events must be prefixed by 'client-'")
_NOT_OURS = "Connection is unauthorized"


def refuse(code: int, message: str) -> list[Effect]:
    """How a connection ends: the error in-band, for clients that do not look at close codes, then the close."""
    return [Send(codec.encode_error(message, code)), Close(code, message)]


class ServerSession(Dialogue):
    """What one connection has said and may do.

    Args:
        app: the app it belongs to, as it is now.
        socket_id: its own name, part of every signature it will show.
        now: monotonic seconds.

    Attributes:
        heard_at: monotonic seconds of the last sign of life.
        user: as whom it is signed in, or is about to be.
    """

    __slots__ = (
        "_authorised",
        "_channels",
        "_events_sent",
        "_identity",
        "_life",
        "_members",
        "_probed_at",
        "_refusals",
        "_unproven_since",
        "app",
        "heard_at",
        "socket_id",
        "user",
    )

    def __init__(self, app: App, socket_id: SocketId, *, now: float) -> None:
        self.app = app
        self.socket_id = socket_id
        self.heard_at = now
        self.user: User | None = None
        self._unproven_since = now
        self._probed_at = now
        self._life = Life.OPEN
        self._identity = Identity.NOBODY
        self._authorised = False
        self._channels: dict[str, Subscription] = {}
        self._members: dict[str, str] | None = (
            None  # user ids by presence channel; most connections have none
        )
        self._events_sent: SlidingWindow | None = None  # most clients send none
        self._refusals: Refusals | None = None  # and are refused nothing

    @property
    def channels(self) -> Sequence[str]:
        """Names of the channels it is in, or about to be in."""
        return tuple(name for name, state in self._channels.items() if state is not Subscription.EXPIRED)

    @property
    def refusals(self) -> Mapping[str, Refusal]:
        """See the dialogue."""
        return {} if self._refusals is None else self._refusals

    def opening(self) -> list[Effect]:
        """The first message, which must come before any other."""
        return [Send(codec.encode_established(self.socket_id, self.app.activity_timeout_s))]

    # ---- what the client says -------------------------------------------------------------------------------

    def receive(self, text: bytes, now: float) -> list[Effect]:
        """Take one message of the client.

        Args:
            text: UTF-8.
            now: monotonic seconds.

        Returns:
            What to do, in order. A fault of the client is answered here and never raised.
        """
        if self._life is Life.CLOSING:
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

    def receive_binary(self, now: float) -> list[Effect]:
        """Binary messages are no part of the protocol; they are a sign of life and nothing else."""
        del now
        return []

    def _ping(self, _message: codec.ClientMessage) -> list[Effect]:
        return [_PONG]

    def _pong(self, _message: codec.ClientMessage) -> list[Effect]:
        return [_PONGED]

    def _subscribe(self, message: codec.ClientMessage) -> list[Effect]:
        wanted = codec.decode_subscribe(message.data)
        try:
            effect = self._admitted(wanted)
        except SubscriptionDenied as denied:
            # The whole name comes back, however long: stock clients find the subscription by it.
            return self._denied(wanted.channel, denied)
        channel = effect.channel
        if effect.member is not None:
            self._members = self._members or {}
            self._members[channel.text] = effect.member.user_id
        self._step(channel.text, Step.SUBSCRIBE)
        return [effect]

    def _admitted(self, wanted: codec.SubscribeData) -> Subscribe:
        channel = parsed_channel(self.app, wanted.channel)
        if Step.SUBSCRIBE not in SUBSCRIPTION[self._subscription(channel.text)]:
            raise RemoteProtocolError(f"Existing subscription to channel {channel}")
        if len(self._channels) >= limits.CHANNELS_PER_SOCKET and channel.text not in self._channels:
            text = f"This connection is in {limits.CHANNELS_PER_SOCKET} channels, more are not allowed"
            raise SubscriptionDenied(text, kind="LimitReached", status=4100)
        user = self.user if self._identity is Identity.SIGNED_IN else None
        return admitted(self.app, self.socket_id, user, channel, wanted)

    def _unsubscribe(self, message: codec.ClientMessage) -> list[Effect]:
        name = codec.decode_unsubscribe(message.data).channel
        state = self._subscription(name)
        if Step.UNSUBSCRIBE not in SUBSCRIPTION[state]:
            raise RemoteProtocolError(
                f"No current subscription to channel {name[:200]}, or subscription in progress"
            )
        self._step(name, Step.UNSUBSCRIBE)
        if state is Subscription.EXPIRED:
            # It has left already; this is how a client tidies up before it comes back.
            return []
        # Of any length: the app may have allowed longer ones when it was subscribed to.
        return [Unsubscribe(ChannelName.parse(name, max_chars=len(name)))]

    def _signin(self, message: codec.ClientMessage) -> list[Effect]:
        try:
            user = self._proven_user(codec.decode_signin(message.data))
        except RemoteProtocolError as fault:
            return self._signin_failed(fault.message)
        if Step.SIGN_IN not in IDENTITY[self._identity]:
            if self.user is not None and user.id == self.user.id:
                return [_signed_in(user)]
            raise RemoteProtocolError(
                f"{_NOT_OURS}: this connection is signed in as another user; sign in on a connection of its own"
            )
        self._identity = IDENTITY[self._identity][Step.SIGN_IN]
        self.user = user
        return [SignIn(user)]

    def _proven_user(self, wanted: codec.SigninData) -> User:
        if not self.app.signin:
            raise RemoteProtocolError("signing in is switched off for this app; its setting is signin")
        verify_user_auth(self.app, self.socket_id, wanted.auth, wanted.user_data)
        return read_user(wanted.user_data, max_info_bytes=self.app.presence_info_bytes)

    def _signin_failed(self, reason: str) -> list[Effect]:
        if self.app.authorised_within_s:
            return self.closing(CloseCode.UNAUTHORIZED, _NOT_OURS)
        text = reason if reason.startswith("Invalid format") else f"{_NOT_OURS}: {reason}"
        return [Send(codec.encode_error(text))]

    def _client_event(self, message: codec.ClientMessage, now: float) -> list[Effect]:
        channel = checked_channel(self.app, message)
        if self._channels.get(channel.text) is not Subscription.ACTIVE:
            raise RemoteProtocolError(not_subscribed(channel.text))
        data = checked_data(self.app, message)
        if self._events_sent is None:
            self._events_sent = SlidingWindow(self.app.client_events_per_s)
        if not self._events_sent.take(now):
            raise RemoteProtocolError(
                "Client event rejected due to rate limit", code=CloseCode.CLIENT_EVENT_RATE
            )
        user_id = self._members.get(channel.text) if self._members else None
        return [Broadcast(channel, message.event, data, user_id)]

    # ---- what the world answers -----------------------------------------------------------------------------

    def subscribed(
        self,
        channel: ChannelName,
        missed: Sequence[Publication] = (),
        *,
        members: Mapping[str, str | None] | None = None,
        cache_missed: bool = False,
        gap: Gap | None = None,
        recalled: Any = None,
    ) -> list[Effect]:
        """The channel is followed: tell the client, then hand it what was kept, in order.

        Args:
            channel: which.
            missed: what it is handed.
            members: who is there, itself included: user infos as JSON text by user id; on presence channels only.
            cache_missed: whether the channel has a cache and there is nothing in it.
            gap: what is not to be had any more of what the client missed; None: it is handed all of it.
            recalled: nothing; this dialect asks for nothing beside the channel.
        """
        del recalled
        self._step(channel.text, Step.SUBSCRIBED)
        if self._refusals:
            self._refusals.pop(channel.text, None)
        self._authorised = self._authorised or channel.facts.needs_signature
        if members is None:
            succeeded = codec.encode_event("pusher_internal:subscription_succeeded", channel.text, "{}")
        else:
            succeeded = codec.encode_members(channel.text, members)
        effects: list[Effect] = [Send(succeeded)]
        if cache_missed:
            effects.append(Send(codec.encode_event("pusher:cache_miss", channel.text, "{}")))
        if gap is not None:
            effects += self.missed(channel.text, gap)
        effects += [Send(publication.text) for publication in missed]
        return effects

    def missed(self, channel: str, gap: Gap) -> list[Effect]:
        """The client has missed something on this channel that it cannot be handed any more."""
        return [Send(codec.encode_event("pusher:resume_gap", channel, gap.data))]

    def subscribe_failed(self, channel: ChannelName) -> list[Effect]:
        """The channel cannot be followed now, through no fault of the client."""
        text = f"The server could not subscribe this connection to {channel}; try again"
        return self.subscribe_refused(channel, SubscriptionDenied(text, kind="ServerError", status=4302))

    def channel_full(self, channel: ChannelName) -> list[Effect]:
        """The channel has as many users as the app allows, and this would be another."""
        text = "The maximum members per presence channel limit was reached"
        return self.subscribe_refused(channel, SubscriptionDenied(text, kind="LimitReached", status=4100))

    def subscribe_refused(self, channel: ChannelName, denied: SubscriptionDenied) -> list[Effect]:
        """The client may not enter after all."""
        self._step(channel.text, Step.REFUSED)
        return self._denied(channel.text, denied)

    def expire(self, channel: ChannelName) -> list[Effect]:
        """The authorisation's time is over: the subscription ends, and the client is told to ask for another."""
        if Step.EXPIRE not in SUBSCRIPTION[self._subscription(channel.text)]:
            return []
        self._step(channel.text, Step.EXPIRE)
        return [
            Unsubscribe(channel, expired=True),
            Send(codec.encode_event("pusher:subscription_expired", channel.text, "{}")),
        ]

    def signed_in(self, online: Collection[str]) -> list[Effect]:
        """The user is known to everyone.

        Args:
            online: who of the watchlist is online.
        """
        user = self.user
        if user is None:
            raise RuntimeError("signed_in() answers a SignIn of this session, and there was none")
        self._identity = IDENTITY[self._identity][Step.SIGNED_IN]
        self._authorised = True
        effects: list[Effect] = [_signed_in(user)]
        if self.app.watchlist and user.watchlist_cut:
            text = f"Watchlist limit exceeded. Only the first {limits.WATCHLIST_USERS} user IDs are accepted."
            effects.append(Send(codec.encode_error(text, CloseCode.WATCHLIST_LIMIT)))
        if self.app.watchlist and user.watchlist:
            here = [user_id for user_id in user.watchlist if user_id in online]
            away = [user_id for user_id in user.watchlist if user_id not in online]
            effects.append(Send(codec.encode_watchlist(online=here, offline=away)))
        return effects

    def publish_failed(self) -> list[Effect]:
        """A client event could not be published now, through no fault of the client."""
        return [Send(codec.encode_error("The event could not be published; try again"))]

    def signin_failed(self) -> list[Effect]:
        """The user could not be made known now, through no fault of the client."""
        self._identity = IDENTITY[self._identity][Step.NOT_SIGNED_IN]
        self.user = None
        return [Send(codec.encode_error("The server could not sign this connection in; try again"))]

    def closing(self, code: int, message: str) -> list[Effect]:
        """We end the connection: the error, the close, and nothing is heard any more."""
        if Step.CLOSE not in CONNECTION[self._life]:
            return []
        self._life = CONNECTION[self._life][Step.CLOSE]
        return refuse(code, message)

    def failed(self) -> list[Effect]:
        """We end the connection because of a fault of ours; the code makes the client pause before a retry."""
        return self.closing(CloseCode.OVER_CAPACITY, "Internal server error, please reconnect")

    def farewell(self, code: int, reason: str) -> list[Effect]:
        """The transport ends the connection: the close code says it all."""
        del code, reason
        return []

    # ---- time -----------------------------------------------------------------------------------------------

    def heard(self, now: float) -> None:
        """Anything at all came in, a frame below the protocol included."""
        self.heard_at = now
        # In any other state nothing changes, and this is on the way of every byte.
        if self._life is Life.PROBED:
            self._life = CONNECTION[self._life][Step.HEARD]

    def deadline(self, now: float) -> list[Effect]:
        """What silence asks for, and the time limit of the app; call it every second or so.

        A client on a busy channel never speaks, so silence alone is not death: first a probe, then, when that is
        not answered within the app's ``pong_timeout_s``, the close.
        """
        if self._is_overdue(now):
            return self.closing(CloseCode.UNAUTHORIZED, "Connection not authorized within timeout")
        if now - self.heard_at <= self.app.activity_timeout_s or self._life is Life.CLOSING:
            return []
        if self._life is Life.OPEN:
            self._life = CONNECTION[self._life][Step.SILENCE]
            self._probed_at = now
            return [Probe()]
        if now - self._probed_at <= self.app.pong_timeout_s:  # counted from the probe: it may have come late
            return []
        return self.closing(CloseCode.PONG_NOT_RECEIVED, "Pong reply not received")

    def _is_overdue(self, now: float) -> bool:
        """Whether it should have signed in, or shown a signature, by now."""
        within = self.app.authorised_within_s
        return bool(within) and not self._authorised and now - self._unproven_since >= within

    def change_app(self, app: App, now: float) -> None:
        """Other keys and limits count from now on. What was checked before stays as it is.

        Args:
            app: the same app, as it is now.
            now: monotonic seconds; a time limit that was not there before begins here.
        """
        if not self.app.authorised_within_s:
            self._unproven_since = now
        if app.client_events_per_s != self.app.client_events_per_s:
            self._events_sent = None
        self.app = app

    # ---- state ----------------------------------------------------------------------------------------------

    def _subscription(self, channel: str) -> Subscription:
        return self._channels.get(channel, Subscription.NONE)

    def _step(self, channel: str, step: Step) -> None:
        state = SUBSCRIPTION[self._subscription(channel)][step]
        if state is Subscription.NONE:
            del self._channels[channel]
        else:
            self._channels[channel] = state
        if self._members is not None and state in (Subscription.NONE, Subscription.EXPIRED):
            self._members.pop(channel, None)

    def _denied(self, channel: str, denied: SubscriptionDenied) -> list[Effect]:
        if len(channel) <= self.app.channel_name_chars:  # of longer names there is no channel
            self._refusals = Refusals() if self._refusals is None else self._refusals
            self._refusals.note(channel, Refusal(denied.status, denied.message))
        detail = {"type": denied.kind, "error": denied.message, "status": denied.status}
        return [
            Send(codec.encode_error(denied.message)),
            Send(codec.encode_message("pusher:subscription_error", detail, channel)),
        ]


def _signed_in(user: User) -> Send:
    return Send(codec.encode_nested("pusher:signin_success", {"user_data": user.user_data}))


_HANDLERS: dict[str, Callable[[ServerSession, codec.ClientMessage], list[Effect]]] = {
    "pusher:ping": ServerSession._ping,
    "pusher:pong": ServerSession._pong,
    "pusher:subscribe": ServerSession._subscribe,
    "pusher:unsubscribe": ServerSession._unsubscribe,
    "pusher:signin": ServerSession._signin,
}
