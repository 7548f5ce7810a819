"""Event streams and long polls, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from callers import Http, HttpAnswer, until
from servers import APP, APP_ID, KEY, Running, make_app, serving
from streams import Stream
from toolboxai.apps.app import AppKey
from toolboxai.apps.registry import AppRegistry
from toolboxai.close_codes import CloseCode
from toolboxai.errors import InsufficientPermissions, TokenExpired
from toolboxai.platform.identity.stream_rights import StreamGrant
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock

KEPT = "content-generation-1"
SSE = f"/apps/{APP_ID}/channels/{KEPT}/sse?key={KEY}"
POLL = f"/apps/{APP_ID}/channels/{KEPT}/poll?key={KEY}"


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[Running]:
    async with serving(clock=clock) as running:
        yield running


async def publish(server: Running, *data: str, channel: str = KEPT) -> None:
    for each in data:
        await server.node.publish(APP, [ChannelName.parse(channel)], "e", each)


async def poll(server: Running, after: str = "", **query: object) -> Any:
    more = "".join(f"&{name}={value}" for name, value in query.items())
    async with Http.opened(server.port) as http:
        answer = await http.ask("GET", f"{POLL}{'&after=' + after if after else ''}{more}")
    assert answer.status == 200, answer
    return json.loads(answer.body)


async def ask(server: Running, target: str, method: str = "GET", **headers: str) -> HttpAnswer:
    async with Http.opened(server.port) as http:
        return await http.ask(method, target, headers=headers)


# ---- event streams ----------------------------------------------------------------------------------------------


async def test_a_reader_gets_what_is_kept_then_what_comes(server: Running) -> None:
    await publish(server, "1", "2")
    async with Stream.opened(server.port, "GET", SSE) as stream:
        assert stream.status == 200
        assert stream.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert "no-store" in stream.headers["cache-control"]
        assert stream.headers["x-accel-buffering"] == "no"
        assert await stream.block() == {"": ""}, "a comment first, so that proxies let the answer through"
        assert await stream.block() == {"retry": "2000"}
        await publish(server, "3", "two\nlines")
        events = [await stream.event() for _ in range(4)]
        assert [event["data"] for event in events] == ["1", "2", "3", "two\nlines"]
        epochs = {event["id"].partition(":")[0] for event in events}
        assert len(epochs) == 1
        assert [event["id"].partition(":")[2] for event in events] == ["1", "2", "3", "4"]
        assert {event["event"] for event in events} == {"e"}
        assert server.metrics.connections == 1
    await until(lambda: server.metrics.connections == 0)
    assert len(server.server._streams) == 0


async def test_a_reader_that_has_heard_nothing_knows_its_place_all_the_same(server: Running) -> None:
    async with Stream.opened(server.port, "GET", SSE) as stream:
        place = [await stream.block() for _ in range(3)][-1]
    assert list(place) == ["id"]
    await publish(server, "1")
    async with Stream.opened(server.port, "GET", SSE, {"Last-Event-ID": place["id"]}) as stream:
        assert (await stream.event())["data"] == "1"


@pytest.mark.parametrize("how", ["header", "query"])
async def test_a_reader_that_comes_back_gets_only_what_it_has_missed(server: Running, how: str) -> None:
    async with Stream.opened(server.port, "GET", SSE) as stream:
        await publish(server, "1", "2")
        await stream.event()
        last = (await stream.event())["id"]
    await publish(server, "3", "4")
    target, headers = (
        (SSE, {"Last-Event-ID": last}) if how == "header" else (f"{SSE}&last_event_id={last}", {})
    )
    async with Stream.opened(server.port, "GET", target, headers) as stream:
        await publish(server, "5")
        assert [(await stream.event())["data"] for _ in range(3)] == ["3", "4", "5"]


@pytest.mark.parametrize("last", ["another.life:1", "nonsense"])
async def test_a_reader_whose_place_is_not_known_is_told_then_given_what_is_kept(
    server: Running, last: str
) -> None:
    await publish(server, "1")
    async with Stream.opened(server.port, "GET", SSE, {"Last-Event-ID": last}) as stream:
        assert await stream.event() == {"event": "pusher:resume_gap", "data": f'{{"channel":"{KEPT}"}}'}
        assert (await stream.event())["data"] == "1"


async def test_a_reader_that_was_away_for_too_long_is_told_of_the_gap(server: Running) -> None:
    async with Stream.opened(server.port, "GET", SSE) as stream:
        await publish(server, "0")
        last = (await stream.event())["id"]
    await publish(server, *map(str, range(1, 60)))  # the rule keeps fifty
    async with Stream.opened(server.port, "GET", SSE, {"Last-Event-ID": last}) as stream:
        assert (await stream.event())["event"] == "pusher:resume_gap"
        assert [(await stream.event())["data"] for _ in range(50)] == [
            str(number) for number in range(10, 60)
        ]


async def test_a_cache_channel_hands_over_its_last_event_once(server: Running) -> None:
    target = f"/apps/{APP_ID}/channels/cache-a/sse?key={KEY}"
    await publish(server, "1", "2", channel="cache-a")
    async with Stream.opened(server.port, "GET", target) as stream:
        last = await stream.event()
        assert last["data"] == "2"
    async with Stream.opened(server.port, "GET", target, {"Last-Event-ID": last["id"]}) as stream:
        await publish(server, "3", channel="cache-a")
        assert (await stream.event())["data"] == "3"


async def test_silence_is_filled_with_comments(server: Running) -> None:
    async with Stream.opened(server.port, "GET", SSE) as stream:
        for _ in range(3):
            await stream.block()
        for _ in range(3):
            await server.advance(15)
            assert await stream.block() == {"": ""}


async def test_a_server_that_leaves_ends_its_streams(server: Running) -> None:
    async with Stream.opened(server.port, "GET", SSE) as stream:
        for _ in range(3):
            await stream.block()
        server.server._streams.leave()
        event = await stream.event()
        assert (event["event"], json.loads(event["data"])["code"]) == ("pusher:error", 4200)
        assert await stream.ended() == ""
    assert (await ask(server, SSE)).status == 503


async def test_a_reader_that_is_too_slow_is_closed_and_counted(server: Running) -> None:
    async with Stream.opened(server.port, "GET", SSE) as stream:
        stream.stop_reading()
        (reader,) = server.server._streams._streams
        while not server.metrics.slow_consumers_total:
            await publish(server, "x" * 10_000)
            await asyncio.sleep(0)
        await until(lambda: reader.closing is not None)
        assert reader.closing is not None
        assert reader.closing[0] == CloseCode.OVER_CAPACITY
        await server.advance(5)
        await until(lambda: len(server.server._streams) == 0)
        assert server.metrics.connections_aborted_total == 1
        assert server.metrics.connections == 0


async def test_readers_of_an_app_that_is_removed_are_sent_away(clock: ManualClock) -> None:
    other = make_app(id="5", keys=(AppKey("OTHER", "s"),))
    async with serving(make_app(), other, clock=clock) as server:
        target = "/apps/5/channels/a/sse?key=OTHER"
        async with Stream.opened(server.port, "GET", target) as stream:
            for _ in range(3):
                await stream.block()
            server.node.apply(AppRegistry([make_app()]))
            event = await stream.event()
            assert (event["event"], json.loads(event["data"])["code"]) == ("pusher:error", 4001)
            assert await stream.ended() == ""
        assert (await ask(server, target)).status == 404
        assert (server.metrics.connections, server.metrics.faults_total) == (0, 0)


# ---- who may ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["sse", "poll"])
@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"/apps/9/channels/a/FORM?key={KEY}", 404, "Unknown app"),
        ("/apps/3/channels/a/FORM", 401, "Missing parameter: key"),
        ("/apps/3/channels/a/FORM?key=NOPE", 401, "not of app 3"),
        ("/apps/3/channels/a/FORM?key=OTHER", 401, "not of app 3"),
        ("/apps/4/channels/a/FORM?key=DISABLED", 403, "disabled"),
        (f"/apps/3/channels/a%20b/FORM?key={KEY}", 400, "Invalid channel"),
        (f"/apps/3/channels/{'a' * 201}/FORM?key={KEY}", 400, "Invalid channel"),
        (f"/apps/3/channels/presence-a/FORM?key={KEY}", 403, "over a WebSocket"),
        (f"/apps/3/channels/presence-cache-a/FORM?key={KEY}", 403, "over a WebSocket"),
        (f"/apps/3/channels/%23server-to-user-1/FORM?key={KEY}", 403, "over a WebSocket"),
        (f"/apps/3/channels/private-a/FORM?key={KEY}", 403, "nobody here can say"),
        (f"/apps/3/channels/private-encrypted-a/FORM?key={KEY}", 403, "nobody here can say"),
        (f"/apps/3/channels/a/FORM?key={KEY}&Access_Token=x", 401, "token in the URL"),
    ],
)
async def test_who_may_not_is_told_why(form: str, path: str, status: int, said: str) -> None:
    disabled = make_app(id="4", keys=(AppKey("DISABLED", "s"),), enabled=False)
    other = make_app(id="5", keys=(AppKey("OTHER", "s"),))
    async with serving(make_app(), disabled, other) as server:
        answer = await ask(server, path.replace("FORM", form))
        assert (answer.status, answer.text.endswith("\n")) == (status, True)
        assert said in answer.text
        assert server.metrics.connections == server.metrics.faults_total == 0


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        (f"/apps/{APP_ID}/channels/a/poll?auth_key={KEY}", {}),
        (f"/apps/{APP_ID}/channels/a/poll", {"X-Pusher-Key": KEY}),
    ],
)
async def test_the_key_may_come_in_other_ways(server: Running, target: str, headers: dict[str, str]) -> None:
    assert (await ask(server, target, **headers)).status == 200


async def test_pages_of_allowed_origins_may_read_and_others_may_not() -> None:
    school = "https://school.example"
    async with serving(make_app(allowed_origins=(school,))) as server:
        answer = await ask(server, POLL, Origin=school)
        assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, school)
        answer = await ask(server, POLL, "OPTIONS", Origin=school)
        assert answer.status == 204
        assert "Authorization" in answer.headers["access-control-allow-headers"]
        assert "Last-Event-ID" in answer.headers["access-control-allow-headers"]
        refused = await ask(server, POLL.replace(KEY, "NOPE"), Origin=school)
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, school)
        foreign = await ask(server, POLL, Origin="https://evil.example")
        assert (foreign.status, foreign.text) == (403, "Origin not allowed\n")
        assert "access-control-allow-origin" not in foreign.headers


async def test_other_methods_are_the_signed_apis_affair(server: Running) -> None:
    assert (await ask(server, SSE, "DELETE")).status == 401


async def test_an_app_has_so_many_connections_and_readers_are_among_them() -> None:
    async with serving(make_app(max_connections=1)) as server, Stream.opened(server.port, "GET", SSE):
        answer = await ask(server, SSE)
        assert (answer.status, answer.text) == (503, "Application is over connection quota\n")


class Rights:
    """The application's word: a token is good for the channel of its name, until a time or until it is taken back."""

    def __init__(self) -> None:
        self.until = 0.0
        self.taken_back: set[str] = set()

    async def __call__(self, token: str, channel: str) -> StreamGrant:
        if token == "old":
            raise TokenExpired("the token has expired; refresh it")
        if token != channel:
            raise InsufficientPermissions(f"you may not follow {channel}")
        return StreamGrant(self.until, lambda: token not in self.taken_back)


@pytest.mark.parametrize("channel", ["private-a", "private-cache-a", "private-encrypted-a"])
async def test_a_private_channel_of_the_own_app_opens_to_a_token_until_it_expires(
    clock: ManualClock, channel: str
) -> None:
    rights = Rights()
    rights.until = clock.now() + 60
    async with serving(clock=clock, authorise=rights) as server:
        target = f"/apps/{APP_ID}/channels/{channel}/sse?key={KEY}"
        bearer = {"Authorization": f"Bearer {channel}"}
        assert (await ask(server, target)).status == 401
        assert (await ask(server, target, Authorization="Basic eDp5")).status == 401
        assert (await ask(server, target, Authorization="Bearer old")).status == 401
        assert (await ask(server, target, Authorization="Bearer other")).status == 403
        async with Stream.opened(server.port, "GET", target, bearer) as stream:
            await publish(server, "1", channel=channel)
            assert (await stream.event())["data"] == "1"
            await server.advance(60)
            event = await stream.event()
            assert event == {"event": "pusher:subscription_expired", "data": f'{{"channel":"{channel}"}}'}
            assert await stream.ended() == ""


async def test_a_token_that_is_taken_back_ends_its_streams_and_no_others(clock: ManualClock) -> None:
    rights = Rights()
    rights.until = clock.now() + 900
    async with serving(clock=clock, authorise=rights) as server:
        mine, theirs = (
            f"/apps/{APP_ID}/channels/{name}/sse?key={KEY}" for name in ("private-a", "private-b")
        )
        async with (
            Stream.opened(server.port, "GET", mine, {"Authorization": "Bearer private-a"}) as stream,
            Stream.opened(server.port, "GET", theirs, {"Authorization": "Bearer private-b"}) as other,
        ):
            await publish(server, "1", channel="private-a")
            assert (await stream.event())["data"] == "1"
            rights.taken_back.add("private-a")
            await server.advance(1)
            told = {"event": "pusher:subscription_expired", "data": '{"channel":"private-a"}'}
            assert await stream.event() == told
            assert await stream.ended() == ""
            await publish(server, "2", channel="private-b")
            assert (await other.event())["data"] == "2"


async def test_a_reader_whose_token_is_looked_at_while_the_server_leaves_does_not_come_in() -> None:
    asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slow(token: str, channel: str) -> StreamGrant:
        del token, channel
        asked.set()
        await may_answer.wait()
        return StreamGrant(float("inf"), lambda: True)

    async with serving(authorise=slow) as server:
        target = f"/apps/{APP_ID}/channels/private-a/sse?key={KEY}"
        answer = asyncio.ensure_future(ask(server, target, Authorization="Bearer x"))
        await asked.wait()
        server.server._streams.leave()
        may_answer.set()
        assert (await answer).status == 503
        assert server.metrics.connections == 0


async def test_a_token_opens_no_other_app(clock: ManualClock) -> None:
    other = make_app(id="5", keys=(AppKey("OTHER", "s"),))
    async with serving(make_app(), other, clock=clock, authorise=Rights()) as server:
        answer = await ask(
            server, "/apps/5/channels/private-a/sse?key=OTHER", Authorization="Bearer private-a"
        )
        assert answer.status == 403
        assert "own app alone" in answer.text


# ---- long polls -------------------------------------------------------------------------------------------------


async def test_a_first_poll_is_answered_at_once_with_what_is_kept(server: Running) -> None:
    assert (await poll(server))["items"] == []
    await publish(server, "1", "two\nlines")
    answer = await poll(server)
    assert [(item["event"], item["data"]) for item in answer["items"]] == [("e", "1"), ("e", "two\nlines")]
    now = datetime.fromtimestamp(server.clock.now(), UTC)
    assert {datetime.fromisoformat(item["timestamp"]) for item in answer["items"]} == {now}
    assert answer["cursor"] == answer["items"][-1]["id"]
    assert answer["gap"] is False


async def test_a_poll_waits_for_what_comes_next(server: Running) -> None:
    await publish(server, "1")
    cursor = (await poll(server))["cursor"]
    waiting = asyncio.ensure_future(poll(server, cursor))
    await until(lambda: server.server._streams._polls)
    await publish(server, "2")
    answer = await waiting
    assert [item["data"] for item in answer["items"]] == ["2"]
    assert (await poll(server, cursor))["cursor"] == answer["cursor"]
    await until(lambda: server.metrics.connections == 0)


async def test_a_poll_ends_with_nothing_when_its_time_is_over(server: Running) -> None:
    await publish(server, "1")
    cursor = (await poll(server))["cursor"]
    waiting = asyncio.ensure_future(poll(server, cursor, wait=7))
    await until(lambda: server.server._streams._polls)
    await server.advance(6)
    assert not waiting.done()
    await server.advance(1)
    assert await waiting == {"items": [], "cursor": cursor, "gap": False}
    assert await poll(server, cursor, wait=0) == {"items": [], "cursor": cursor, "gap": False}


async def test_a_poll_from_another_life_tells_the_gap(server: Running) -> None:
    await publish(server, "1")
    answer = await poll(server, "another.life:9")
    assert (answer["gap"], [item["data"] for item in answer["items"]]) == (True, ["1"])


async def test_what_does_not_fit_into_one_answer_comes_with_the_next(clock: ManualClock) -> None:
    async with serving(clock=clock) as server:
        await publish(server, *(f"{number} " + "x" * 10_000 for number in range(40)))
        heard: list[str] = []
        cursor, answers = "", 0
        while len(heard) < 40:
            answer = await poll(server, cursor, wait=0)
            heard += [item["data"].split()[0] for item in answer["items"]]
            cursor, answers = answer["cursor"], answers + 1
            assert not answer["gap"]
        assert heard == [str(number) for number in range(40)]
        assert answers == 2


@pytest.mark.parametrize("query", ["after=x", "after=a:b", "wait=26", "wait=-1", "wait=x", "wait=1.5"])
async def test_a_poll_of_odd_form_is_told_what_is_allowed(server: Running, query: str) -> None:
    answer = await ask(server, f"{POLL}&{query}")
    assert answer.status == 400
    assert answer.text.startswith("Invalid ")


async def test_a_server_that_leaves_answers_who_waits(server: Running) -> None:
    await publish(server, "1")
    cursor = (await poll(server))["cursor"]
    waiting = asyncio.ensure_future(poll(server, cursor))
    await until(lambda: server.server._streams._polls)
    server.server._streams.leave()
    assert (await waiting)["items"] == []


async def test_who_hangs_up_leaves_nothing_behind(server: Running) -> None:
    await publish(server, "1")
    cursor = (await poll(server))["cursor"]
    async with Http.opened(server.port) as http:
        http.send(http.request("GET", f"{POLL}&after={cursor}"))
        await until(lambda: server.server._streams._polls)
    await until(lambda: len(server.server._streams) == 0)
    assert (server.metrics.connections, server.metrics.faults_total) == (0, 0)
