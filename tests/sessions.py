"""A session without a socket: what a client says as bytes, what it is answered as values."""

import json
from collections.abc import Sequence
from typing import Any

from toolboxai.apps.app import App, AppKey
from toolboxai.ids import SocketId
from toolboxai.protocol.channel import ChannelName
from toolboxai.protocol.effects import Effect, Send, SignIn, Subscribe
from toolboxai.protocol.session import ServerSession
from toolboxai.protocol.signing import sign_channel, sign_user

APP = App(id="3", keys=(AppKey("KEY", "SECRET"),))
SID = SocketId("1.1")


def session(**settings: Any) -> ServerSession:
    return ServerSession(App(id="3", keys=APP.keys, **settings), SID, now=0.0)


def message(event: str, data: object = None, **more: object) -> bytes:
    return json.dumps({"event": event, **({} if data is None else {"data": data}), **more}).encode()


def subscribe(channel: str, auth: str | None = None, **more: object) -> bytes:
    if auth is None and channel.startswith("private-"):
        auth = "KEY:" + sign_channel("SECRET", SID, channel)
    return message("pusher:subscribe", {"channel": channel, "auth": auth or "", **more})


def enter_as(channel: str, member: dict[str, Any]) -> bytes:
    """A subscribe with signed channel_data."""
    data = json.dumps(member)
    return subscribe(channel, "KEY:" + sign_channel("SECRET", SID, channel, data), channel_data=data)


def sign_in(user: dict[str, Any] | str) -> bytes:
    data = user if isinstance(user, str) else json.dumps(user)
    return message("pusher:signin", {"auth": "KEY:" + sign_user("SECRET", SID, data), "user_data": data})


def signed_in(alice: ServerSession, user: dict[str, Any]) -> ServerSession:
    """Sign in, and let the world say that nobody else is there."""
    (effect,) = alice.receive(sign_in(user), 0.0)
    assert isinstance(effect, SignIn)
    alice.signed_in(())
    return alice


def inside(alice: ServerSession, channel: str) -> ServerSession:
    """Subscribe, and let the world say yes."""
    name = ChannelName.parse(channel)
    assert alice.receive(subscribe(channel), 0.0) == [Subscribe(name)]
    alice.subscribed(name)
    return alice


def said(effects: Sequence[Effect]) -> list[Any]:
    """What the client is sent; nothing else may be asked for."""
    assert all(isinstance(effect, Send) for effect in effects), effects
    return [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]


def error(text: str, code: int | None = None) -> dict[str, Any]:
    return {"event": "pusher:error", "data": {"code": code, "message": text}}


def denial(effects: Sequence[Effect]) -> tuple[str, int]:
    """Type and status of a refused subscription, whose text is said twice: to old clients and to the channel."""
    plain, scoped = said(effects)
    assert plain == error(scoped["data"]["error"])
    assert scoped["event"] == "pusher:subscription_error"
    return scoped["data"]["type"], scoped["data"]["status"]
