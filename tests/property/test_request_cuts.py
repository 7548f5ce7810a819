"""Requests on one connection are answered alike however the bytes are cut, and by whichever way they are read."""

import asyncio
import hashlib
import json
import random
from itertools import pairwise
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from servers import APP, KEY, SECRET, digest
from toolboxai.apps.registry import AppRegistry
from toolboxai.broker.memory import MemoryBroker
from toolboxai.node.background import Background
from toolboxai.node.node import Node
from toolboxai.protocol.allow_list import AllowList
from toolboxai.protocol.proxies import TrustedProxies
from toolboxai.testing.clock import ManualClock
from toolboxai.transport.accept import Acceptor
from toolboxai.transport.channels_http import ChannelsApi
from toolboxai.transport.front import Doors, Front
from toolboxai.transport.operations import Operations
from toolboxai.transport.waiting import Waiting

CLOCK = ManualClock()
EVENT = {"name": "e", "channel": "a", "data": "d"}


class Wire:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.written = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def get_extra_info(self, _name: str) -> tuple[str, int]:
        return ("127.0.0.1", 1)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def request(
    call: str, body: bytes, *, method: str = "POST", early: bool = False, secret: str = SECRET, more: str = ""
) -> bytes:
    path = f"/apps/3/{call}"
    params = [f"auth_key={KEY}", f"auth_timestamp={CLOCK.now():.0f}", "auth_version=1.0"]
    if body:
        params.append(f"body_md5={hashlib.md5(body).hexdigest()}")
    signature = digest(f"{method}\n{path}\n{'&'.join(params)}", secret)
    params.insert(1 if early else len(params), f"auth_signature={signature}")
    head = f"{method} {path}?{'&'.join(params)} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    return head.encode() + body


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


REQUESTS = [
    request("events", _json(EVENT)),
    request("events", _json(EVENT), early=True),
    request("events", _json({**EVENT, "data": {"any": 1}})),
    request("events", _json({**EVENT, "channel": "presence-a", "info": "user_count"})),
    request("events", _json({**EVENT, "channel": "cache-a"}), more="Idempotency-Key: k\r\n"),
    request("events", _json({"name": "e", "channels": ["a", "b", "a"], "data": ""})),
    request("events", _json({**EVENT, "channel": "not one"})),
    request("events", _json({**EVENT, "data": "x" * 10_241})),
    request("events", _json({**EVENT, "data": None})),
    request("events", b'{"name":"e","channel":"a","data":"\\ud800"}'),
    request("events", b"{"),
    request("events", b""),
    request("events", _json(EVENT), secret="other"),
    request("batch_events", _json({"batch": [EVENT, {**EVENT, "data": [1]}, EVENT]})),
    request("batch_events", _json({"batch": [EVENT] * 10})),
    request("batch_events", _json({"batch": [EVENT, {"name": "e", "data": "d"}]})),
    request("channels", b"", method="GET"),
    b"\r\n" + request("events", _json(EVENT), more="X-Odd: 1\r\n"),
]
LAST = [
    request("events", _json(EVENT), more="Connection: close\r\n"),
    b"POST /apps/3/events HTTP/1.1\r\nno colon\r\n\r\n",
]


async def _answered(pieces: list[bytes], *, usual: bool) -> tuple[bytes, bool, dict[str, Any]]:
    dice = random.Random(5)
    node = Node(AppRegistry([APP]), MemoryBroker(CLOCK, dice), clock=CLOCK, dice=dice)
    node.turn.join(asyncio.get_running_loop().call_soon)
    api = ChannelsApi(node)
    if not usual:
        api.publish_at_once = lambda *_: None  # type: ignore[method-assign]
    background = Background(node.metrics)
    waiting = Waiting(node.metrics, node.refusals, proxies=TrustedProxies(()), allow_list=AllowList(()))
    doors = Doors(
        acceptor=Acceptor(node, background),
        old_sockets=None,
        api=api,
        operations=cast("Operations", None),
        make_web=lambda _peer: asyncio.Protocol(),
        background=background,
        immediate=True,
        metrics=node.metrics,
        refusals=node.refusals,
        waiting=waiting,
        date=b"now",
    )
    wire, front = Wire(), Front(doors)
    front.connection_made(cast("asyncio.Transport", wire))
    for piece in pieces:
        front.data_received(piece)
    counted = {str(sample[:2]): sample.value for sample in node.metrics.samples() if "http" in sample.name}
    counted["published"] = node.metrics.publications_total
    return wire.written, wire.closed, counted


@given(
    st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=8),
    st.sampled_from([b"", *LAST]),
    st.lists(st.integers(0, 6000), max_size=12),
)
def test_however_they_are_cut_and_read(requests: list[bytes], last: bytes, cuts: list[int]) -> None:
    whole = b"".join(requests) + last
    places = sorted({0, len(whole), *(cut % len(whole) for cut in cuts)})
    pieces = [whole[begin:end] for begin, end in pairwise(places)]
    wanted = asyncio.run(_answered([whole], usual=False))
    assert wanted[0].count(b"\r\nDate: now\r\n") == len(requests) + bool(last)
    assert asyncio.run(_answered([whole], usual=True)) == wanted
    assert asyncio.run(_answered(pieces, usual=True)) == wanted
    assert asyncio.run(_answered([*requests, last], usual=True)) == wanted


def test_a_head_of_which_more_is_to_come_is_not_taken_for_one_that_is_known() -> None:
    """It may be that it ends there, or goes on: with the word that the connection ends, or with the length of a body."""
    params = [
        f"auth_key={KEY}",
        f"auth_timestamp={CLOCK.now():.0f}",
        "auth_version=1.0",
        f"body_md5={hashlib.md5(b'').hexdigest()}",
    ]
    target = f"/apps/3/events?{'&'.join(params)}"
    signature = digest(f"POST\n/apps/3/events\n{'&'.join(params)}")
    known = f"POST {target}&auth_signature={signature} HTTP/1.1\r\nHost: here".encode()
    goes_on = b"\r\nConnection: close"
    pieces = [known + b"\r\n\r\n", known, goes_on + b"\r\n\r\n"]
    answered, closed, _ = asyncio.run(_answered(pieces, usual=True))
    assert (answered, closed) == asyncio.run(_answered([b"".join(pieces)], usual=False))[:2]
    assert (answered.count(b"Missing required parameter") + answered.count(b"JSON"), closed) == (2, True)
