"""The fake server: the real client runs on it, with asyncio and without."""

import asyncio
import threading

import pytest

from toolboxai.client import (
    ConnectionClosed,
    Event,
    Member,
    RequestRefused,
    SubscriptionDenied,
    connect,
    connect_sync,
)
from toolboxai.client.testing import FakeServer

ROOM = "presence-classroom-7"
AGENT = "private-agent-agent_1"


async def test_two_see_one_another_and_what_they_send() -> None:
    server = FakeServer()
    seen: list[object] = []
    async with connect(**server.options("jane", {"name": "Jane"})) as jane:
        hers = await jane.subscribe(ROOM)
        async with connect(**server.options("john")) as john:
            his = await john.subscribe(ROOM)
            his.on("client-wave", lambda data, event: seen.append((event.user_id, data)))
            assert sorted(server.members(ROOM)) == ["jane", "john"]
            hers.trigger("client-wave", {"hello": True})
            await server.settled()
            assert seen == [("jane", {"hello": True})]
            assert [(each.event, each.user_id) for each in server.triggered] == [("client-wave", "jane")]
            assert [member.id for member in hers.members] == ["jane", "john"]
            assert his.me == Member("john", None)
            assert Member("jane", {"name": "Jane"}) in his.members
        await server.settled()
        assert hers.members == [Member("jane", {"name": "Jane"})]
    assert server.subscribers(ROOM) == 0


async def test_what_passed_while_the_line_was_cut_comes_once() -> None:
    server = FakeServer()
    async with connect(**server.options()) as client:
        channel = await client.subscribe(AGENT, since=0)
        reader = aiter(channel)
        server.message(AGENT, "agent_status", {"queue_length": 1})
        assert (await anext(reader)).seq == 1
        server.cut()
        await server.settled()
        server.message(AGENT, "agent_status", {"queue_length": 2})
        server.mend()
        await server.settled()
        server.message(AGENT, "agent_status", {"queue_length": 3})
        async with asyncio.timeout(5):
            assert [(await anext(reader)).seq for _ in range(2)] == [2, 3]


async def test_who_is_denied_is_told_and_requests_are_answered() -> None:
    server = FakeServer()
    server.deny("private-secret")
    server.answer("POST /api/v1/echo", lambda body: {"said": body})
    async with connect(**server.options()) as client:
        with pytest.raises(SubscriptionDenied, match="may not follow it"):
            await client.subscribe("private-secret")
        denied, fine = await asyncio.gather(
            client.subscribe("private-secret"), client.subscribe("private-open"), return_exceptions=True
        )
        assert isinstance(denied, SubscriptionDenied)
        assert not isinstance(fine, BaseException)
        assert await client.request("POST", "/api/v1/echo", [1]) == {"said": [1]}
        with pytest.raises(RequestRefused, match="nothing answers") as refused:
            await client.request("GET", "/api/v1/nothing")
        assert (refused.value.status, refused.value.code) == (404, "RESOURCE_NOT_FOUND")


def test_a_program_without_asyncio_has_the_same() -> None:
    server = FakeServer()
    heard: list[object] = []
    with connect_sync(**server.options("jane")) as jane, connect_sync(**server.options("john")) as john:
        hers, his = jane.subscribe(ROOM), john.subscribe(ROOM)
        end = his.on("client-wave", lambda data, _event: heard.append(data))
        hers.trigger("client-wave", 1)
        event = his.next(5)
        assert event is not None
        assert (event.name, event.data, event.user_id) == ("client-wave", 1, "jane")
        end()
        assert hers.me == Member("jane", None)
        hers.trigger("client-wave", 2)
        assert [next(iter([event.data])) for event in [his.next(5)] if event is not None] == [2]
        assert heard == [1]
        assert his.next(0.01) is None  # and what comes later is not lost with it
        server.publish(ROOM, "late", "here")
        late = his.next(5)
        assert late is not None
        assert late.data == "here"


def test_without_asyncio_a_lesson_is_read_to_its_end_across_a_cut() -> None:
    server = FakeServer()
    with connect_sync(**server.options()) as client:
        channel = client.subscribe("private-content-generation-gen_1", since=0)
        reading = channel.of("progress_update")
        server.message(channel.name, "progress_update", {"progress_percent": 10})
        assert next(reading)["data"]["progress_percent"] == 10
        server.cut()
        server.message(channel.name, "progress_update", {"progress_percent": 20})
        server.mend()
        assert next(reading)["data"]["progress_percent"] == 20
        channel.unsubscribe()
        assert list(reading) == []
    assert server.subscribers(channel.name) == 0


def test_after_its_block_nothing_can_be_asked_of_it() -> None:
    server = FakeServer()
    with connect_sync(**server.options()) as client:
        channel = client.subscribe("news")
        server.publish("news", "last", 1)
        assert next(iter(channel)).data == 1
        client.close()
        assert list(channel) == []
        with pytest.raises(ConnectionClosed):
            channel.trigger("client-a", 1)
    with pytest.raises(ConnectionClosed):
        client.subscribe("news")
    assert channel.ended
    assert not [each for each in threading.enumerate() if each.name == "toolboxai-client"]


def test_an_interrupted_wait_leaves_nothing_behind() -> None:
    server = FakeServer()

    def interrupted() -> None:
        with connect_sync(**server.options()) as client:
            client.subscribe("news")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert server.subscribers("news") == 0
    assert not [each for each in threading.enumerate() if each.name == "toolboxai-client"]


def test_a_listener_may_answer_but_not_wait() -> None:
    server = FakeServer()
    told: list[str] = []
    with connect_sync(**server.options("jane"), on_error=told.append) as client:
        channel = client.subscribe(ROOM)
        channel.on("question", lambda _data, _event: channel.trigger("client-answer", 42))
        channel.on("wait", lambda _data, _event: client.subscribe("another"))
        with connect_sync(**server.options("john")) as john:
            his = john.subscribe(ROOM)
            server.publish(ROOM, "wait", None)
            server.publish(ROOM, "question", None)
            answer = next(event for event in his if event.name.startswith("client-"))
            assert answer.data == 42
    assert "may not wait for the client" in told[0]


async def test_what_the_users_functions_raise_is_logged_and_the_connection_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = FakeServer()

    def broken(*_words: object) -> None:
        raise LookupError("mine")

    async with (
        asyncio.timeout(5),
        connect(**server.options(), on_state=broken, on_error=broken, debug=broken) as client,
    ):
        channel = await client.subscribe("news")
        channel.on("first", broken)
        server.publish("news", "first", 1)
        server.publish("news", "second", 2)
        reader = aiter(channel)
        assert [(await anext(reader)).data for _ in range(2)] == [1, 2]
    assert {record.name for record in caplog.records} == {"toolboxai.client"}
    assert "broken raised" in caplog.text


async def test_what_nobody_asked_to_be_told_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer()
    async with connect(**server.options()) as client:
        channel = await client.subscribe("news")
        channel.on("first", lambda _data, _event: int("none"))
        server.publish("news", "first", {})
        await server.settled()
    assert "a listener to first on news raised ValueError" in caplog.text


async def test_data_that_cannot_be_sent_is_refused_and_the_connection_goes_on() -> None:
    server = FakeServer()
    async with connect(**server.options()) as client:
        channel = await client.subscribe("private-room")
        server.cut()
        await server.settled()
        with pytest.raises(ValueError, match="cannot be written as JSON"):
            channel.trigger("client-bad", object())
        channel.trigger("client-good", 1)
        server.mend()
        await server.settled()
    assert [each.event for each in server.triggered] == ["client-good"]


async def test_a_token_with_the_end_of_its_line_serves_and_one_that_is_none_is_not_told() -> None:
    server = FakeServer()
    token = server.options("José")["token"]
    tokens = [token + "\n", "gst_\x07secret", "gst_sécret"]
    async with (
        asyncio.timeout(5),
        connect(**server.options(), token_provider=lambda: tokens.pop(0)) as client,
    ):
        await client.subscribe("private-room")
        for name in ("private-a", "private-b"):
            with pytest.raises(SubscriptionDenied, match="printable ASCII") as denied:
                await client.subscribe(name)
            assert "gst_" not in str(denied.value)


async def test_a_closed_client_answers_requests_with_its_end() -> None:
    async with connect(**FakeServer().options()) as client:
        pass
    with pytest.raises(ConnectionClosed):
        await client.request("GET", "/api/v1/agents")


async def test_a_listener_may_leave_in_the_middle_of_what_was_missed() -> None:
    server = FakeServer()
    heard: list[int | None] = []
    async with connect(**server.options()) as client:
        channel = await client.subscribe(AGENT, since=0)

        def leave(_message: object, event: Event) -> None:
            heard.append(event.seq)
            channel.unsubscribe()

        channel.on("agent_status", leave)
        server.cut()
        await server.settled()
        for length in range(3):
            server.message(AGENT, "agent_status", {"queue_length": length})
        server.mend()
        await server.settled()
        assert heard == [1]
        assert client.state == "connected"
        assert server.subscribers(AGENT) == 0


async def test_who_reads_is_told_of_a_cancelled_client_and_not_cancelled_with_it() -> None:
    told: list[BaseException] = []

    async def interrupted() -> None:
        async with connect(**FakeServer().options()) as client:
            channel = await client.subscribe("news")
            (running,) = [each for each in asyncio.all_tasks() if each.get_name() == "toolboxai-client"]
            running.cancel()
            try:
                await anext(aiter(channel))
            except BaseException as end:
                told.append(end)

    with pytest.raises(asyncio.CancelledError):
        await interrupted()
    assert [type(each) for each in told] == [ConnectionClosed]
