"""A connection that is gone is freed at once, by counting: nothing waits for the collector of cycles, which comes rarely."""

import gc
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

import pytest

from callers import Socket, until
from old_school import old_school
from servers import APP, APP_ID, KEY, channel_auth, join, make_app, serving, sign_in
from streams import Stream

OF_A_CONNECTION = (
    "Connection",
    "ConfirmingWire",
    "FrameReader",
    "Front",
    "OldSession",
    "Outbox",
    "Pump",
    "ServerSession",
    "SignInFirst",
    "StreamReader",
    "Visit",
    "WebSocketProtocol",
)


def left() -> Counter[str]:
    """What there is of connections, by its class."""
    named = (kind for each in gc.get_objects() if (kind := type(each)).__name__ in OF_A_CONNECTION)
    return Counter(kind.__name__ for kind in named if kind.__module__.startswith("toolboxai."))


@pytest.fixture
def uncollected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


async def reads(socket: Socket) -> None:
    await socket.enter("news")


async def is_refused(socket: Socket) -> None:
    assert (await socket.subscribe("private-lesson", "none"))["event"] == "pusher:error"
    await socket.hear()


async def talks(socket: Socket) -> None:
    await socket.enter("private-talk", channel_auth(socket.id, "private-talk"))
    await socket.say("client-said", "x", channel="private-talk")
    await socket.hears_nothing()


async def is_a_member(socket: Socket) -> None:
    await join(socket, "presence-class", {"user_id": socket.id, "user_info": {"name": "Ada"}})


async def signs_in(socket: Socket) -> None:
    assert (await sign_in(socket, {"id": socket.id}))["event"] == "pusher:signin_success"
    await reads(socket)


async def is_told_nonsense(socket: Socket) -> None:
    assert (await socket.ask("nonsense"))["event"] == "pusher:error"


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("resume", [False, True])
@pytest.mark.parametrize("does", [reads, is_refused, talks, is_a_member, signs_in, is_told_nonsense])
@pytest.mark.parametrize("politely", [True, False])
async def test_what_a_connection_was_is_freed_when_it_ends(
    does: Callable[[Socket], Awaitable[None]], *, resume: bool, politely: bool
) -> None:
    async with serving(make_app(resume=resume)) as server:
        before = left()
        async with server.socket() as socket:
            await does(socket)
            assert left()["Pump"] == 1
            if not politely:
                socket.wire.transport.abort()
        await until(lambda: not server.server._acceptor.sockets)
        del socket
        assert left() - before == Counter()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("path", ["/ws/content/gen_1", "/ws/roblox", "/ws/agent/agent_1"])
async def test_so_is_an_old_socket(path: str) -> None:
    async with old_school() as school:
        before = left()
        async with school.at(path, "good:anna"):
            assert left()["Visit"] == 1
        await until(lambda: not school.running.server._acceptor.sockets)
        assert left() - before == Counter()


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("ends", ["the client", "the server"])
async def test_so_is_a_reader_of_an_event_stream(ends: str) -> None:
    async with serving() as server:
        before = left()
        async with Stream.opened(server.port, "GET", f"/apps/{APP_ID}/channels/news/sse?key={KEY}"):
            await until(lambda: server.node.hub(APP).subscribers("news"))
            assert left()["StreamReader"] == 1
            if ends == "the server":
                for connection in server.node.connections:
                    connection.owner.close(4200, "come back")
                del connection
        await until(lambda: not len(server.server._streams))
        await until(lambda: left() == before)
