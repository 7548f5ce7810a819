"""One ChannelsServer through several lives: with and without a lifespan, in one event loop after another."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from callers import Socket
from mounted import under_uvicorn
from servers import APP_ID, KEY, SECRET
from toolboxai.channels import AppKey, ChannelsServer, ChannelState
from toolboxai.protocol.signing import sign_channel

Json = dict[str, Any]


@pytest.fixture
def channels() -> ChannelsServer:
    return ChannelsServer(app_id=APP_ID, key=KEY, secret=SECRET)


async def visit(channels: ChannelsServer, path: str = "/healthz", root_path: str = "") -> tuple[int, bytes]:
    """One request, as a test client of the application around it makes it."""
    told: list[Json] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Json:
        return {"type": "http.request"}

    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "raw_path": path.encode(),
        "root_path": root_path,
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
    }
    await channels(scope, receive, send)
    return told[0]["status"], told[1]["body"]


def left_open(work: Coroutine[Any, Any, None]) -> None:
    """Run it in a loop that is closed with whatever it left, as some test clients do."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False  # type: ignore[attr-defined]  # that they are left is what is tested
    finally:
        loop.close()


async def member(channels: ChannelsServer, user_id: str) -> None:
    """Somebody is on a presence channel when the loop ends."""
    messages: asyncio.Queue[Json] = asyncio.Queue()
    messages.put_nowait({"type": "websocket.connect"})
    subscribed = asyncio.Event()

    async def send(message: Any) -> None:
        text = message.get("text", "")
        if "connection_established" in text:
            socket_id = json.loads(json.loads(text)["data"])["socket_id"]
            auth = channels.authorize(socket_id, "presence-a", user_id=user_id)
            subscribe = {"event": "pusher:subscribe", "data": {"channel": "presence-a", **auth}}
            messages.put_nowait({"type": "websocket.receive", "text": json.dumps(subscribe)})
        elif "subscription_succeeded" in text:
            subscribed.set()

    scope = {"type": "websocket", "path": f"/app/{KEY}", "query_string": b"protocol=7", "headers": []}
    page = asyncio.create_task(channels(scope, messages.get, send))
    await subscribed.wait()
    assert not page.done()


async def visit_and_follow(channels: ChannelsServer) -> None:
    for user_id in ("1", "2"):
        await member(channels, user_id)
    assert (await channels.state("presence-a")).users == ("1", "2")


def test_each_loop_may_be_another(channels: ChannelsServer) -> None:
    for _ in range(3):
        asyncio.run(_twice(channels))


async def _twice(channels: ChannelsServer) -> None:
    answers = await asyncio.gather(visit(channels), visit(channels))
    assert list(answers) == [(200, b"ok\n")] * 2
    await channels.trigger("news", "e", 1)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # coroutines of the closed loop
def test_what_a_closed_loop_left_behind_is_cleared_away(channels: ChannelsServer) -> None:
    calls: list[Callable[[], Coroutine[Any, Any, Any]]] = [
        lambda: channels.trigger("presence-a", "e", 1),
        lambda: channels.terminate_connections("1"),
        lambda: channels.occupied(),
        lambda: channels.state("presence-a"),
    ]
    for call in calls:
        left_open(visit_and_follow(channels))
        asyncio.run(call())
        assert asyncio.run(channels.state("presence-a")) == ChannelState(0)
    left_open(visit_and_follow(channels))
    asyncio.run(_twice(channels))
    assert channels.node.metrics.connections == 0


async def test_a_start_that_fails_is_told_to_whoever_waits_for_it(
    channels: ChannelsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(_apps: object) -> float:
        raise KeyError("a bug")

    monkeypatch.setattr("toolboxai.channels.server.shortest_wait", breaks)
    for _ in range(2):
        with pytest.raises(KeyError, match="a bug"):
            await visit(channels)
    monkeypatch.undo()
    assert await visit(channels) == (200, b"ok\n")


@pytest.mark.parametrize(
    ("path", "root_path", "status"),
    [
        ("/healthz", "", 200),
        ("/realtime/healthz", "/realtime", 200),
        ("/realtime/healthz", "/realtime/", 200),
        ("/healthz", "/heal", 200),
        ("/realtimes/healthz", "/realtime", 404),
        ("/other", "", 404),
    ],
)
async def test_the_mount_is_cut_off_between_two_slashes(
    channels: ChannelsServer, path: str, root_path: str, status: int
) -> None:
    assert (await visit(channels, path, root_path))[0] == status


async def test_a_key_takes_the_place_of_another_while_both_are_good() -> None:
    channels = ChannelsServer(app_id=APP_ID, key="new", secret="s1", further_keys=[AppKey(KEY, SECRET)])
    async with under_uvicorn(channels) as port:
        for key, secret in (("new", "s1"), (KEY, SECRET)):
            async with Socket.opened(f"ws://127.0.0.1:{port}/app/{key}?protocol=7") as page:
                page.greet(await page.hear())
                await page.enter("private-a", f"{key}:{sign_channel(secret, page.id, 'private-a')}")
                auth = channels.authorize(page.id, "private-b")["auth"]
                assert auth.startswith("new:")
                await page.enter("private-b", auth)
