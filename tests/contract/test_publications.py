"""Why did this client not get that event? Each answer, over real sockets."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from callers import Http, until
from old_school import old_school
from servers import APP, APP_ID, KEY, SECRET, Running, channel_auth, make_app, serving, sign_in, signed
from slow_reader import never_reads
from streams import Session, Stream
from toolboxai.apps.app import AppKey, FlowRule
from toolboxai.protocol.channel import ChannelName
from toolboxai.testing.clock import ManualClock

KEPT = "content-generation-1"
LARGE = "x" * 60_000


@pytest.fixture
async def server(clock: ManualClock) -> AsyncIterator[Running]:
    async with serving(clock=clock) as running:
        yield running


async def publish(server: Running, channel: str = "a", data: str = "{}", **more: Any) -> str:
    """Publish as a server library does; the id in the answer."""
    body = Http.json({"name": "e", "channels": [channel], "data": data, **more})
    async with server.http() as http:
        answer = await http.ask(
            "POST", signed("POST", f"/apps/{APP_ID}/events", body, at=server.clock.now()), body
        )
    assert (answer.status, answer.text) == (200, "{}"), answer
    return answer.headers["x-toolboxai-publication-id"]


async def account(server: Running, publication_id: str, socket_id: str = "") -> dict[str, Any]:
    query = {"socket_id": socket_id} if socket_id else {}
    status, text = await server.get(f"/apps/{APP_ID}/publications/{publication_id}", **query)
    assert status == 200, text
    told: dict[str, Any] = json.loads(text)
    return told


async def why(server: Running, publication_id: str, socket_id: str) -> tuple[str, str]:
    """The verdict, in a word and in a sentence."""
    told = (await account(server, publication_id, socket_id))["socket"]
    assert told["socket_id"] == socket_id
    return told["verdict"], told["text"]


def counts(told: dict[str, Any]) -> dict[str, int]:
    """All numbers that are not 0."""
    return {name: n for name, n in told.items() if type(n) is int and n and name != "bytes"}


# ---- ids ----------------------------------------------------------------------------------------------------


async def test_each_channel_of_an_event_has_an_id_and_the_body_stays_as_libraries_know_it(
    server: Running,
) -> None:
    path = f"/apps/{APP_ID}/events"
    body = Http.json({"name": "e", "channels": ["a", "b", "a"], "data": "1"})
    async with server.http() as http:
        answer = await http.ask("POST", signed("POST", path, body, at=server.clock.now()), body)
        ids = answer.headers["x-toolboxai-publication-id"].split(", ")
        assert (answer.text, len(ids), len(set(ids))) == ("{}", 2, 2)
        batch = Http.json({"batch": [{"channel": c, "name": "e", "data": "1"} for c in "abc"]})
        path = f"/apps/{APP_ID}/batch_events"
        answer = await http.ask("POST", signed("POST", path, batch, at=server.clock.now()), batch)
        assert answer.text == "{}"
        ids = answer.headers["x-toolboxai-publication-id"].split(", ")
        assert [(await account(server, each))["channel"] for each in ids] == ["a", "b", "c"]


async def test_a_repeat_is_answered_with_the_id_of_the_first(server: Running) -> None:
    body = Http.json({"name": "e", "channels": ["a"], "data": "1"})
    async with server.http() as http:
        target = signed("POST", f"/apps/{APP_ID}/events", body, at=server.clock.now())
        answers = [await http.ask("POST", target, body, {"Idempotency-Key": "k"}) for _ in range(2)]
    first, again = (each.headers["x-toolboxai-publication-id"] for each in answers)
    assert first == again


async def test_history_and_event_streams_tell_the_same_id(server: Running) -> None:
    published = await publish(server, KEPT, '"1"')
    _status, text = await server.get(f"/apps/{APP_ID}/channels/{KEPT}/history")
    assert [item["id"] for item in json.loads(text)["items"]] == [published]
    target = f"/apps/{APP_ID}/channels/{KEPT}/sse?key={KEY}"
    async with Stream.opened(server.port, "GET", target) as stream:
        assert b"id: " + published.encode() + b"\n" in await stream.until(b"data: ")


async def test_what_is_told_of_one_that_reached_everybody(server: Running) -> None:
    async with server.socket() as alice, server.socket() as bob:
        await alice.enter("a")
        await bob.enter("a")
        published = await publish(server, data="héllo", socket_id=bob.id)
        assert await account(server, published) == {
            "id": published,
            "app_id": APP_ID,
            "channel": "a",
            "event": "e",
            "bytes": 6,
            "at": "2026-05-28T20:26:40.000Z",
            "origin": "api",
            "excluded": bob.id,
            "subscribers": 2,
            "written": 1,
            "waiting": 0,
            "conflated": 0,
            "dropped": 0,
            "known": 0,
            "slow": 0,
            "unsent": 0,
            "failed": 0,
            "handed_later": 0,
            "acknowledged": None,
            "webhooks": 0,
            "complete": True,
            "socket": None,
        }


@pytest.mark.parametrize(
    ("publication_id", "status", "words"),
    [
        ("gone.1:7", 404, "either there was none, or it is too old; those since the server was started"),
        ("%00", 400, "is no id of a publication"),
        ("x" * 5000, 400, "is no id of a publication"),
    ],
)
async def test_an_id_of_nothing(server: Running, publication_id: str, status: int, words: str) -> None:
    got, text = await server.get(f"/apps/{APP_ID}/publications/{publication_id}")
    assert (got, words in text) == (status, True), text


async def test_the_call_is_signed_and_its_parameters_are_looked_at(server: Running) -> None:
    published = await publish(server)
    path = f"/apps/{APP_ID}/publications/{published}"
    assert (await server.get(path, socket_id="' or 1"))[0] == 400
    assert (await server.get(path, socket="1.1"))[0] == 400
    assert (await server.post(path, {}))[0] == 405
    async with server.http() as http:
        assert (await http.ask("GET", path)).status == 401


async def test_an_app_learns_nothing_of_another_apps_publications_and_connections(clock: ManualClock) -> None:
    other = make_app(id="4", keys=(AppKey("other", SECRET),))
    async with (
        serving(make_app(), other, clock=clock) as server,
        server.socket(server.ws_url("/app/other")) as stranger,
    ):
        published = await publish(server)
        assert (await why(server, published, stranger.id))[0] == "unknown_socket"
        theirs = await server.node.publish(other, [ChannelName.parse("a")], "e", "1")
        status, _text = await server.get(f"/apps/{APP_ID}/publications/{theirs[0].text}")
        assert status == 404


# ---- who was sent it ----------------------------------------------------------------------------------------


async def test_who_was_sent_it_and_nothing_more_is_known(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        published = await publish(server)
        verdict, text = await why(server, published, alice.id)
        assert verdict == "written"
        assert text.startswith(
            "it was written to it at 2026-05-28T20:26:40.000Z; whether it arrived is not known"
        )
    await until(lambda: server.metrics.connections == 0)
    verdict, text = await why(server, published, alice.id)
    assert (verdict, text.endswith("the client closed it, or its line was lost")) == ("written", True)


async def test_with_receipts_it_is_known_to_have_arrived() -> None:
    async with (
        serving(make_app(resume=True)) as server,
        server.socket(server.ws_url(f"/s/page-0001/app/{KEY}")) as alice,
        never_reads(server, "/s/page-0002"),
    ):
        await alice.enter("a")
        published = await publish(server)
        assert (await alice.hear())["event"] == "e"
        told = await account(server, published, alice.id)
        while not told["socket"]["acknowledged"]:  # her pong is on its way
            told = await account(server, published, alice.id)
        assert told["socket"]["text"].endswith("and it has acknowledged it")
        assert counts(told) == {"subscribers": 2, "written": 2, "acknowledged": 1}
        mute = next(each for each in server.node.hub(APP).connections if each.socket_id != alice.id)
        verdict, text = await why(server, published, mute.socket_id)
        assert (verdict, text.endswith("it has not acknowledged it yet")) == ("written", True)


async def test_who_comes_back_is_told_to_have_been_handed_it() -> None:
    async with serving(make_app(resume=True, history=())) as server:
        page = f"/s/page-0001/app/{KEY}"
        async with server.socket(server.ws_url(page)) as alice:
            await alice.enter("a")
        await until(lambda: server.metrics.connections == 0)
        missed = await publish(server)
        async with server.socket(server.ws_url(page)) as again:
            await again.enter("a")
            assert (await again.hear())["event"] == "e"
            assert (await why(server, missed, alice.id))[0] == "gone"
            assert (await why(server, missed, again.id))[0] == "handed"
            assert counts(await account(server, missed)) == {"handed_later": 1}


async def test_an_ack_of_an_old_socket_counts() -> None:
    channel = "private-content-generation-gen_123"
    async with old_school() as school, school.at("/ws/content/gen_123", "good:1") as client:
        server = school.running
        ids = []
        for seq in (1, 2):
            data = json.dumps({"type": "e", "data": {}, "timestamp": "", "seq": seq})
            ids.append(await publish(server, channel, data))
            await client.until("e")
        await client.say("ack", seq=1)
        assert (await client.ask("ping"))["type"] == "pong"
        (connection,) = server.node.hub(APP).connections
        told = [await account(server, each, connection.socket_id) for each in ids]
        assert [each["socket"]["acknowledged"] for each in told] == [True, False]
        assert told[0]["socket"]["user_id"] == "1"
        assert [each["acknowledged"] for each in told] == [1, 0]


async def test_readers_over_plain_http_are_told_of_as_well(server: Running) -> None:
    alice = Session(server)
    target = f"/apps/{APP_ID}/channels/a/sse?key={KEY}"
    async with alice.stream() as stream, Stream.opened(server.port, "GET", target) as events:
        await stream.line()
        await stream.hear()
        await alice.say("pusher:subscribe", {"channel": "a"})
        await stream.hear()
        await events.block()
        published = await publish(server)
        await stream.hear()
        for connection in server.node.hub(APP).connections:
            assert (await why(server, published, connection.socket_id))[0] == "written"


# ---- who was left out ---------------------------------------------------------------------------------------


async def test_who_is_named_by_the_publisher_and_who_sends(server: Running) -> None:
    private = "private-a"
    async with server.socket() as alice, server.socket() as bob:
        for each in (alice, bob):
            await each.enter(private, channel_auth(each.id, private))
        published = await publish(server, private, socket_id=alice.id)
        assert (await why(server, published, alice.id))[0] == "excluded"
        await alice.say("client-e", {}, channel=private)
        assert (await bob.hear())["event"] == "e"
        assert (await bob.hear())["event"] == "client-e"
        sent = published.replace(":1", ":2")
        assert (await account(server, sent))["origin"] == "client"
        assert (await why(server, sent, alice.id))[0] == "sender"
        assert (await why(server, sent, bob.id))[0] == "written"


async def slow_one(server: Running) -> tuple[list[str], str]:
    """Large events for a subscriber that does not read; their ids, and its socket id."""
    ids = [await publish(server, data=json.dumps({"n": number % 2, "x": LARGE})) for number in range(120)]
    here = [str(each.socket_id) for each in server.node.hub(APP).connections]
    (slow,) = here or [each.socket_id for each in server.node.departed.of_channel(APP_ID, "a")]
    return ids, slow


async def verdicts(server: Running, ids: list[str], socket_id: str) -> list[str]:
    """The verdicts, each once, in their order."""
    return list(dict.fromkeys([(await why(server, each, socket_id))[0] for each in ids]))


def large(rule: FlowRule | None = None) -> Any:
    return make_app(event_bytes=100_000, flow=() if rule is None else (rule,))


async def test_a_newer_one_took_its_place() -> None:
    async with serving(large(FlowRule("a", conflate_by="n"))) as server, never_reads(server):
        ids, slow = await slow_one(server)
        assert await verdicts(server, ids, slow) == ["written", "conflated", "waiting"]
        verdict, text = await why(server, ids[-3], slow)
        assert (verdict, ids[-1] in text, "flow rule a" in text) == ("conflated", True, True)
        assert counts(await account(server, ids[-3])) == {"subscribers": 1, "conflated": 1}
        assert counts(await account(server, ids[-1])) == {"subscribers": 1, "waiting": 1}
    await until(lambda: server.metrics.connections == 0)
    assert server.node.departed.find(slow) is not None


async def test_its_queue_was_full() -> None:
    rule = FlowRule("a", queue_bytes=200_000, on_full="drop_oldest")
    async with serving(large(rule)) as server:
        async with never_reads(server) as peer:
            ids, slow = await slow_one(server)
            assert await verdicts(server, ids, slow) == ["written", "dropped", "waiting"]
            assert counts(await account(server, ids[-9])) == {"subscribers": 1, "dropped": 1}
            peer.close()
        await until(lambda: server.metrics.connections == 0)
        assert await verdicts(server, ids, slow) == ["written", "dropped", "unsent"]
        assert counts(await account(server, ids[-1])) == {"subscribers": 1, "unsent": 1}


async def test_it_was_closed_for_reading_too_slowly() -> None:
    async with serving(large()) as server, never_reads(server):
        ids, slow = await slow_one(server)
        assert server.metrics.slow_consumers_total == 1
        assert await verdicts(server, ids, slow) == ["written", "slow", "gone"]
        (last,) = [each for each in ids if (await why(server, each, slow))[0] == "written"][-1:]
        _, text = await why(server, last, slow)
        assert re.search(
            r"; [1-9]\d+ bytes waited here when it was closed, perhaps with this among them", text
        )
        found = [each for each in ids if (await why(server, each, slow))[0] == "slow"]
        assert len(found) == 1
        assert counts(await account(server, found[0])) == {"subscribers": 1, "slow": 1}
        for verdict in (await why(server, found[0], slow), await why(server, ids[-1], slow)):
            assert "closed with 4100, Over capacity" in verdict[1]


async def test_when_too_many_were_left_out_to_remember_it_is_not_pretended_to_know() -> None:
    async with serving(large(FlowRule("a", conflate_by="n"))) as server, never_reads(server):
        server.node.ring._left_out_most = 10
        ids, slow = await slow_one(server)
        assert await verdicts(server, ids, slow) == ["uncertain", "conflated", "waiting"]
        assert (await account(server, ids[0]))["complete"] is False


# ---- who was not there --------------------------------------------------------------------------------------


async def test_who_was_not_subscribed_then(server: Running) -> None:
    async with server.socket() as alice:
        early = await publish(server)
        assert await why(server, early, alice.id) == ("not_subscribed", "it was not subscribed to a")
        await server.advance(10)
        await alice.enter("a")
        verdict, text = await why(server, early, alice.id)
        assert (verdict, "only at 2026-05-28T20:26:50.000Z" in text) == ("subscribed_later", True)
        await alice.say("pusher:unsubscribe", {"channel": "a"})
        await alice.hears_nothing()
        late = await publish(server)
        assert await why(server, late, alice.id) == (
            "unsubscribed",
            "it had unsubscribed at 2026-05-28T20:26:50.000Z",
        )
        await alice.enter("a")
        assert "; it subscribed again at " in (await why(server, late, alice.id))[1]
        assert (await why(server, early, alice.id))[0] == "subscribed_later"


async def test_who_is_handed_what_the_channel_keeps(server: Running) -> None:
    kept = await publish(server, KEPT)
    async with server.socket() as alice:
        await alice.enter(KEPT)
        assert (await alice.hear())["event"] == "e"
        assert (await why(server, kept, alice.id))[0] == "handed"
        assert counts(await account(server, kept)) == {"handed_later": 1}
        await alice.say("pusher:unsubscribe", {"channel": KEPT})
        await alice.hears_nothing()
        assert (await why(server, kept, alice.id))[0] == "handed"


async def test_who_was_refused(server: Running) -> None:
    async with server.socket() as alice:
        await alice.subscribe("private-a", f"{KEY}:0000")
        published = await publish(server, "private-a")
        verdict, text = await why(server, published, alice.id)
        assert (
            verdict,
            text.startswith("its subscribe to private-a was refused with 401: Invalid signature"),
        ) == (
            "refused",
            True,
        )


async def test_whose_authorisation_had_run_out(server: Running) -> None:
    async with server.socket() as alice:
        data = json.dumps({"expires_at": server.clock.now() + 60})
        await alice.subscribe("private-a", channel_auth(alice.id, "private-a", data), channel_data=data)
        await server.advance(60)
        assert (await alice.hear())["event"] == "pusher:subscription_expired"
        published = await publish(server, "private-a")
        verdict, text = await why(server, published, alice.id)
        assert (verdict, text.endswith("2026-05-28T20:27:40.000Z")) == ("expired", True)


async def test_who_was_gone_or_came_later(server: Running) -> None:
    async with server.socket() as alice:
        await alice.enter("a")
        await sign_in(alice, {"id": "7"})
        path = f"/apps/{APP_ID}/users/7/terminate_connections"
        assert (await server.post(path, {}))[0] == 200
        await alice.ending()
    await server.advance(5)
    published = await publish(server)
    verdict, text = await why(server, published, alice.id)
    assert (verdict, text) == (
        "gone",
        "its connection had ended by then, at 2026-05-28T20:26:40.000Z: closed with 4009, You got disconnected by "
        "the app.",
    )
    assert (await account(server, published, alice.id))["socket"]["user_id"] == "7"
    async with server.socket() as bob:
        assert (await why(server, published, bob.id))[0] == "connected_later"
        await bob.enter("a")
        assert (await why(server, published, bob.id))[0] == "connected_later"


async def test_a_name_that_nobody_has_had(server: Running) -> None:
    published = await publish(server)
    verdict, text = await why(server, published, "1.1")
    assert (verdict, "nor among the 0 that are remembered" in text) == ("unknown_socket", True)
