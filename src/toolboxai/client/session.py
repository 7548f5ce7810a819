"""The protocol from the client's side: text and time in, effects out, across any number of connections."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from toolboxai.client.effects import (
    Authorise,
    Close,
    Denied,
    Effect,
    Established,
    Event,
    Said,
    Send,
    Subscribed,
)
from toolboxai.client.encryption import Unreadable, opened
from toolboxai.client.frames import Frame, decode, encode, event_of, inner
from toolboxai.client.presence import Presence
from toolboxai.client.send_queue import SendQueue
from toolboxai.client.track import Track, TrackState
from toolboxai.close_codes import Retry, retry_after_close
from toolboxai.protocol.channel import ChannelName

__all__ = ["ClientSession", "Loss"]

HANDSHAKE_S: Final = 10.0  # the welcome is the first message; a server that is silent so long will not say it
ACTIVITY_S: Final = 120.0  # silence after which we ask, unless the server names less
PONG_S: Final = 30.0  # and so long it has to say anything at all
ABNORMAL: Final = 1006  # the code of a connection that ended without a close frame


class Loss(NamedTuple):
    """What a lost connection means.

    Args:
        retry: when to come back.
        lived_s: seconds since the welcome; 0 when there was none.
        code: the close code, or that of the error which came instead of a welcome.
        message: the server's last words, if any.
    """

    retry: Retry
    lived_s: float
    code: int
    message: str


class ClientSession:
    """One client: what it wants to hear, what waits to be sent, and where the present connection is.

    Every method that says something to the server returns effects; the caller carries them out in order, and calls
    `tick` when `deadline` is reached.

    Args:
        events_per_s: client events sent at most; the server's own limit is 10.
        queue: client events that may wait.
        activity_s: seconds of silence after which we ask for a sign of life.
    """

    def __init__(
        self, *, events_per_s: float = 8.0, queue: int = 100, activity_s: float = ACTIVITY_S
    ) -> None:
        self._tracks: dict[str, Track] = {}
        self._queue = SendQueue(events_per_s=events_per_s, most=queue)
        self._activity_wanted_s = activity_s
        self._activity_s = activity_s
        self.socket_id: str | None = None
        self._opened_at: float | None = None
        self._established_at: float | None = None
        self._heard_at = 0.0
        self._asked_at: float | None = None
        self._last_words: tuple[int | None, str] = (None, "")

    # ---- the connection --------------------------------------------------------------------------------------

    def opened(self, now: float) -> None:
        """The socket is open; the welcome comes next."""
        self._opened_at = self._heard_at = now
        self._asked_at = None
        self._last_words = (None, "")
        self._activity_s = self._activity_wanted_s

    def closed(self, now: float, code: int = ABNORMAL) -> Loss:
        """The socket is gone. Subscriptions and the queue stay for the next one."""
        told, message = self._last_words
        if told is None:
            message = ""
        elif self._established_at is None:
            code = told  # an error in place of the welcome counts as a close with its code
        lived_s = 0.0 if self._established_at is None else now - self._established_at
        self._opened_at = self._established_at = self.socket_id = None
        self._queue.disconnected()
        for track in self._tracks.values():
            track.disconnected()
        return Loss(retry_after_close(code), lived_s, code, message)

    def receive(self, text: str | bytes, now: float) -> list[Effect]:
        """A text message came."""
        self._heard_at = now
        self._asked_at = None
        frame = decode(text)
        if frame is None:
            return [Said(None, "the server sent a message that is not of the Channels protocol")]
        if self.socket_id is None and frame.event not in ("pusher:connection_established", "pusher:error"):
            return [Close(f"the first message was {frame.event[:60]!r} and not the welcome")]
        handler = _HANDLERS.get(frame.event)
        return handler(self, frame, now) if handler is not None else self._event(frame)

    # ---- what the user wants ---------------------------------------------------------------------------------

    def subscribe(self, name: str, *, since: int | None = None) -> list[Effect]:
        """Want a channel, now and on every later connection.

        Args:
            name: the channel.
            since: also deliver what was published after this number, as far as history goes; 0 is everything.

        Raises:
            BadChannelName: the name is none.
        """
        kind = ChannelName.parse(name).facts
        track = self._tracks.setdefault(name, Track(name, kind.needs_signature, since))
        return self._begin(track) if self.socket_id and track.state is TrackState.WAITING else []

    def presence(self, name: str) -> Presence:
        """Who is on a channel that is wanted; kept up to date."""
        return self._tracks[name].presence

    def unsubscribe(self, name: str) -> list[Effect]:
        """Want it no more."""
        track = self._tracks.pop(name, None)
        if track is None:
            return []
        said: list[Effect] = (
            [Send(encode("pusher:unsubscribe", {"channel": name}))] if track.subscribed else []
        )
        return said + self._queue.forget(name)

    def trigger(self, channel: str, name: str, data: Any, now: float) -> list[Effect]:
        """Queue a client event; it leaves when the channel is subscribed and the throttle allows.

        Raises:
            SendQueueFull: the queue is full; the event was not taken.
            ValueError: the name or the channel is of a kind that carries no client events, or is not subscribed.
        """
        if not name.startswith("client-"):
            raise ValueError(f"event {name!r}: the name of a client event begins with 'client-'")
        facts = ChannelName.parse(channel).facts
        if not facts.client_events or facts.opaque:  # what is encrypted only the application can seal
            raise ValueError(f"channel {channel!r}: client events go over private and presence channels only")
        if channel not in self._tracks:
            raise ValueError(f"channel {channel!r} is not subscribed; subscribe to it first")
        self._queue.put(channel, name, data)
        return self._flush(now)

    # ---- what the world answers ------------------------------------------------------------------------------

    def authorised(
        self,
        channel: str,
        socket_id: str,
        auth: str,
        channel_data: str | None = None,
        shared_secret: str | None = None,
    ) -> list[Effect]:
        """The auth endpoint signed the subscription of this connection."""
        track = self._tracks.get(channel)
        if track is None or track.state is not TrackState.AUTHORISING or socket_id != self.socket_id:
            return []  # left, or another connection by now
        track.state = TrackState.SUBSCRIBING
        track.secret = shared_secret
        track.presence.signed(channel_data)
        data = {"channel": channel, "auth": auth}
        if channel_data is not None:
            data["channel_data"] = channel_data
        effects: list[Effect] = [Send(encode("pusher:subscribe", data))]
        if shared_secret is None and ChannelName.parse(channel).facts.opaque:
            effects.append(
                Said(None, f"{channel}: signed without a shared_secret, so what comes stays sealed")
            )
        return effects

    def refused(self, channel: str, socket_id: str, message: str, status: int | None) -> list[Effect]:
        """The auth endpoint said no."""
        return self._deny(channel, message, status) if socket_id == self.socket_id else []

    def caught_up(self, channel: str, missed: Sequence[Event]) -> list[Effect]:
        """The history answered with these events; with none when it could not."""
        track = self._tracks.get(channel)
        return track.caught_up(missed) if track is not None else []

    # ---- time ------------------------------------------------------------------------------------------------

    def deadline(self) -> float | None:
        """When `tick` must be called at the latest, in monotonic seconds; None while there is no connection."""
        if self._opened_at is None:
            return None
        if self._established_at is None:
            return self._opened_at + HANDSHAKE_S
        alive = self._heard_at + self._activity_s if self._asked_at is None else self._asked_at + PONG_S
        return alive if self._queue.throttled_until is None else min(alive, self._queue.throttled_until)

    def tick(self, now: float) -> list[Effect]:
        """Time has passed: send what the throttle allows, ask a silent server, leave a dead one."""
        if self._opened_at is None:
            return []
        if self._established_at is None:
            return (
                [Close(f"no welcome within {HANDSHAKE_S:.0f} s")]
                if now >= self._opened_at + HANDSHAKE_S
                else []
            )
        if self._asked_at is not None and now >= self._asked_at + PONG_S:
            return [Close(f"no sign of life within {PONG_S:.0f} s of asking")]
        effects = self._flush(now)
        if self._asked_at is None and now >= self._heard_at + self._activity_s:
            self._asked_at = now
            effects.append(Send(encode("pusher:ping", {})))
        return effects

    # ---- messages --------------------------------------------------------------------------------------------

    def _welcome(self, frame: Frame, now: float) -> list[Effect]:
        data = inner(frame.data)
        socket_id = data.get("socket_id") if isinstance(data, dict) else None
        if not isinstance(socket_id, str):
            return [Close("the welcome carries no socket_id")]
        seconds = data.get("activity_timeout")
        if isinstance(seconds, int | float) and seconds > 0:
            self._activity_s = min(self._activity_wanted_s, float(seconds))
        self.socket_id, self._established_at = socket_id, now
        self._queue.connected()
        effects: list[Effect] = [Established(socket_id)]
        for track in self._tracks.values():
            effects += self._begin(track)
        return effects

    def _ping(self, _frame: Frame, _now: float) -> list[Effect]:
        return [Send(encode("pusher:pong", {}))]

    def _pong(self, _frame: Frame, _now: float) -> list[Effect]:
        return []

    def _error(self, frame: Frame, _now: float) -> list[Effect]:
        data = inner(frame.data)
        data = data if isinstance(data, dict) else {}
        code = data.get("code")
        self._last_words = (code if type(code) is int else None, str(data.get("message") or ""))
        if self.socket_id is None:
            return []  # it stands for the close that follows, and is told with it
        told, message = self._last_words
        return [Said(told, message or "the server reported an error and did not say which")]

    def _confirmed(self, frame: Frame, now: float) -> list[Effect]:
        channel = frame.channel or ""
        track = self._tracks.get(channel)
        if track is None:  # left while the server was still at it
            return [Send(encode("pusher:unsubscribe", {"channel": channel}))]
        track.presence.began(inner(frame.data))
        return [Subscribed(channel), *track.confirmed(), *self._flush(now)]

    def _expired(self, frame: Frame, _now: float) -> list[Effect]:
        """The authorisation has come to its end, the wish has not: ask for another."""
        track = self._tracks.get(frame.channel or "")
        if track is None or not track.subscribed:
            return []
        track.disconnected()
        return self._begin(track)

    def _subscription_error(self, frame: Frame, _now: float) -> list[Effect]:
        data = inner(frame.data)
        data = data if isinstance(data, dict) else {}
        status = data.get("status")
        message = str(data.get("error") or "the server refused without a reason")
        return self._deny(frame.channel or "", message, status if type(status) is int else None)

    def _event(self, frame: Frame) -> list[Effect]:
        track = self._tracks.get(frame.channel or "")
        if track is None:
            return []
        name = frame.event.replace("pusher_internal:", "pusher:", 1)
        data = inner(frame.data)
        if name.startswith("pusher:"):
            track.presence.heard(name, data)
        elif track.secret is not None:
            try:
                data = inner(opened(data, track.secret))
            except Unreadable as why:
                return [Said(None, f"{track.name}: {name} could not be read: {why}")]
        return track.heard(event_of(name, track.name, data, frame.user_id))

    # ---- parts -----------------------------------------------------------------------------------------------

    def _begin(self, track: Track) -> list[Effect]:
        if track.needs_signature:
            track.state = TrackState.AUTHORISING
            return [Authorise(track.name, self.socket_id or "")]
        track.state = TrackState.SUBSCRIBING
        return [Send(encode("pusher:subscribe", {"channel": track.name, "auth": ""}))]

    def _deny(self, channel: str, message: str, status: int | None) -> list[Effect]:
        if self._tracks.pop(channel, None) is None:
            return []
        return [Denied(channel, message, status), *self._queue.forget(channel)]

    def _flush(self, now: float) -> list[Effect]:
        return self._queue.flush(now, lambda channel: self._tracks[channel].subscribed)


_HANDLERS: dict[str, Callable[[ClientSession, Frame, float], list[Effect]]] = {
    "pusher:connection_established": ClientSession._welcome,
    "pusher:ping": ClientSession._ping,
    "pusher:pong": ClientSession._pong,
    "pusher:error": ClientSession._error,
    "pusher:subscription_error": ClientSession._subscription_error,
    "pusher:subscription_expired": ClientSession._expired,
    "pusher_internal:subscription_succeeded": ClientSession._confirmed,
}
