"""Clients of the old sockets that do their worst: whoever else is there notices nothing, and nothing is left of them."""

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from callers import client_frame, until
from old_school import OldSchool, old_school
from rough_client import BINARY, PING, PONG, Heard, RoughClient, said
from toolboxai import limits
from toolboxai.config.legacy_table import LegacyTable

CONTENT, ROBLOX, AGENT, NATIVE = "/ws/content/gen_1", "/ws/roblox", "/ws/agent/agent_1", "/ws/native"
WITNESS = "/ws/plugin/plugin_1"
WITHIN_S = 1.0  # a hundred times what an event takes; a machine may be busy with other things
BUSY = LegacyTable.model_validate({"limits": {"messages_per_minute": 2000}})


def token(user_id: str) -> str:
    return f"Bearer good:{user_id}"


def sign_in(user_id: str) -> bytes:
    return said("auth", token=token(user_id), last_seq=0)


def nothing_left(school: OldSchool) -> bool:
    inside = school.running.server
    node = school.running.node
    assert inside._old_sockets is not None
    return not (
        inside._acceptor.sockets
        or inside._acceptor.pumps
        or inside._old_sockets._pumps
        or len(inside._waiting)
        or len(school.admissions)
        or any(node.connections)
        or any(node.hub(next(iter(node.apps))).channels())
        or school.running.metrics.legacy_connections.total()
        or school.running.metrics.connections
    )


class Bystander:
    """A client like any other, and the events that it has to get in time; `slowest` is how long one took, in seconds."""

    def __init__(self) -> None:
        self.events = 0
        self.slowest = 0.0

    async def hears_more(self) -> None:
        """Until some events more have come."""
        enough = self.events + 3
        await until(lambda: self.events >= enough)


@asynccontextmanager
async def beside(school: OldSchool) -> AsyncIterator[Bystander]:
    """While the block runs, one event after the other goes to somebody else, each as soon as the last has arrived."""
    bystander, enough = Bystander(), asyncio.Event()

    async def listen() -> None:
        async with school.at(WITNESS, "good:witness") as client:
            while not enough.is_set():
                began = time.monotonic()
                text = await school.publish("private-plugin-plugin_1", "plugin_event", bystander.events + 1)
                while (heard := await client.wire.recv()) != text:
                    assert json.loads(heard)["type"] in ("ping", "snapshot")
                bystander.slowest = max(bystander.slowest, time.monotonic() - began)
                bystander.events += 1

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(listen())
        await until(lambda: bystander.events)
        yield bystander
        enough.set()
    assert bystander.slowest < WITHIN_S
    assert bystander.events > 1


@asynccontextmanager
async def unharmed(legacy: LegacyTable | None = None) -> AsyncIterator[OldSchool]:
    """A server, and somebody on it; at the end of the block only they are there, and then nobody."""
    unexpected: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unexpected.append(context))
    async with old_school(legacy=legacy) as school:
        await school.publish("private-plugin-plugin_1", "plugin_event")
        tasks, files = len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))
        async with beside(school):
            yield school
        await until(lambda: nothing_left(school))
        await until(lambda: len(asyncio.all_tasks()) <= tasks and len(os.listdir("/proc/self/fd")) <= files)
        assert school.running.metrics.faults_total == 0
        assert unexpected == []


async def worst(school: OldSchool, path: str, *behind: bytes, host: str = "127.0.0.9") -> Heard:
    """Say all this at once, and hear what comes of it."""
    async with RoughClient.at(school.running.port, path, *behind, host=host) as client:
        return await client.ended()


def ends(heard: Heard, code: int) -> None:
    """It was told why, and closed so."""
    assert (heard.status, heard.code) == (101, code)
    assert (heard.types[-1], heard.messages[-1]["data"]["code"]) == ("goodbye", code)


# ---- floods ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("begins", [[sign_in("1")], []], ids=["signed-in", "stranger"])
async def test_ten_thousand_messages_at_once_end_at_the_limit(begins: list[bytes]) -> None:
    async with unharmed() as school:
        heard = await worst(school, CONTENT, *begins, said("resume", last_seq=0) * 10_000)
        ends(heard, 4129)
        assert heard.types.count("resumed") == (100 if begins else 0)
        assert (
            heard.errors == ["WEBSOCKET_AUTH_REQUIRED"] * (0 if begins else 100) + ["RATE_LIMIT_EXCEEDED"] * 3
        )


async def test_ten_thousand_messages_behind_an_answer_that_is_awaited_are_not_read() -> None:
    async with unharmed() as school:
        school.desk.gate.clear()
        flood = said("resume", last_seq=0) * 10_000
        async with RoughClient.at(school.running.port, CONTENT, sign_in("1"), host="127.0.0.9") as client:
            sending = asyncio.create_task(client.send(flood))
            wire = school.running.server._acceptor.sockets
            await until(lambda: any(protocol._held for protocol in wire))
            (pump,) = (protocol.listener for protocol in wire if protocol._held)
            assert len(pump._backlog._items) <= limits.INBOUND_QUEUE + limits.SLICE_BYTES // 20
            school.desk.gate.set()
            ends(await client.ended(), 4129)
            await sending


async def test_pongs_are_free_until_they_are_a_flood() -> None:
    async with unharmed() as school:
        async with RoughClient.at(school.running.port, AGENT, sign_in("1"), host="127.0.0.9") as client:
            await client.hears("snapshot")
            await client.send(said("pong") * 500)
            await client.send(said("resume", last_seq=0) * 100)  # as many as anyone may say
            for _ in range(100):
                await client.hears("resumed")
            await client.send(said("pong") * 5000)
            heard = await client.ended()
        ends(heard, 4129)
        assert heard.errors == []


async def test_frames_below_the_protocol_are_no_way_round() -> None:
    async with unharmed() as school:
        few = (client_frame(PONG) + client_frame(PING, b"x" * 125)) * 400
        async with RoughClient.at(school.running.port, AGENT, sign_in("1"), host="127.0.0.9") as client:
            await client.hears("snapshot")
            await client.send(few, said("resume", last_seq=0))
            await client.hears("resumed")
        ends(await worst(school, AGENT, sign_in("1"), few * 25), 1008)
        assert school.running.metrics.framing_faults_total == 1


async def test_guesses_at_a_token_end_at_the_sixth() -> None:
    async with unharmed() as school:
        for user in range(20):
            heard = await worst(school, CONTENT, said("auth", token=f"Bearer bad:{user}") * 1000)
            ends(heard, 4129)
            assert heard.types == ["auth_error"] * 5 + ["error", "goodbye"]
        tries = [asked for asked in school.desk.asked if asked.call.path == CONTENT]
        assert len(tries) == 20 * 5


async def test_a_thousand_environments_are_too_many() -> None:
    async with unharmed(BUSY) as school:
        many = b"".join(said("subscribe", environment_id=f"env_{number}") for number in range(1000))
        async with RoughClient.at(
            school.running.port, ROBLOX, sign_in("1"), many, host="127.0.0.9"
        ) as client:
            for _ in range(900):
                refused = (await client.hears("error"))["data"]
                assert "100 are followed" in refused["message"]
            await school.publish("private-roblox-sync-env_99", "script_update", 1)
            assert (await client.hears("script_update"))["seq"] == 1
            hub = school.running.node.hub(next(iter(school.running.node.apps)))
            followed = [name for name in hub.channels() if name.startswith("private-roblox")]
            assert len(followed) == limits.OLD_ENVIRONMENTS


# ---- frames that are no messages ------------------------------------------------------------------------------


NO_TEXT = [
    (client_frame(BINARY, b"\x00\x01"), 1003),
    (client_frame(1, b"x" * (1 << 20)), 1009),
    (client_frame(1, b"\xff\xfe"), 1007),
    (client_frame(3), 1002),
    (b"\x81\x05hello", 1002),
]


@pytest.mark.parametrize(
    ("path", "begins"),
    [(CONTENT, [sign_in("1")]), (ROBLOX, [sign_in("1")]), (CONTENT, []), (NATIVE, [said("hello")])],
    ids=["content", "roblox", "stranger", "echo"],
)
async def test_what_is_no_text_is_told_and_closed(path: str, begins: list[bytes]) -> None:
    async with unharmed() as school:
        for frame, code in NO_TEXT:
            heard = await worst(school, path, *begins, frame)
            if path == NATIVE:
                assert (heard.code, heard.types) == (code, ["hello"])
            else:
                ends(heard, code)


async def test_texts_that_are_no_messages_end_at_the_third() -> None:
    deep = b'{"type":"x","data":' + b"[" * 30_000 + b"]" * 30_000 + b"}"
    texts = [deep, b"[" * 60_000, b'{"type":' + b"9" * 60_000 + b"}", b'"\\ud800"', b"\x00", b"1e999"]
    async with unharmed() as school:
        for text in texts:
            for begins in ([sign_in("1")], []):
                heard = await worst(school, CONTENT, *begins, client_frame(1, text) * 5)
                ends(heard, 1002)
                assert heard.errors == ["INVALID_JSON"] * 3


ABSURD: list[Any] = [-1, 2**60, 2**64, 1.5, 1e300, "7", True, None, [], {}, "\u0000"]


@pytest.mark.parametrize("kind", ["ack", "resume"])
async def test_absurd_numbers_are_refused_one_by_one(kind: str) -> None:
    async with unharmed() as school, school.at(AGENT, "good:1") as client:
        for number in ABSURD:
            answer = await client.ask(kind, seq=number, last_seq=number, message_id="m")
            assert answer["data"]["error_code"] == "VALIDATION_ERROR", number
            assert answer["data"]["details"]["message_id"] == "m"
        assert (await client.ask("resume", last_seq=2**53))["data"]["replayed"] == 0


async def test_an_absurd_number_with_a_sign_in_is_none() -> None:
    async def tries(school: OldSchool, user_id: str, number: Any) -> None:
        async with school.at(CONTENT) as client:
            await client.sign_in(f"good:{user_id}", last_seq=number, client=number)
            assert (await client.hear())["data"]["last_seq"] == 1
            assert (await client.hear())["seq"] == 1

    async with unharmed() as school:
        school.desk.stories["gen_1"] = [b'{"type":"e","data":{},"timestamp":"","seq":1}']
        async with asyncio.TaskGroup() as tasks:
            for place, number in enumerate(ABSURD):
                tasks.create_task(tries(school, str(place), number))


@pytest.mark.parametrize("kind", ["subscribe", "unsubscribe", "ack", "resume"])
async def test_names_of_environments_that_can_be_none_are_refused_one_by_one(kind: str) -> None:
    names = ["", "a b", "\u00e9", "#", "a/../b", "\u0000", "x" * 129, "x" * 30_000, 5, None, [], {}]
    async with unharmed() as school, school.at(ROBLOX, "good:1") as client:
        for name in names:
            answer = await client.ask(kind, environment_id=name, seq=1, last_seq=1)
            assert answer["data"]["error_code"] == "VALIDATION_ERROR", name


ODD_PATHS = {
    "/ws/content/gen%201": 404,
    "/ws/content/g%C3%A9n": 404,
    "/ws/content/%00": 404,
    "/ws/content/%0d%0aX-A:%20b": 404,
    "/ws/content/..%2f..%2fetc": 404,
    "/ws/content/" + "x" * 129: 404,
    "/ws/content/" + "x" * 12_000: 404,
    "/ws/content/" + "x" * 40_000: 431,
    "/ws/content/g\u00e9n": 400,
}


async def test_ids_of_odd_characters_are_nowhere() -> None:
    async with unharmed() as school:
        for path, status in ODD_PATHS.items():
            assert (await worst(school, path)).status == status


ODD_OFFERS = {
    "x" * 12_000: 101,
    "bearer, " + "a." * 4000 + "a": 101,
    "," * 12_000: 101,
    "a.b.c," * 2000: 101,
    "x" * 40_000: 431,
}


async def test_a_subprotocol_of_many_kilobytes_is_no_matter() -> None:
    async with unharmed() as school:
        for offer, status in ODD_OFFERS.items():
            headers = {"Sec-WebSocket-Protocol": offer}
            closes = client_frame(8)
            async with RoughClient.at(
                school.running.port, CONTENT, closes, host="127.0.0.9", headers=headers
            ) as client:
                heard = await client.ended()
            assert heard.status == status
            assert set(heard.types) <= {"auth_error"}


# ---- messages in every state ----------------------------------------------------------------------------------


async def test_what_comes_while_an_environment_is_asked_for_waits_its_turn() -> None:
    async with unharmed() as school, school.at(ROBLOX, "good:1") as client:
        school.desk.gate.clear()
        for kind in ("subscribe", "subscribe", "resume", "ack", "unsubscribe", "unsubscribe", "resume"):
            await client.say(kind, environment_id="env_1", last_seq=0, seq=1)
        await client.say("subscribe", environment_id="env_1")
        await until(lambda: school.desk.asked[-1:] and school.desk.asked[-1].call.path == ROBLOX)
        school.desk.gate.set()
        told = [await client.hear() for _ in range(9)]
        assert [message["type"] for message in told] == [
            *("subscribed", "snapshot", "subscribed", "resumed", "unsubscribed"),
            *("error", "error", "subscribed", "snapshot"),
        ]
        await school.publish("private-roblox-sync-env_1", "script_update", 1)
        assert (await client.hear())["seq"] == 1


async def test_a_resume_is_answered_in_every_state() -> None:
    async with unharmed() as school:
        school.desk.stories["gen_1"] = [
            json.dumps({"type": "e", "data": {}, "timestamp": "", "seq": seq}).encode() for seq in (1, 2, 3)
        ]
        async with school.at(CONTENT) as client:
            refused = await client.ask("resume", last_seq=1)
            assert refused["data"]["error_code"] == "WEBSOCKET_AUTH_REQUIRED"
            assert (await client.sign_in("bad:1"))["type"] == "auth_error"
            assert (await client.ask("resume", last_seq=1))["type"] == "error"
            await client.sign_in("good:1", last_seq=2)
            assert [(await client.hear())["type"] for _ in range(2)] == ["snapshot", "e"]
            await client.say("resume", last_seq=0)  # 3 is here already
            assert [(await client.hear()).get("seq") for _ in range(3)] == [1, 2, None]
            for last_seq in (0, 1, 3, 99):
                answer = await client.ask("resume", last_seq=last_seq)
                assert (answer["data"]["replayed"], answer["data"]["complete"]) == (0, True)


# ---- clients that go, stay, or stall --------------------------------------------------------------------------


async def test_a_storm_of_connections_that_go_at_any_moment() -> None:
    dice = random.Random(20_260_103)

    async def strike(school: OldSchool, number: int) -> None:
        host, user = f"127.0.1.{number % 40 + 1}", str(number % 40)
        path = dice.choice([CONTENT, ROBLOX, AGENT, NATIVE])
        whole = sign_in(user) + said("subscribe", environment_id="env_1") + said("resume", last_seq=0)
        cut = whole[: dice.randrange(len(whole) + 1)]
        async with RoughClient.at(school.running.port, path, cut, host=host) as client:
            for _ in range(dice.randrange(4)):
                await asyncio.sleep(0)
            if dice.random() < 0.3 and path == CONTENT and len(cut) > len(sign_in(user)):
                await client.hears("auth_response")

    async with unharmed() as school:
        for _ in range(30):
            async with asyncio.TaskGroup() as strikes:
                for number in range(20):
                    strikes.create_task(strike(school, dice.randrange(1000) if number else 0))


async def test_who_goes_while_an_answer_is_awaited_leaves_nothing() -> None:
    async with unharmed() as school:
        school.desk.gate.clear()
        for number in range(10):
            path = CONTENT if number % 2 else AGENT
            async with RoughClient.at(school.running.port, path, sign_in("1"), host="127.0.0.9"):
                asked = len(school.desk.asked)
                await until(lambda asked=asked: len(school.desk.asked) > asked)  # type: ignore[misc]
        await until(lambda: len(school.running.server._acceptor.sockets) == 1)
        assert school.admissions.of_user("1") == 0
        school.desk.gate.set()


async def test_strangers_and_half_open_connections_are_let_go_in_time() -> None:
    async with old_school() as school, beside(school) as bystander:

        async def advance(seconds: int) -> None:
            """So slowly that whoever is pinged can answer."""
            for _ in range(0, seconds, 10):
                await school.running.advance(10)
                await bystander.hears_more()

        port = school.running.port
        async with (
            RoughClient.at(port, CONTENT, host="127.0.0.9") as stranger,
            RoughClient.at(port, AGENT, sign_in("1"), host="127.0.0.9") as silent,
            RoughClient.at(port, NATIVE, said("hello"), host="127.0.0.9") as idle,
        ):
            await silent.hears("snapshot")
            await idle.hears("hello")
            await advance(10)
            ends(await stranger.ended(), 4001)
            await advance(60)
            heard = await silent.ended()
            ends(heard, 4201)
            assert "ping" in heard.types
            assert (await idle.ended()).code == 4202
        assert school.running.metrics.legacy_connections.total() == 1


async def test_who_never_reads_is_closed_with_bounded_memory_and_counted() -> None:
    async with unharmed() as school:
        port = school.running.port
        subscribe = said("subscribe", environment_id="env_1")
        async with (
            RoughClient.at(port, ROBLOX, sign_in("1"), subscribe, host="127.0.0.9", receives=4096) as stalled,
            school.at(ROBLOX, "good:2") as reader,
        ):
            await reader.ask("subscribe", environment_id="env_1")
            await stalled.hears("snapshot")
            (wire,) = (
                each
                for each in school.running.server._acceptor.sockets
                if each._transport.get_extra_info("peername")[0] == "127.0.0.9"
            )
            metrics, sent, most = school.running.metrics, 0, 0
            while not metrics.slow_consumers_total:
                sent += 1
                await school.publish("private-roblox-sync-env_1", "script_update", sent, source="x" * 9000)
                assert (await reader.until("script_update"))["seq"] == sent
                most = max(most, wire.buffered())
                assert sent < 5000
            assert most <= limits.OUTBOX_BYTES
            assert metrics.slow_consumers_total == 1
            heard = await stalled.ended()
            ends(heard, 4100)
            assert [message["seq"] for message in heard.messages if "seq" in message] == list(range(1, sent))
            assert heard.types[-2:] == ["error", "goodbye"]
