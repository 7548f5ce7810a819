"""Bad input on every route and every frame: a clear error, nothing half done, and the next good one goes through."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from callers import Http, Socket
from school import SERVE, Open, a_lesson, calls, generate, open_school
from server_process import serving
from toolboxai.protocol.signing import sign_channel

# A body that each route takes. A route that is not here takes none, or gets the bodies that none takes.
GOOD: Mapping[str, dict[str, Any]] = {
    "/api/v1/auth/login": {"username": "nobody", "password": "wrong horse battery"},
    "/api/v1/auth/refresh": {"refresh_token": "none"},
    "/api/v1/content/generate": a_lesson(
        language="en",
        difficulty="easy",
        duration_minutes=45,
        seed=1,
        title="Water",
        question_types=["true_false"],
    ),
    "/api/v1/content/{content_id}/download-link": {"format": "md", "sheet": "student"},
    "/api/v1/pusher/auth": {"socket_id": "1.1", "channel_name": "private-test-channel"},
    "/api/v1/pusher/user-auth": {"socket_id": "1.1"},
    "/api/v1/realtime/trigger": {"channel": "news", "event": "headline", "data": 1, "socket_id": "1.1"},
    "/api/v1/realtime/echo": {"socket_id": "1.1", "data": 1},
}
ANY_JSON = {("/api/v1/realtime/trigger", "data"), ("/api/v1/realtime/echo", "data")}
# Pages may add fields of their own to what stock clients send.
TAKES_MORE = {"/api/v1/pusher/auth", "/api/v1/pusher/user-auth"}
# Values that no field takes, but those of ANY_JSON.
ODD = ({"x": [1]}, [{"x": 1}], -1.5, "\x00", "\x00" * 300, "x" * 600_000)
# JSON text that is none, or no body of ours.
ODD_BODIES = (
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1e999",
    b"NaN",
    b"\xff\xfe",
    b'{"a": "\xff"}',
    b'{"a": "\\ud800"}',
    b"[" * 100_000,
    b'{"a":' * 20_000,
    b'{"no_such_field": 1}',
    b'{"__proto__": {}, "": 0}',
)
TRICKS = (
    "..",
    "../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5c",
    "%00",
    "gen_%00",
    "%ff%fe",
    "%F0%9F%98%80",
    "gen_1'%20OR%20'1'='1",
    "%0d%0aX-Injected:%20yes",
    "*",
    "%25",
    "%u0041",
    "gen_" + "x" * 4000,
    "-1",
    "null",
)


def unsigned(claims: dict[str, Any]) -> str:
    """A token that says it needs no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return (
        ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
        + "."
    )


BAD_TOKENS = (
    "Bearer",
    "Bearer a.b.c",
    "Bearer " + "x" * 9000,
    "Basic YWRhOmFkYQ==",
    "Bearer " + unsigned({"sub": "user_1", "role": "admin", "typ": "access", "exp": 4_000_000_000}),
    "bearer \u00ff",
)


@pytest.fixture
def strict(tmp_path: Path, database_url: str) -> Iterator[Open]:
    """A server of its own, for the refusals slow strangers down."""
    (tmp_path / "school").mkdir()
    school = open_school(tmp_path / "school", database_url=database_url, names=("ada",))
    with serving([*SERVE, "0"], cwd=school.home, env=school.env) as server:
        yield Open(school, server)


def assert_refused(answer: httpx2.Response, what: object) -> None:
    """A client's error in the one shape."""
    told = (
        f"{answer.request.method} {answer.request.url.path[:80]} with {str(what)[:80]}: {answer.text[:300]}"
    )
    assert 400 <= answer.status_code < 500, f"{answer.status_code} {told}"
    if answer.status_code == 431 or answer.request.url.path.startswith("/apps"):
        assert answer.text, told
        return
    assert set(answer.json()) == {"error_code", "message", "details", "request_id"}, told
    assert answer.json()["error_code"].isupper(), told
    assert answer.json()["message"], told


class Routes:
    """All routes of the application, as it describes itself."""

    def __init__(self, described: Mapping[str, Any]) -> None:
        self.all = [
            (method.upper(), path, operation)
            for path, operations in described["paths"].items()
            for method, operation in operations.items()
        ]

    @classmethod
    async def read(cls, http: httpx2.AsyncClient) -> "Routes":
        routes = cls((await http.get("/api/openapi.json")).json())
        assert len(routes.all) > 15
        return routes

    def with_body(self) -> Iterator[tuple[str, str]]:
        for method, path, operation in self.all:
            if "requestBody" in operation:
                yield method, path

    def parameters(self, place: str) -> Iterator[tuple[str, str, str]]:
        for method, path, operation in self.all:
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == place:
                    yield method, path, parameter["name"]


def at(path: str, value: str = "gen_none") -> str:
    """The path with every id replaced."""
    parts = [value if part.startswith("{") else part for part in path.split("/")]
    return "/".join(parts)


OPEN_TO_ALL = {"/api/v1/auth/login", "/api/v1/auth/refresh", "/api/v1/realtime/config"}


@pytest.mark.timeout(60)
async def test_every_route_of_the_application(strict: Open):
    ada = strict.school["ada"]
    async with calls(strict.server, ada) as http, calls(strict.server) as stranger, listener(strict) as ear:
        routes = await Routes.read(http)
        await tokens_that_do_not_hold(routes, stranger)
        await bodies_that_do_not_fit(routes, http)
        await parameters_that_do_not_fit(routes, http)
        await paths_that_lead_nowhere(routes, http)
        await bodies_that_are_too_large(routes, http)

        # Nothing of all this was begun, kept or published.
        assert (await http.get("/api/v1/content/sessions")).json() == {"items": [], "next_cursor": None}
        await ear.hears_nothing()
        # And what is right still works.
        accepted = await generate(http)
        assert (await http.get(accepted["status_url"])).status_code == 200
        echo = {"data": "hello"}
        assert (await http.post("/api/v1/realtime/echo", json=echo)).status_code == 200
        assert (await ear.hear())["event"] == "echo"
    log = strict.server.log.read_text()
    assert '"level": "error"' not in log
    assert "Traceback" not in log


@asynccontextmanager
async def listener(school: Open) -> AsyncIterator[Socket]:
    """A connection that hears whatever is published on the two channels of the good bodies."""
    url = f"ws://127.0.0.1:{school.server.port}/app/{school.school.key}?protocol=7&client=test&version=1"
    async with Socket.opened(url) as socket:
        socket.greet(await socket.hear())
        for channel in ("test-channel", "news"):
            await socket.enter(channel)
        yield socket


async def tokens_that_do_not_hold(routes: Routes, stranger: httpx2.AsyncClient) -> None:
    for method, path, _operation in routes.all:
        if path in OPEN_TO_ALL:
            continue
        for header in (None, *BAD_TOKENS):
            headers = {} if header is None else {"Authorization": header.encode("latin-1")}
            answer = await stranger.request(method, at(path), headers=headers, json=GOOD.get(path))
            if answer.status_code != 431:
                assert answer.status_code == 401, f"{method} {path} {header}: {answer.text}"
            assert_refused(answer, header)


async def bodies_that_do_not_fit(routes: Routes, http: httpx2.AsyncClient) -> None:
    for method, path in routes.with_body():
        for kind in (
            "application/json",
            "application/x-www-form-urlencoded",
            "text/plain",
            "multipart/form-data",
        ):
            for body in ODD_BODIES:
                answer = await http.request(method, at(path), content=body, headers={"Content-Type": kind})
                assert_refused(answer, (kind, body))
        assert path in GOOD, f"{path} takes a body: tell here what a good one is"
        for name in GOOD[path]:
            for value in ODD:
                if (path, name) in ANY_JSON and "\x00" not in str(value):
                    continue
                answer = await http.request(method, at(path), json={**GOOD[path], name: value})
                assert_refused(answer, {name: value})
        if path not in TAKES_MORE:
            answer = await http.request(method, at(path), json={**GOOD[path], "no_such_field": 1})
            assert_refused(answer, "an unknown field")


async def parameters_that_do_not_fit(routes: Routes, http: httpx2.AsyncClient) -> None:
    for method, path, name in routes.parameters("query"):
        for value in ("-1", "x", "\x00", "9" * 5000, "1e3", "\u2603"):
            answer = await http.request(method, at(path), params={name: value})
            if answer.status_code != 200:  # a name of a channel or a format may be any text
                assert_refused(answer, {name: value})
    for name in ("token", "access_token"):
        answer = await http.get("/api/v1/content", params={name: "x"})
        assert_refused(answer, name)


async def paths_that_lead_nowhere(routes: Routes, http: httpx2.AsyncClient) -> None:
    async with Http.opened(http.base_url.port or 0) as raw:  # a library would tidy the path up
        for method, path, _name in routes.parameters("path"):
            for trick in TRICKS:
                told = await raw.ask(method, at(path, trick), headers=dict(http.headers))
                assert 400 <= told.status < 500, (method, path, trick, told)
                assert json.loads(told.body)["error_code"] == "RESOURCE_NOT_FOUND", (trick, told)
                assert "x-injected" not in told.headers
    for method, path, _operation in routes.all:
        for other in {"PUT", "PATCH", "TRACE"} - {method}:
            assert_refused(await http.request(other, at(path)), other)
        assert_refused(await http.request(method, f"{at(path)}/no/such/thing"), "a longer path")


async def bodies_that_are_too_large(routes: Routes, http: httpx2.AsyncClient) -> None:
    for number, (method, path) in enumerate(routes.with_body()):
        if number < 2:
            answer = await http.request(method, at(path), content=b" " * (12 << 20))
            assert answer.status_code == 413
            assert_refused(answer, "12 MiB")
        # Announced, and never sent.
        async with Http.opened(http.base_url.port or 0) as raw:
            head = {"Authorization": http.headers["Authorization"], "Content-Type": "application/json"}
            raw.send(raw.request(method, at(path), headers={**head, "Content-Length": str(1 << 40)}))
            told = await raw.answer()
            assert (told.status, json.loads(told.body)["error_code"]) == (413, "PAYLOAD_TOO_LARGE")


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
ODD_EVENTS: tuple[object, ...] = (
    [],
    None,
    "text",
    {},
    {"name": "headline", "channels": ["news"]},
    *({**EVENT, "name": value} for value in ({}, 1, None, "x" * 201)),
    *(
        {**EVENT, "channels": value}
        for value in ("", {}, [1], [[]], [""], ["a b"], ["x" * 201], ["news"] * 101)
    ),
    *(
        {**EVENT, "channels": [name]}
        for name in ("../news", "news\x00", "n\u00e9ws", "private-a/b", "#server-to-user-")
    ),
    *({**EVENT, "data": value} for value in ("x" * 20_000, [1] * 20_000)),
    *({**EVENT, "socket_id": value} for value in (1, {}, "1", "1.1:x", "..")),
)


async def test_every_route_of_the_channels_api(opened: Open):
    sign = Signer(opened.school.env)
    base = f"/apps/{sign.app}"
    async with calls(opened.server) as http, listener(opened) as ear:

        async def post(path: str, body: bytes, **changed: str) -> httpx2.Response:
            return await http.post(sign.target("POST", path, body, **changed), content=body)

        good = json.dumps(EVENT).encode()
        for path in (f"{base}/events", f"{base}/batch_events"):
            for body in (*ODD_BODIES, *(json.dumps(event).encode() for event in ODD_EVENTS)):
                if path.endswith("batch_events"):
                    assert_refused(await post(path, b'{"batch": [' + body + b"]}"), body) if body else None
                assert_refused(await post(path, body), body)
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


async def test_every_frame(opened: Open):
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
