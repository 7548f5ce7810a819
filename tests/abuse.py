"""What strangers send, by the roll of dice: of every kind of input some that no client would send."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from callers import UPGRADE, Http, client_frame
from servers import KEY, channel_auth, signed

__all__ = ["UPGRADING", "attack", "fallback", "flood", "message", "newcomer", "posted", "wrong_fields"]

SOCKET = f"/app/{KEY}?protocol=7"
UPGRADING = Http.request("GET", SOCKET, headers=UPGRADE)


# ---- bytes ----------------------------------------------------------------------------------------------------


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


def flood(dice: random.Random) -> bytes:
    """A head that is too long, has too many lines, or never ends."""
    kinds: list[Callable[[int], bytes]] = [
        lambda number: b"X-%d: %d" % (number, number),
        lambda _number: b"Cookie: " + b"a=b; " * 40,
        lambda _number: b"X-" + b"n" * 500 + b": v",
        lambda _number: b"Host: again",
        lambda _number: b" folded " + noise(dice, 30).replace(b"\r\n", b""),
    ]
    line = dice.choice(kinds)
    start = UPGRADING[:-2] if dice.random() < 0.5 else b"GET /metrics HTTP/1.1\r\n"
    lines = b"\r\n".join(line(number) for number in range(dice.choice([20, 200, 2000])))
    return start + lines + dice.choice([b"", b"\r\n\r\n"])


# ---- calls ----------------------------------------------------------------------------------------------------


VALUES: list[Any] = [
    None,
    True,
    7,
    -1.5,
    10**40,
    "",
    " ",
    "a\x00b",
    "\ud800",
    "x" * 12_000,
    ["a"],
    [],
    {},
    {"a": {"b": []}},
    "private-" + "n" * 300,
    "presence-#,/",
]


def posted(dice: random.Random) -> bytes:
    """A publication whose signature holds, with one field wrong, doubled or missing."""
    good: dict[str, Any] = {
        "name": "e",
        "channels": ["b"],
        "data": "1",
        "socket_id": "1.1",
        "info": "user_count",
    }
    batch = dice.random() < 0.3
    field = dice.choice([*good, "channel", "batch"])
    good[field] = dice.choice(VALUES)
    if dice.random() < 0.2:
        del good[dice.choice(list(good))]
    body = json.dumps({"batch": [good] * dice.choice([0, 1, 10, 11])} if batch else good).encode()
    body = mutated(dice, body) if dice.random() < 0.2 and body else body
    path = "/apps/3/batch_events" if batch else "/apps/3/events"
    return Http.request("POST", signed("POST", path, body), body)


def fallback(dice: random.Random) -> bytes:
    """A request of the HTTP transports: of a session that there is or not, with a body that is a list of messages or not."""
    session = dice.choice(["aaaaaaaa", "aaaaaaab", "AAAA", "a" * 900, "%00", "..", ""])
    what = dice.choice(["xhr_streaming", "xhr", "xhr_send", "xhr_send", "xhr_send", "websocket", "x" * 300])
    body = dice.choice(
        [
            b"[]",
            json.dumps([message(dice).decode()]).encode(),
            json.dumps([message(dice).decode()] * 50).encode()[:60_000],
            json.dumps(dice.choice(VALUES)).encode(),
            noise(dice),
            b"[" * 5000,
        ]
    )
    number = dice.choice(["1", "-1", "x", "9" * 30, ""])
    key = dice.choice([KEY, KEY, "nobody", "%ff"])
    target = (
        f"/pusher/app/{key}/{dice.choice(['1', '999', '1000', 'x'])}/{session}/{what}?protocol=7&n={number}"
    )
    return Http.request(dice.choice(["POST", "POST", "POST", "OPTIONS", "GET"]), target, body)


# ---- messages -------------------------------------------------------------------------------------------------


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


def wrong_fields() -> Iterator[bytes]:
    """Each message that clients send, with each of its fields wrong in each way."""
    data = {"channel": "private-a", "auth": "k:s", "channel_data": "{}", "user_data": "{}"}
    for event in ("pusher:subscribe", "pusher:unsubscribe", "pusher:signin", "client-x", "pusher:pong"):
        whole = {"event": event, "channel": "private-a", "data": data}
        for value in VALUES:
            for field in whole:
                yield json.dumps({**whole, field: value}).encode()
            for field in data:
                yield json.dumps({**whole, "data": {**data, field: value}}).encode()


def newcomer(dice: random.Random) -> bytes:
    """A client as it should be, who goes at any moment."""
    wishes = [
        {"channel": dice.choice(["a", "b", "cache-a"])},
        {"channel": "private-a", "auth": channel_auth("1.1", "private-a")},
        {"channel": "presence-a", "auth": "k:s", "channel_data": json.dumps({"user_id": "1"})},
    ]
    said = [{"event": "pusher:subscribe", "data": wish} for wish in wishes]
    whole = UPGRADING + b"".join(client_frame(0x1, json.dumps(each).encode()) for each in said)
    return whole[: dice.randrange(len(UPGRADING), len(whole) + 1)] if dice.random() < 0.5 else whole
