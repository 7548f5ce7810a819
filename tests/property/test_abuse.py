"""Thousands of inputs that no client would send: afterwards everyone is served, and nothing is left of them."""

import asyncio
import json
import os
import random
from collections.abc import Callable
from typing import Any

import pytest

from callers import UPGRADE, Http, client_frame, until
from pages import pages
from servers import KEY, Running, channel_auth, serving, signed

SEED = 20_260_101
CONNECTIONS = 3000
MESSAGES = 5000
TOGETHER = 25
SOCKET = f"/app/{KEY}?protocol=7"
UPGRADING = Http.request("GET", SOCKET, headers=UPGRADE)


# ---- what is sent ---------------------------------------------------------------------------------------------


def noise(dice: random.Random, most: int = 200) -> bytes:
    return dice.randbytes(dice.randrange(1, most))


def mutated(dice: random.Random, raw: bytes) -> bytes:
    """Some bytes changed, doubled or missing."""
    data = bytearray(raw)
    for _ in range(dice.randrange(1, 6)):
        at = dice.randrange(len(data))
        match dice.randrange(3):
            case 0:
                data[at] = dice.randrange(256)
            case 1:
                del data[at : at + dice.randrange(1, 8)]
            case _:
                data[at:at] = data[at : at + dice.randrange(1, 20)]
        if not data:
            break
    return bytes(data)


def request(dice: random.Random) -> bytes:
    body = Http.json({"name": "e", "channel": "a", "data": "x" * dice.randrange(300)})
    return dice.choice(
        [
            Http.request("POST", signed("POST", "/apps/3/events", body), body),
            Http.request("GET", signed("GET", "/apps/3/channels")),
            Http.request("GET", "/apps/3/channels?auth_key=x&auth_timestamp=999999999999&auth_version=1.0"),
            Http.request("GET", "/metrics"),
            Http.request("GET", "/a/page"),
            Http.request("POST", "/a/form", b"a=1"),
            Http.request("POST", SOCKET, headers=UPGRADE),
            UPGRADING,
        ]
    )


def frames(dice: random.Random) -> bytes:
    """Frames as they should be, then one thing wrong, or a sudden end."""
    right = client_frame(0x1, b'{"event":"pusher:ping"}') * dice.randrange(3)
    wrong: list[Callable[[], bytes]] = [
        lambda: bytes((0x81 | dice.choice([0x40, 0x20, 0x10]), 0x80)) + b"mask",
        lambda: b"\x81\x05hello",
        lambda: client_frame(dice.choice([3, 7, 11, 15]), b"x"),
        lambda: client_frame(0x1, b"\xff\xfe" + noise(dice)),
        lambda: client_frame(0x1, b"x" * 70_000),
        lambda: client_frame(0x0, b"lone"),
        lambda: client_frame(0x9, b"x", final=False),
        lambda: client_frame(0x8, dice.choice([b"\x03", b"\x03\xed", b"\xff\xff", b"\x03\xe8\xff"])),
        lambda: b"\x81\xff" + b"\xff" * 8 + b"mask",
        lambda: client_frame(0x1, b'{"event":"pusher:subscribe","data":{"channel":"a"}}')[
            : dice.randrange(1, 40)
        ],
        lambda: client_frame(0x1, b"a", final=False) + client_frame(0x0, final=False) * 500,
        lambda: noise(dice),
    ]
    return UPGRADING + right + dice.choice(wrong)()


def attack(dice: random.Random) -> bytes:
    match dice.randrange(6):
        case 0:
            return noise(dice, 500)
        case 1:
            raw = request(dice)
            return raw[: dice.randrange(1, len(raw))]
        case 2:
            return mutated(dice, request(dice))
        case 3:
            return request(dice) + mutated(dice, request(dice)) + noise(dice)
        case _:
            return frames(dice)


def message(dice: random.Random) -> bytes:
    """Valid UTF-8, and anything but a message."""
    name: Any = dice.choice(
        ["a", "private-a", "presence-a", "#", "é", "", "x" * 5000, "\u0000", 5, None, [], {}]
    )
    event: Any = dice.choice(
        [
            "pusher:subscribe",
            "pusher:unsubscribe",
            "pusher:signin",
            "client-x",
            "pusher:x",
            "",
            "x" * 500,
            7,
            None,
        ]
    )
    data: Any = dice.choice(
        [{"channel": name, "auth": "k:s"}, {"channel": name, "auth": name}, name, 1.5, True]
    )
    text = json.dumps({"event": event, "data": data, "channel": name, "user_id": "9"})
    match dice.randrange(6):
        case 0:
            depth = dice.choice([100, 1000, 9000])
            return b'{"event":"client-x","channel":"private-a","data":' + b"[" * depth + b"]" * depth + b"}"
        case 1:
            return mutated(dice, text.encode()).decode(errors="replace").encode()
        case 2:
            return json.dumps({"event": "pusher:subscribe", "data": json.dumps(data)}).encode()
        case 3:
            return text[: dice.randrange(len(text))].encode()
        case _:
            return text.encode()


# ---- what is left ---------------------------------------------------------------------------------------------


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def strike(server: Running, raw: bytes, patience: random.Random) -> None:
    """Send it, perhaps read a little, and go without a word."""
    async with server.http() as http:
        http.send(raw)
        if patience.random() < 0.5:
            http.writer.write_eof()
            await http.ended()
        else:
            await asyncio.sleep(0)


def nothing_left(server: Running) -> bool:
    inside = server.server
    return not (
        inside._acceptor.sockets
        or inside._acceptor.pumps
        or len(inside._waiting)
        or inside._web_state.connections
        or inside._web_state.tasks
    )


@pytest.mark.timeout(60)  # about three seconds on an idle machine
async def test_bytes_of_every_kind_leave_nothing_behind() -> None:
    dice = random.Random(SEED)
    unexpected: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unexpected.append(context))
    async with serving(web=pages) as server:
        await server.trigger("a", "e", "1")
        tasks, files = len(asyncio.all_tasks()), descriptors()
        for _ in range(CONNECTIONS // TOGETHER):
            async with asyncio.TaskGroup() as strikes:
                for _ in range(TOGETHER):
                    strikes.create_task(strike(server, attack(dice), dice))
        await until(lambda: nothing_left(server))
        assert unexpected == []
        assert server.metrics.faults_total == 0
        assert server.metrics.connections == 0
        assert list(server.node.hub(next(iter(server.node.apps))).channels()) == []
        await until(lambda: len(asyncio.all_tasks()) <= tasks and descriptors() <= files)
        async with server.socket() as alice:
            await alice.enter("a")
            await server.trigger("a", "e", "still here")
            assert (await alice.hear())["data"] == "still here"


@pytest.mark.timeout(60)
async def test_messages_of_every_kind_do_not_end_a_connection() -> None:
    dice = random.Random(SEED)
    async with serving() as server, server.socket(max_queue=None) as alice:
        tasks, files = len(asyncio.all_tasks()), descriptors()
        for _ in range(MESSAGES):
            await alice.wire.send(message(dice), text=True)
        await alice.say("pusher:ping", "the last")
        while (await alice.hear()) != {"event": "pusher:pong", "data": {}}:
            pass
        await alice.enter("private-b", channel_auth(alice.id, "private-b"))
        await server.trigger("private-b", "e", "still here")
        while (await alice.hear()).get("data") != "still here":
            pass
        assert server.metrics.faults_total == 0
        assert server.metrics.connections == 1
        await until(lambda: len(asyncio.all_tasks()) <= tasks and descriptors() <= files)
