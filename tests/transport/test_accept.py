"""From an upgrade request to a connection or a refusal."""

from contextlib import AsyncExitStack, suppress

import pytest
from websockets.exceptions import ConnectionClosed

from callers import Socket, error
from servers import KEY, Running, make_app, serving
from toolboxai.apps.app import AppKey
from toolboxai.transport import accept

GOING = "Please reconnect immediately"


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        (None, True),
        ("https://school.example", True),
        ("http://localhost:5173", True),
        ("https://evil.example", False),
        ("http://[", False),
    ],
)
async def test_a_page_of_a_foreign_origin_is_sent_away_for_good(origin: str | None, welcome: bool) -> None:
    async with serving(make_app(allowed_origins=("https://school.example",))) as server:
        async with Socket.opened(server.ws_url(), origin=origin) as page:
            if welcome:
                assert (await page.hear())["event"] == "pusher:connection_established"
            else:
                heard, code, _reason = await page.ending()
                assert (heard[0]["data"]["code"], code) == (4009, 4009)
        assert server.metrics.faults_total == 0


async def test_who_comes_while_the_server_leaves_is_told_to_come_back(server: Running) -> None:
    server.server._acceptor.draining = True
    async with Socket.opened(server.ws_url()) as late:
        assert await late.ending() == ([error(GOING, 4200)], 4200, GOING)
    server.server._acceptor.draining = False


async def test_a_place_that_was_left_is_free_again() -> None:
    async with serving(make_app(max_connections=1)) as server:
        for _ in range(3):
            async with server.socket() as alice:
                await alice.hears_nothing()
        assert (server.metrics.connections, server.metrics.connections_total) == (0, 3)


async def test_the_limit_of_one_app_is_not_anothers() -> None:
    other = make_app(id="4", keys=(AppKey("k4", "s"),), max_connections=1)
    async with serving(make_app(max_connections=1), other) as server, AsyncExitStack() as stack:
        for key in (KEY, "k4"):
            await stack.enter_async_context(server.socket(server.ws_url(f"/app/{key}")))
        assert server.metrics.connections == 2


async def test_a_key_may_be_escaped_and_the_path_may_end_in_a_slash() -> None:
    app = make_app(keys=(AppKey("k é", "s"),))
    async with serving(app) as server, server.socket(server.ws_url("/app/k%20%C3%A9/")) as alice:
        await alice.hears_nothing()


async def test_what_was_refused_takes_nothing(server: Running) -> None:
    for _ in range(20):
        async with Socket.opened(server.ws_url("/app/NOPE")) as stranger:
            with suppress(ConnectionClosed):  # the close may have come first
                await stranger.wire.send("is anyone there?")
            assert (await stranger.ending())[1] == 4001
    assert server.server._acceptor.pumps == set()
    assert server.metrics.connections_total == 0
    assert server.metrics.connections_refused_total.total() == 20


async def test_what_strangers_call_is_not_remembered_at_length(server: Running) -> None:
    accept._called.cache_clear()
    async with Socket.opened(
        server.ws_url("/app/NOPE", "&".join(f"p{n}=1" for n in range(1000)))
    ) as stranger:
        assert (await stranger.ending())[1] == 4001
    assert accept._called.cache_info().currsize == 0
    for _ in range(2):
        async with server.socket():
            pass
    assert accept._called.cache_info().currsize == 1
