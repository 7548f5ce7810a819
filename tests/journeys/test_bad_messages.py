"""Bad input on the signed API and on the socket: a clear error, nothing published, and the next good one goes through."""

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from urllib.parse import urlencode

import httpx2
from websockets.exceptions import InvalidStatus

from callers import Http, Socket
from odd_input import ODD_BODIES, TRICKS, assert_refused, listener
from school import Open, calls
from toolboxai.protocol.signing import sign_channel


class Signer:
    """What a server library signs, made without the code under test."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.app, self.key, self._secret = env["PUSHER_APP_ID"], env["PUSHER_KEY"], env["PUSHER_SECRET"]

    def target(self, method: str, path: str, body: bytes = b"", **changed: str) -> str:
        query = {
            "auth_key": self.key,
            "auth_timestamp": str(int(time.time())),
            "auth_version": "1.0",
            "body_md5": hashlib.md5(body).hexdigest(),
            **changed,
        }
        text = "&".join(f"{name}={value}" for name, value in sorted(query.items()))
        signature = hmac.new(self._secret.encode(), f"{method}\n{path}\n{text}".encode(), hashlib.sha256)
        return f"{path}?{urlencode({'auth_signature': signature.hexdigest(), **query})}"


EVENT = {"name": "headline", "channels": ["news"], "data": "{}"}
BATCHED = {"name": "headline", "channel": "news", "data": "{}"}
ODD_NAMES: tuple[object, ...] = ("", 1, [], "a b", "x" * 201)
ODD_FIELDS: Mapping[str, tuple[object, ...]] = {
    "name": ({}, 1, None, "x" * 201),
    "channels": (
        *("", {}, [1], [[]], [""], ["a b"], ["x" * 201], ["news"] * 101),
        *(["../news"], ["news\x00"], ["n\u00e9ws"], ["private-a/b"], ["#server-to-user-"]),
    ),
    "data": ("x" * 20_000, [1] * 20_000),
    "socket_id": (1, {}, "1", "1.1:x", ".."),
}
ODD_EVENTS: tuple[object, ...] = (
    *([], None, "text", {}, {"name": "headline", "channels": ["news"]}),
    *({**EVENT, field: value} for field, values in ODD_FIELDS.items() for value in values),
)
# The same with one channel each, as a batch has them.
ODD_BATCHED: tuple[object, ...] = (
    *([], None, "text", {}, {"name": "headline", "channel": "news"}, {**EVENT}),
    *({**BATCHED, "channel": name} for name in ODD_NAMES),
    *({**BATCHED, field: value} for field in ("name", "data", "socket_id") for value in ODD_FIELDS[field]),
)


async def test_every_route_of_the_channels_api(opened: Open) -> None:
    sign = Signer(opened.school.env)
    base = f"/apps/{sign.app}"
    async with calls(opened.server) as http, listener(opened) as ear:

        async def post(path: str, body: bytes, **changed: str) -> httpx2.Response:
            return await http.post(sign.target("POST", path, body, **changed), content=body)

        good = json.dumps(EVENT).encode()
        for body in (*ODD_BODIES, *(json.dumps(event).encode() for event in ODD_EVENTS)):
            assert_refused(await post(f"{base}/events", body), body)
        for body in (*ODD_BODIES, *(json.dumps({"batch": [event]}).encode() for event in ODD_BATCHED)):
            assert_refused(await post(f"{base}/batch_events", body), body)
        for path in (f"{base}/events", f"{base}/batch_events"):
            for changed in (
                {"auth_key": "another"},
                {"auth_key": ""},
                {"auth_timestamp": "0"},
                {"auth_timestamp": "soon"},
                {"auth_timestamp": "9" * 400},
                {"auth_version": "2.0"},
                {"body_md5": "0" * 32},
            ):
                answer = await post(path, good, **changed)
                assert_refused(answer, changed)
                assert answer.status_code == 401
            unsigned_target = sign.target("POST", path, good).replace("auth_signature=", "auth_signature=0")
            assert (await http.post(unsigned_target, content=good)).status_code == 401
            assert (await http.post(path, content=good)).status_code == 401
            assert_refused(await post(path, b" " * (1 << 20)), "1 MiB")
        async with Http.opened(opened.server.port) as raw:
            for trick in TRICKS:
                assert (await raw.ask("GET", f"/apps/{trick}/channels")).status == 404
                assert (await raw.ask("GET", sign.target("GET", f"{base}/{trick}"))).status == 404
                # Many a trick is the name of a channel on which nobody is.
                told = await raw.ask("GET", sign.target("GET", f"{base}/channels/{trick}"))
                assert told.status in (200, 400, 404), (trick, told)
                if told.status == 200:
                    assert json.loads(told.body)["occupied"] is False
        for info in ("user_count", "\x00", "no_such_thing"):
            answer = await http.get(sign.target("GET", f"{base}/channels", info=info))
            assert answer.status_code < 500

        batch = json.dumps({"batch": [{**EVENT, "channel": "news"}, {"name": "x"}]}).encode()
        assert_refused(await post(f"{base}/batch_events", batch), "one good event and a bad one")
        await ear.hears_nothing()
        assert (await post(f"{base}/events", good)).status_code == 200
        assert (await ear.hear())["event"] == "headline"


SURVIVED: tuple[str | bytes, ...] = (
    b"\x00\x01",  # binary is no part of the protocol, and ignored
    "",
    "{",
    "null",
    "[]",
    '"text"',
    "1",
    "[" * 10_000,
    "{}",
    '{"event": 1}',
    '{"event": null, "data": {}}',
    '{"event": "no_such_event"}',
    '{"event": "pusher:no_such_event", "data": {}}',
    '{"event": "pusher_internal:subscription_succeeded", "data": {}, "channel": "news"}',
    '{"event": "pusher:subscribe"}',
    '{"event": "pusher:subscribe", "data": "news"}',
    '{"event": "pusher:subscribe", "data": {"channel": 1}}',
    '{"event": "pusher:subscribe", "data": {"channel": "../news"}}',
    '{"event": "pusher:subscribe", "data": {"channel": "' + "x" * 201 + '"}}',
    '{"event": "pusher:subscribe", "data": {"channel": "private-user-1"}}',
    '{"event": "pusher:subscribe", "data": {"channel": "private-user-1", "auth": 1}}',
    '{"event": "pusher:subscribe", "data": {"channel": "private-user-1", "auth": "school:00"}}',
    '{"event": "pusher:subscribe", "data": {"channel": "presence-room", "auth": "school:00"}}',
    '{"event": "pusher:unsubscribe", "data": {"channel": "never-joined"}}',
    '{"event": "pusher:signin", "data": {"auth": "school:00", "user_data": "{}"}}',
    '{"event": "client-x", "channel": "news", "data": {}}',
    '{"event": "client-x", "channel": "private-never-joined", "data": {}}',
    '{"event": "client-x", "data": "\\ud800"}',
    '{"event": "headline", "channel": "news", "data": {}}',
)


async def test_every_frame(opened: Open) -> None:
    url = f"ws://127.0.0.1:{opened.server.port}/app/{opened.school.key}?protocol=7"
    async with listener(opened) as ear:
        async with Socket.opened(url) as socket:
            socket.greet(await socket.hear())
            for frame in SURVIVED:
                await socket.wire.send(frame)
                await socket.say("pusher:ping", {})
                answers = []
                while (heard := await socket.hear())["event"] != "pusher:pong":
                    answers.append(heard["event"])
                assert set(answers) <= {"pusher:error", "pusher:subscription_error"}, (frame, answers)
            # The same connection can still do everything.
            auth = f"{opened.school.key}:" + sign_channel(
                opened.school.env["PUSHER_SECRET"], socket.id, "private-test-channel"
            )
            await socket.enter("private-test-channel", auth)
        async with Socket.opened(url) as socket:
            await socket.hear()
            await socket.wire.send("x" * (64 * 1024 + 1))
            assert (await socket.ending())[1] == 1009
        for wrong in (
            "/app/another-key?protocol=7",
            f"/app/{opened.school.key}?protocol=99",
            "/app/?protocol=7",
        ):
            await refused_at_the_door(f"ws://127.0.0.1:{opened.server.port}{wrong}")
        await ear.hears_nothing()
        async with calls(opened.server, opened.school["ada"]) as http:
            assert (await http.post("/api/v1/realtime/echo", json={"data": 1})).status_code == 200
        assert (await ear.hear())["event"] == "echo"


async def refused_at_the_door(url: str) -> None:
    """The connection opens, is told why it cannot stay, and is closed; or is not opened at all."""
    try:
        async with Socket.opened(url) as socket:
            heard, code, _reason = await socket.ending()
    except InvalidStatus as refused:
        told = [f"HTTP {refused.response.status_code}"]
        code = 4000 if 400 <= refused.response.status_code < 500 else 0
    else:
        told = [message["event"] for message in heard]
        assert told == ["pusher:error"]
    assert 4000 <= code < 4100, told
