"""Each wrong type in each field of each event and each call: its error, and everything goes on."""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import pytest

from callers import Socket
from servers import KEY, Running, channel_auth, digest
from toolboxai import limits

DEEP: Any = None
for _ in range(300):
    DEEP = [DEEP]
WRONG: Mapping[str, Any] = {
    "null": None,
    "boolean": True,
    "number": 7,
    "fraction": -1.5,
    "large-number": 10**40,
    "list": ["a"],
    "object": {"a": 1},
    "empty": "",
    "blank": " ",
    "control": "a\x00b",
    "huge": "x" * 30_000,
    "deep": DEEP,
}
ERRORS = {"pusher:error", "pusher:subscription_error"}


def presence(socket: Socket, **member: Any) -> dict[str, Any]:
    data = json.dumps({"user_id": "1", **member})
    return {
        "channel": "presence-a",
        "auth": channel_auth(socket.id, "presence-a", data),
        "channel_data": data,
    }


def user(socket: Socket, **more: Any) -> dict[str, Any]:
    data = json.dumps({"id": "u1", **more})
    return {"auth": f"{KEY}:" + digest(f"{socket.id}::user::{data}"), "user_data": data}


# Events with a place for the value; beside each the values that are right there.
EVENTS: Mapping[str, tuple[Any, AbstractSet[str]]] = {
    "event": (lambda _s, v: {"event": v}, set()),
    "subscribe-data": (lambda _s, v: {"event": "pusher:subscribe", "data": v}, set()),
    "subscribe-channel": (lambda _s, v: {"event": "pusher:subscribe", "data": {"channel": v}}, set()),
    "subscribe-auth": (
        lambda _s, v: {"event": "pusher:subscribe", "data": {"channel": "private-a", "auth": v}},
        set(),
    ),
    "subscribe-channel_data": (
        lambda s, v: {"event": "pusher:subscribe", "data": {**presence(s), "channel_data": v}},
        set(),
    ),
    "member-user_id": (
        lambda s, v: {"event": "pusher:subscribe", "data": presence(s, user_id=v)},
        {"number", "fraction", "large-number"},
    ),
    "member-user_info": (
        lambda s, v: {"event": "pusher:subscribe", "data": presence(s, user_info=v)},
        {"null", "object"},
    ),
    "member-expires_at": (
        lambda s, v: {"event": "pusher:subscribe", "data": presence(s, expires_at=v)},
        {"null", "large-number"},
    ),
    "unsubscribe-data": (lambda _s, v: {"event": "pusher:unsubscribe", "data": v}, set()),
    "unsubscribe-channel": (lambda _s, v: {"event": "pusher:unsubscribe", "data": {"channel": v}}, set()),
    "signin-data": (lambda _s, v: {"event": "pusher:signin", "data": v}, set()),
    "signin-auth": (lambda s, v: {"event": "pusher:signin", "data": {**user(s), "auth": v}}, set()),
    "signin-user_data": (lambda s, v: {"event": "pusher:signin", "data": {**user(s), "user_data": v}}, set()),
    "user-id": (lambda s, v: {"event": "pusher:signin", "data": user(s, id=v)}, set()),
    "user-user_info": (
        lambda s, v: {"event": "pusher:signin", "data": user(s, user_info=v)},
        {"null", "object"},
    ),
    "user-watchlist": (
        lambda s, v: {"event": "pusher:signin", "data": user(s, watchlist=v)},
        {"null", "list"},
    ),
    "user-watched": (lambda s, v: {"event": "pusher:signin", "data": user(s, watchlist=[v])}, set()),
    "client-event-name": (
        lambda _s, v: {"event": f"client-{v}", "channel": "private-in", "data": 1},
        WRONG.keys() - {"huge", "deep"},
    ),
    "client-event-channel": (lambda _s, v: {"event": "client-x", "channel": v, "data": 1}, set()),
    "client-event-data": (
        lambda _s, v: {"event": "client-x", "channel": "private-in", "data": v},
        WRONG.keys() - {"huge"},
    ),
    "ping-data": (lambda _s, v: {"event": "pusher:ping", "data": v}, WRONG.keys()),
    "pong-data": (lambda _s, v: {"event": "pusher:pong", "data": v}, WRONG.keys()),
}


@pytest.mark.parametrize("place", EVENTS)
async def test_in_an_event(server: Running, place: str) -> None:
    make, right = EVENTS[place]
    for kind, value in WRONG.items():
        async with server.socket() as alice:
            await alice.enter("private-in", channel_auth(alice.id, "private-in"))
            message = make(alice, value)
            await alice.wire.send(json.dumps(message))
            answers = set()
            await alice.say("pusher:ping", "the last")
            while (heard := await alice.hear())["event"] != "pusher:pong":
                answers.add(heard["event"])
            if message.get("event") == "pusher:ping":
                await alice.hear()
            assert bool(answers & ERRORS) is (kind not in right), (place, kind, answers)
            await alice.enter("private-still", channel_auth(alice.id, "private-still"))
    assert server.metrics.faults_total == 0


EVENT = {"name": "e", "channels": ["a"], "data": "1"}
ITEM = {"name": "e", "channel": "a", "data": "1"}
# Fields of a body; beside each the values that are right there.
BODIES: Mapping[str, tuple[str, Any, AbstractSet[str]]] = {
    "body": ("events", lambda v: v, set()),
    "name": ("events", lambda v: {**EVENT, "name": v}, {"blank", "control"}),
    "data": ("events", lambda v: {**EVENT, "data": v}, WRONG.keys() - {"null", "huge"}),
    "channels": ("events", lambda v: {**EVENT, "channels": v}, {"list"}),
    "one-of-channels": ("events", lambda v: {**EVENT, "channels": ["a", v]}, set()),
    "channel": ("events", lambda v: {**ITEM, "channel": v}, set()),
    "socket_id": ("events", lambda v: {**EVENT, "socket_id": v}, {"null"}),
    "info": (
        "events",
        lambda v: {**EVENT, "info": v},
        {"null", "empty", "blank", "control", "huge"},  # attributes that nobody knows are not told
    ),
    "batch": ("batch_events", lambda v: {"batch": v}, set()),
    "item": ("batch_events", lambda v: {"batch": [ITEM, v]}, set()),
    "item-name": ("batch_events", lambda v: {"batch": [ITEM, {**ITEM, "name": v}]}, {"blank", "control"}),
    "item-data": (
        "batch_events",
        lambda v: {"batch": [ITEM, {**ITEM, "data": v}]},
        WRONG.keys() - {"null", "huge"},
    ),
    "item-channel": ("batch_events", lambda v: {"batch": [ITEM, {**ITEM, "channel": v}]}, set()),
    "item-socket_id": ("batch_events", lambda v: {"batch": [ITEM, {**ITEM, "socket_id": v}]}, {"null"}),
    "item-info": (
        "batch_events",
        lambda v: {"batch": [ITEM, {**ITEM, "info": v}]},
        {"null", "empty", "blank", "control", "huge"},
    ),
    "terminate": ("users/u1/terminate_connections", lambda v: v, {"object"}),
}


@pytest.mark.parametrize("place", BODIES)
async def test_in_a_body(server: Running, place: str) -> None:
    call, make, right = BODIES[place]
    async with server.socket() as alice:
        await alice.enter("a")
        for kind, value in WRONG.items():
            status, text = await server.post(f"/apps/3/{call}", make(value))
            if kind in right:
                assert status == 200, (place, kind, text)
            else:
                assert status in (400, 413), (place, kind, status, text)
                assert text.endswith("\n")
                assert len(text) < 1000
                await alice.hears_nothing()
            heard = await alice.ask("pusher:ping")
            while heard["event"] != "pusher:pong":
                heard = await alice.hear()
    assert server.metrics.faults_total == 0


QUERIES: Mapping[str, str] = {
    "/apps/3/channels": "info",
    "/apps/3/channels/a": "info",
    "/apps/3/channels/presence-a/users": "info",
    "/apps/3/connections": "more",
}


@pytest.mark.parametrize("path", QUERIES)
async def test_in_a_query(server: Running, path: str) -> None:
    for value in ("", "null", "7", "[]", "{}", "a\x00b", "é", "%", "a,b", ",", "x" * 5000):
        for name in (QUERIES[path], "filter_by_prefix", "auth_version", "body_md5", "no[]", ""):
            status, text = await server.get(path, **{name: value})
            assert status in (200, 400, 401), (name, value, status, text)
    for name in ("a b", "", "%00", "é", "x" * (limits.HEAD_BYTES // 8)):
        status, _ = await server.get(f"/apps/3/channels/{name}".replace(" ", "%20"))
        assert status in (400, 404)
    assert server.metrics.faults_total == 0
