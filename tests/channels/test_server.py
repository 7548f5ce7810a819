"""The Channels server inside another application, under plain uvicorn."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from callers import Http, Socket, error, succeeded, until
from forms import FULL
from mounted import under_uvicorn
from servers import APP_ID, KEY, SECRET, channel_auth, sign_in, signed
from streams import Stream
from toolboxai.apps.webhooks import WebhookRule
from toolboxai.channels import Channels, ChannelsServer, Event
from toolboxai.conform.run import Verdict, run
from toolboxai.conform.target import Target
from toolboxai.errors import ChannelsApiError

# uvicorn's two ways to speak WebSocket, and where the server is mounted; the short form has each of them once.
BOTH_WAYS = [(ws, prefix) for ws in ("websockets", "websockets-sansio") for prefix in ("", "/realtime")]
MASTER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def make(**settings: Any) -> ChannelsServer:
    return ChannelsServer(app_id=APP_ID, key=KEY, secret=SECRET, **settings)


@pytest.fixture
def channels() -> ChannelsServer:
    return make(encryption_master_key_base64=MASTER)


@pytest.fixture
async def port(channels: ChannelsServer) -> AsyncIterator[int]:
    """Mounted at the root of an application that knows nothing of it."""
    async with under_uvicorn(Starlette(routes=[Mount("/", channels)])) as port:
        yield port


async def greeted(socket: Socket) -> Socket:
    socket.greet(await socket.hear())
    return socket


def url(port: int, prefix: str = "") -> str:
    return f"ws://127.0.0.1:{port}{prefix}/app/{KEY}?protocol=7"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the older of uvicorn's two ways warns of its end
@pytest.mark.filterwarnings("ignore:The `websockets` implementation")
@pytest.mark.parametrize(("ws", "prefix"), BOTH_WAYS if FULL else BOTH_WAYS[1:3])
async def test_every_row_of_the_protocol_holds_where_it_is_mounted(ws: str, prefix: str) -> None:
    mounted = make(subscription_counts=True)
    app = FastAPI()
    app.mount(prefix or "/", mounted)
    async with (
        under_uvicorn(app, ws=ws) as port,
        Target(f"http://127.0.0.1:{port}{prefix}", APP_ID, KEY, SECRET) as target,
    ):
        outcomes = [each async for each in run(target, jobs=8)]
    failed = {each.number: each.reason for each in outcomes if each.verdict is Verdict.FAILED}
    if prefix:  # other paths belong to the application around it
        failed.pop(9, None)
    assert failed == {}
    assert mounted.node.metrics.faults_total == 0
    left = mounted._life.polling if mounted._life else ()  # sessions over HTTP outlive their requests
    await until(lambda: mounted.node.metrics.connections == len(left))


async def test_the_application_publishes_without_http(channels: ChannelsServer, port: int) -> None:
    async with Socket.opened(url(port)) as alice:
        await greeted(alice)
        await alice.enter("news")
        await channels.trigger("news", "e", {"a": [1, "ü"]})
        assert await alice.hear() == {"event": "e", "channel": "news", "data": '{"a":[1,"ü"]}'}
        ids = await channels.trigger(["news", "other"], "e", "as it is")
        path = f"/apps/{APP_ID}/publications/{ids[0]}"
        async with Http.opened(port) as http:
            told = json.loads((await http.ask("GET", signed("GET", path))).body)
        assert (told["channel"], told["origin"], told["written"]) == ("news", "application", 1)
        assert (await alice.hear())["data"] == "as it is"
        await channels.trigger("news", "e", "1", socket_id=alice.id)
        await alice.hears_nothing()
        await channels.trigger_batch([Event("news", f"b{number}", number) for number in range(10)])
        assert [(await alice.hear())["event"] for _ in range(10)] == [f"b{number}" for number in range(10)]
        assert await channels.occupied() == ["news"]
        assert (await channels.state("news")).subscriptions == 1
        assert not (await channels.state("other")).occupied


async def test_it_lets_pages_in_and_sends_them_away(channels: ChannelsServer, port: int) -> None:
    async with Socket.opened(url(port)) as alice, Socket.opened(url(port)) as bob:
        for each in (alice, bob):
            await greeted(each)
        await alice.enter("private-a", channels.authorize(alice.id, "private-a")["auth"])
        auth = channels.authorize(alice.id, "presence-a", user_id="u1", user_info={"name": "Una"})
        told = await alice.subscribe("presence-a", auth["auth"], channel_data=auth["channel_data"])
        assert json.loads(told["data"])["presence"]["hash"] == {"u1": {"name": "Una"}}
        assert (await channels.state("presence-a")).users == ("u1",)
        identity = channels.authenticate(bob.id, "u2", watchlist=["u1"])
        assert (await bob.ask("pusher:signin", identity))["event"] == "pusher:signin_success"
        assert (await bob.hear())["event"] == "pusher_internal:watchlist_events"
        assert await bob.subscribe("#server-to-user-u2") == succeeded("#server-to-user-u2")
        await channels.send_to_user("u2", "grade", {"n": 1})
        assert (await bob.hear())["event"] == "grade"
        await channels.terminate_connections("u2")
        text = "You got disconnected by the app."
        assert await bob.ending() == ([error(text, 4009)], 4009, text)


async def test_encrypted_channels(channels: ChannelsServer, port: int) -> None:
    import base64

    from nacl.secret import SecretBox

    name = "private-encrypted-a"
    async with Socket.opened(url(port)) as alice:
        await greeted(alice)
        auth = channels.authorize(alice.id, name)
        await alice.enter(name, auth["auth"])
        await channels.trigger(name, "e", {"a": 1})
        data = json.loads((await alice.hear())["data"])
        nonce, sealed = (base64.b64decode(data[field]) for field in ("nonce", "ciphertext"))
        assert SecretBox(base64.b64decode(auth["shared_secret"])).decrypt(sealed, nonce) == b'{"a":1}'
    with pytest.raises(ChannelsApiError, match="encryption_master_key_base64"):
        make().authorize("1.1", name)
    with pytest.raises(ChannelsApiError, match="that channel alone"):
        await channels.trigger([name, "a"], "e", "1")


BAD_CALLS = [
    pytest.param(lambda c: c.trigger("bad name!", "e", "1"), "Invalid channel name", id="channel"),
    pytest.param(lambda c: c.trigger([], "e", "1"), "Missing required parameter: channels", id="none"),
    pytest.param(lambda c: c.trigger(["a"] + [f"c{n}" for n in range(100)], "e", "1"), "Too many", id="many"),
    pytest.param(lambda c: c.trigger("a", "", "1"), "Missing required parameter: name", id="no-event"),
    pytest.param(lambda c: c.trigger("a", "pusher:x", "1"), "may not begin", id="reserved"),
    pytest.param(lambda c: c.trigger("a", "e", "x" * 10241), "exceeds the allowed maximum", id="large"),
    pytest.param(lambda c: c.trigger("a", "e", {1, 2}), "cannot be written as JSON", id="set"),
    pytest.param(lambda c: c.trigger("a", "e", float("nan")), "cannot be written as JSON", id="nan"),
    pytest.param(lambda c: c.trigger("a", "e", "\ud83d"), "in UTF-8", id="half-a-sign"),
    pytest.param(
        lambda c: c.trigger("a", "\ud83d", 1), "name cannot be written in UTF-8", id="half-a-sign-for-a-name"
    ),
    pytest.param(lambda c: c.trigger("a", "e", "1", socket_id="x"), "Invalid socket id", id="socket"),
    pytest.param(lambda c: c.trigger_batch([Event("a", "e", 1)] * 11), "Batch too large", id="batch"),
    pytest.param(lambda c: c.send_to_user("a b", "e", 1), "Invalid channel name", id="user"),
    pytest.param(lambda c: c.terminate_connections(""), "Invalid user id", id="terminate"),
    pytest.param(lambda c: c.state("#x"), "Invalid channel name", id="state"),
]


@pytest.mark.parametrize(("call", "text"), BAD_CALLS)
async def test_a_caller_is_told_what_is_wrong(channels: ChannelsServer, call: Any, text: str) -> None:
    with pytest.raises(ChannelsApiError, match=text):
        await call(channels)
    assert channels.node.metrics.publications_total == 0


BAD_SIGNINGS = [
    pytest.param(lambda c: c.authorize("x", "private-a"), "Invalid socket id", id="socket"),
    pytest.param(lambda c: c.authorize("1.1", "news"), "without an authorisation", id="public"),
    pytest.param(lambda c: c.authorize("1.1", "presence-a"), "say as whom", id="nobody"),
    pytest.param(lambda c: c.authorize("1.1", "presence-a", user_id=""), "Invalid user id", id="empty"),
    pytest.param(
        lambda c: c.authorize("1.1", "presence-a", user_id="u", user_info={"a": "x" * 1024}),
        "at most 1024",
        id="info",
    ),
    pytest.param(lambda c: c.authenticate("1.1", "a b"), "Invalid user id", id="user"),
    pytest.param(lambda c: c.authenticate("1.1", "u", watchlist=["w"] * 101), "at most 100", id="watchlist"),
]


@pytest.mark.parametrize(("call", "text"), BAD_SIGNINGS)
def test_nothing_is_signed_that_the_server_would_refuse(
    channels: ChannelsServer, call: Any, text: str
) -> None:
    with pytest.raises(ChannelsApiError, match=text):
        call(channels)


async def test_a_slow_reader_is_closed_and_the_others_go_on(channels: ChannelsServer, port: int) -> None:
    from toolboxai import limits

    async with Socket.opened(url(port), max_queue=1) as slow, Socket.opened(url(port)) as alice:
        for each in (slow, alice):
            await greeted(each)
            await each.enter("news")
        sent = 0
        while channels.node.metrics.slow_consumers_total == 0:
            await channels.trigger("news", "e", "x" * 10_000)
            assert (await alice.hear())["event"] == "e"
            sent += 1
            assert sent < 20 * limits.OUTBOX_BYTES // 10_000
        await alice.hears_nothing()
        heard, code, _reason = await slow.ending()
        assert (heard[-1]["data"]["code"], code) == (4100, 4100)


async def test_a_message_of_more_than_64_kib_is_too_big(channels: ChannelsServer, port: int) -> None:
    async with Socket.opened(url(port)) as alice:
        await greeted(alice)
        await alice.wire.send("x" * 65537)
        assert (await alice.ending())[1] == 1009


async def test_silence_is_asked_about_in_band_and_then_closed(clock: Any) -> None:
    mounted = make(clock=clock, activity_timeout_s=1, pong_timeout_s=1)
    async with under_uvicorn(mounted) as port, Socket.opened(url(port)) as alice:
        await greeted(alice)
        clock.advance(1.1)
        assert await alice.hear() == {"event": "pusher:ping", "data": {}}
        await alice.say("pusher:pong", {})
        await alice.hears_nothing()
        clock.advance(1.1)
        assert (await alice.hear())["event"] == "pusher:ping"
        clock.advance(1.1)
        assert await alice.ending() == (
            [error("Pong reply not received", 4201)],
            4201,
            "Pong reply not received",
        )


async def test_at_its_end_connections_are_closed_with_4200() -> None:
    mounted = make()
    text = "Please reconnect immediately"
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(under_uvicorn(Starlette(routes=[Mount("/", mounted)])))
        async with mounted.running():
            alice = await greeted(await stack.enter_async_context(Socket.opened(url(port))))
        assert await alice.ending() == ([error(text, 4200)], 4200, text)
    with pytest.raises(RuntimeError, match="running already"):
        async with mounted.running(), mounted.running():
            pass


async def test_readers_of_plain_http_get_what_the_application_publishes(
    channels: ChannelsServer, port: int
) -> None:
    target = f"/apps/{APP_ID}/channels/news/sse?key={KEY}"
    async with Stream.opened(port, "GET", target) as stream:
        await until(lambda: channels.node.hub(channels._app).subscribers("news"))
        await channels.trigger("news", "e", {"n": 1})
        event = await stream.event()
        assert (event["event"], event["data"]) == ("e", '{"n":1}')
    await until(lambda: channels.node.metrics.connections == 0)
    async with Http.opened(port) as http:
        answer = await http.ask("GET", f"/apps/{APP_ID}/channels/private-a/sse?key={KEY}")
        assert answer.status == 403


async def test_at_its_end_readers_of_plain_http_are_sent_away() -> None:
    mounted = make()
    target = f"/apps/{APP_ID}/channels/news/sse?key={KEY}"
    async with (
        mounted.running(),
        under_uvicorn(mounted, lifespan="off") as port,
        Stream.opened(port, "GET", target) as stream,
    ):
        await stream.block()
        assert mounted._life is not None
        mounted._life.leave()
        assert (await stream.event())["event"] == "pusher:error"
        assert await stream.ended() == ""


async def test_a_dependency_gives_it_to_routes_and_everything_else_stays_the_applications() -> None:
    mounted = make()
    app = FastAPI(lifespan=mounted.lifespan)

    @app.post("/publish")
    async def publish(channels: Annotated[Channels, Depends(mounted.dependency)]) -> dict[str, bool]:
        await channels.trigger("news", "e", 1)
        return {"published": True}

    app.mount("/", mounted)
    async with under_uvicorn(app) as port, Socket.opened(url(port)) as alice:
        await greeted(alice)
        await alice.enter("news")
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            assert (await http.post("/publish")).json() == {"published": True}
            assert (await alice.hear())["data"] == "1"
            assert (await http.get("/nothing")).status_code == 404
            assert (await http.get("/healthz")).text == "ok\n"
        data = json.dumps({"user_id": "1"})
        assert (
            await alice.subscribe("presence-x", channel_auth(alice.id, "presence-x", data), channel_data=data)
        )["event"].endswith("succeeded")
        assert await sign_in(alice, {"id": "u"})


def test_webhooks_are_refused_where_there_is_no_queue_for_them() -> None:
    with pytest.raises(ValueError, match="webhooks are posted by `toolboxai serve`"):
        make(webhooks=(WebhookRule("https://school.example/"),))
