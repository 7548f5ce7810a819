"""What the client does beyond the protocol: configuration, tokens, many channels at once, listeners, presence, secrets."""

import asyncio
import base64
import json
from typing import Any, assert_type

import httpx2
import pytest
from starlette.responses import JSONResponse

from scripted_server import Peer, ScriptedServer
from toolboxai.client import (
    Channel,
    ChannelsClient,
    ConnectionRefused,
    Event,
    Member,
    SubscriptionDenied,
    SyncChannel,
    Unreachable,
    connect,
)
from toolboxai.client.endpoints import Endpoints
from toolboxai.client.messages import ProgressUpdate, TaskResult
from toolboxai.protocol.encryption import encrypted_data

REFUSED = JSONResponse({"error_code": "UNAUTHENTICATED", "message": "the token is over"}, 401)


async def no_pause(_seconds: float) -> None:
    return None


async def subscribed(client: ChannelsClient, peer: Peer, name: str, said: object = None) -> Channel:
    subscribing = asyncio.create_task(client.subscribe(name))
    assert (await peer.hear())["data"]["channel"] == name
    await peer.say("pusher_internal:subscription_succeeded", json.dumps(said or {}), name)
    return await subscribing


# ---- configuration ---------------------------------------------------------------------------------------------


async def test_without_a_key_the_server_is_asked_for_it_before_each_connection(
    server: ScriptedServer,
) -> None:
    server.config = {"key": "rotated", "cluster": "local", "host": None, "port": None, "scheme": None}
    async with connect(server.url, token="t", sleep=no_pause):
        peer = await server.peer()
        assert peer.socket.url.path == "/app/rotated"
        server.config["key"] = "again"
        await peer.socket.close(4200)
        assert (await server.peer()).socket.url.path == "/app/again"
        assert server.config_asked == 2
    assert server.tokens == []  # nobody was asked for one


async def test_the_sockets_may_be_elsewhere(server: ScriptedServer) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    server.config = {"key": "k", "cluster": "local", "host": "localhost", "port": port, "scheme": "http"}
    async with connect(server.url):
        assert (await server.peer()).socket.url.hostname == "localhost"


@pytest.mark.parametrize(
    ("config", "origin"),
    [
        ({"scheme": None}, "wss://app.example/base"),
        ({"scheme": "https", "host": None, "cluster": "eu"}, "wss://ws-eu.pusher.com"),
        ({"scheme": "http", "host": "soketi.example", "port": 6001}, "ws://soketi.example:6001"),
    ],
    ids=["here", "hosted Pusher", "soketi"],
)
async def test_the_configuration_says_where_the_sockets_are(config: dict[str, Any], origin: str) -> None:
    answers = httpx2.MockTransport(lambda _request: httpx2.Response(200, json={"key": "k", **config}))
    endpoints = Endpoints("https://app.example/base/", None, token=None, transport=answers)
    assert (await endpoints.socket()).startswith(f"{origin}/app/k?protocol=7&")
    await endpoints.close()


async def test_no_configuration_is_no_connection(server: ScriptedServer) -> None:
    with pytest.raises(ConnectionRefused, match="no such thing"):
        async with connect(server.url):
            pass
    with pytest.raises(Unreachable, match="configuration"):
        async with connect("http://127.0.0.1:1"):
            pass


# ---- tokens and signatures -------------------------------------------------------------------------------------


async def test_a_token_that_is_refused_is_exchanged_once_for_all_that_were_refused_with_it(
    server: ScriptedServer,
) -> None:
    asked: list[str | None] = []
    held = "old"

    async def token(refused: str | None) -> str:
        nonlocal held
        asked.append(refused)
        if refused is not None:
            held = "new"
        return held

    server.auth_answers = [REFUSED]
    async with connect(server.url, "key", token_provider=token) as client:
        peer = await server.peer()
        await subscribed(client, peer, "private-a")
    assert server.tokens == ["Bearer old", "Bearer new"]
    assert asked == [None, "old"]


async def test_requests_that_are_refused_together_share_the_exchange(server: ScriptedServer) -> None:
    asked: list[str | None] = []

    def token(refused: str | None = None) -> str:
        asked.append(refused)
        return "old" if "old" not in asked else "new"

    server.auth_answers = [REFUSED, REFUSED]
    endpoint = f"{server.url}/api/v1/pusher/auth"
    async with connect(server.url, "key", token_provider=token, auth_endpoint=endpoint) as client:
        peer = await server.peer()
        subscribing = [asyncio.create_task(client.subscribe(name)) for name in ("private-a", "private-b")]
        await peer.confirm()
        await peer.confirm()
        await asyncio.gather(*subscribing)
    assert asked == [None, None, "old"]
    assert server.tokens == ["Bearer old"] * 2 + ["Bearer new"] * 2


async def test_no_other_server_is_told_the_token(server: ScriptedServer) -> None:
    path, elsewhere = "/api/v1/pusher/auth", server.url.replace("127.0.0.1", "localhost")
    server.auth_answers = [JSONResponse({}), JSONResponse({})]
    async with connect(server.url, "key", token="mine") as client:
        await server.peer()
        await client.request("POST", path)
        await client.request("POST", f"{elsewhere}{path}")
        for odd in ("@elsewhere.test/x", "elsewhere.test", "ftp://elsewhere.test/x", ""):
            with pytest.raises(ValueError, match="from its slash on"):
                await client.request("GET", odd)
    assert server.tokens == ["Bearer mine", None]


async def test_a_signer_that_fails_is_asked_again_and_then_the_channel_is_denied(
    server: ScriptedServer,
) -> None:
    answers = iter([{"signature": "x"}, None, {"auth": "key:x"}])

    def signer(_channel: str, _socket_id: str) -> dict[str, str]:
        return next(answers) or {}

    async with connect(server.url, "key", signer=signer, sleep=no_pause, max_attempts=3) as client:
        await subscribed(client, await server.peer(), "private-a")
        with pytest.raises(SubscriptionDenied, match="StopIteration"):
            await client.subscribe("private-b")


async def test_a_signer_may_be_asynchronous_and_say_more_than_is_needed(server: ScriptedServer) -> None:
    async def signer(_channel: str, socket_id: str) -> dict[str, str]:
        return {"auth": f"key:for-{socket_id}", "expires": "never"}

    async with connect(server.url, "key", signer=signer) as client:
        peer = await server.peer()
        subscribing = asyncio.create_task(client.subscribe("private-a"))
        said = await peer.confirm()
        assert said["data"]["auth"] == f"key:for-{peer.socket_id}"
        await subscribing


@pytest.mark.parametrize("rate", [0.0, -1.0, float("inf"), float("nan")])
async def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="events_per_s"):
        async with connect("http://127.0.0.1:9", "key", events_per_s=rate):
            pass


async def test_a_listener_learns_that_a_channel_is_lost_after_a_reconnect(server: ScriptedServer) -> None:
    told: list[str] = []
    async with connect(server.url, "key", token="t", on_error=told.append, sleep=no_pause) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "private-a")
        channel.on("step", lambda _data, _event: None)
        server.auth_answers = [JSONResponse({"message": "not any more"}, 403)]
        await peer.socket.close(4200)
        with pytest.raises(SubscriptionDenied, match="not any more"):
            await anext(aiter(channel))
    assert told == ["no subscription to private-a: not any more"]


async def test_what_one_turn_subscribes_to_is_signed_by_one_request(server: ScriptedServer) -> None:
    names = [f"private-{number}" for number in range(101)]
    async with connect(server.url, "key", token="t") as client:
        peer = await server.peer()
        subscribing = [asyncio.create_task(client.subscribe(name)) for name in names]
        for _name in names:
            await peer.confirm()
        await asyncio.gather(*subscribing)
        assert [len(some) for some in server.authorised] == [100, 1]
        server.authorised.clear()
        await peer.socket.close(4200)
        peer = await server.peer()
        for _name in names:
            await peer.confirm()
        assert sorted(len(some) for some in server.authorised) == [1, 100]


async def test_an_endpoint_of_somebody_elses_is_asked_in_the_classic_form(server: ScriptedServer) -> None:
    endpoint = f"{server.url}/api/v1/pusher/auth"
    async with connect(server.url, "key", auth_endpoint=endpoint) as client:
        peer = await server.peer()
        subscribing = [asyncio.create_task(client.subscribe(name)) for name in ("private-a", "private-b")]
        await peer.confirm()
        await peer.confirm()
        await asyncio.gather(*subscribing)
    assert sorted(server.authorised) == [["private-a"], ["private-b"]]


async def test_an_authorisation_that_ends_is_renewed_and_what_passed_is_fetched(
    server: ScriptedServer,
) -> None:
    async with connect(server.url, "key", token="t") as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "private-a")
        reader = aiter(channel)
        await peer.publish("private-a", 1)
        await peer.say("pusher:subscription_expired", "{}", "private-a")
        server.history = [{"type": "step", "data": {}, "seq": 2}]
        await peer.confirm()
        assert [(await anext(reader)).seq for _ in range(2)] == [1, 2]
    assert server.authorised == [["private-a"], ["private-a"]]


# ---- events ----------------------------------------------------------------------------------------------------


async def test_each_listener_is_told_what_waited_and_what_comes_once_and_in_order(
    server: ScriptedServer,
) -> None:
    told: list[str] = []
    async with connect(server.url, "key", on_error=told.append) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, "news")
        heard: list[object] = []
        every: list[object] = []
        for number in (1, 2):
            await peer.publish("news", number)
        await peer.say("pusher:ping")
        assert (await peer.hear())["event"] == "pusher:pong"  # so both have come

        def fails(_data: object, _event: object) -> None:
            raise ValueError("a fault of its own")

        channel.on("step", fails)

        def hears(data: Any, event: Event) -> None:
            heard.append((data["seq"], event.name))

        end = channel.on("step", hears)
        channel.on_any(lambda event: every.append(event.seq))
        await peer.publish("news", 3)
        reader = aiter(channel)
        assert [(await anext(reader)).seq for _ in range(3)] == [1, 2, 3]
        assert heard == [(1, "step"), (2, "step"), (3, "step")]
        assert every == [1, 2, 3]
        end()
        await peer.publish("news", 4)
        assert (await anext(reader)).seq == 4
        assert len(heard) == 3
    assert told == ["a listener to step on news raised ValueError: a fault of its own"] * 4


async def test_the_history_may_be_elsewhere(server: ScriptedServer) -> None:
    server.history = [{"type": "step", "data": {}, "seq": number} for number in (1, 2, 3)]
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        subscribing = asyncio.create_task(
            client.subscribe("news", since=0, events_url="/events?session_id=gen_1")
        )
        await peer.confirm()
        reader = aiter(await subscribing)
        assert [(await anext(reader)).seq for _ in range(3)] == [1, 2, 3]
    assert server.history_asked == [("", 0), ("", 2)]


async def test_a_server_of_somebody_elses_may_publish_numbers_that_count_nothing(
    server: ScriptedServer,
) -> None:
    async with connect(server.url, "key") as client:
        peer = await server.peer()
        reader = aiter(await subscribed(client, peer, "news"))
        for seq in (5, 3, 3):
            await peer.say("goal", json.dumps({"seq": seq}), "news")
        assert [(await anext(reader)).data["seq"] for _ in range(3)] == [5, 3, 3]
    assert server.history_asked == []


def types(channel: Channel, other: SyncChannel) -> None:
    """Read by mypy alone."""

    def progress(data: ProgressUpdate, _event: Event) -> int:
        return data["data"]["progress_percent"]

    def wrong(data: TaskResult, _event: Event) -> str:
        return data["data"]["task_id"]

    def mine(data: Any, _event: Event) -> object:
        return data["x"]

    channel.on("progress_update", progress)
    channel.on("progress_update", lambda data, _event: data["data"]["progress_percent"])
    channel.on("progress_update", wrong)  # type: ignore[arg-type]
    channel.on("client-cursor", mine)
    for result in other.of("task_result"):
        assert_type(result, TaskResult)
        assert_type(result["data"]["task_id"], str)


# ---- presence --------------------------------------------------------------------------------------------------


async def test_members_come_and_go_and_are_unknown_while_there_is_no_connection(
    server: ScriptedServer,
) -> None:
    server.auth_answers = [
        JSONResponse({"auth": "key:x", "channel_data": json.dumps({"user_id": "me", "user_info": {"n": 1}})})
    ]
    room = "presence-room"
    jane = {"user_id": "jane", "user_info": None}
    roster = {"presence": {"ids": ["me"], "hash": {"me": {"n": 1}}, "count": 1}}
    async with connect(server.url, "key", token="t", sleep=no_pause) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, room, roster)
        reader = aiter(channel)
        assert channel.me == Member("me", {"n": 1})
        await peer.say("pusher_internal:member_added", json.dumps(jane), room)
        assert (await anext(reader)).name == "pusher:member_added"
        assert channel.members == [Member("me", {"n": 1}), Member("jane", None)]
        await peer.say("pusher_internal:member_removed", json.dumps(jane), room)
        assert (await anext(reader)).name == "pusher:member_removed"
        assert [member.id for member in channel.members] == ["me"]
        await peer.socket.close(4200)
        await server.peer()
        assert channel.members == []
        assert channel.me is None


# ---- encrypted channels ----------------------------------------------------------------------------------------


async def test_what_is_sealed_is_opened_and_what_cannot_be_is_told(server: ScriptedServer) -> None:
    secret = bytes(range(32))
    shared = base64.b64encode(secret).decode()
    server.auth_answers = [JSONResponse({"auth": "key:x", "shared_secret": shared})]
    told: list[str] = []
    name = "private-encrypted-marks"
    async with connect(server.url, "key", token="t", on_error=told.append) as client:
        peer = await server.peer()
        channel = await subscribed(client, peer, name)
        await peer.say("mark", encrypted_data(bytes(32), '"forged"', bytes(24)), name)
        await peer.say("mark", "not sealed", name)
        await peer.say("mark", encrypted_data(secret, '{"mark": 1}', bytes(24)), name)
        assert (await anext(aiter(channel))).data == {"mark": 1}
        with pytest.raises(ValueError, match="client events"):
            channel.trigger("client-mark", 1)
    assert [text.partition(":")[0] for text in told] == [name, name]
    assert "another secret" in told[0]
