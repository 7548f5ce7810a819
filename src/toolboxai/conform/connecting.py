"""Rows of the handshake, of ping and pong, and of messages that are none."""

import asyncio
import json
import re

from toolboxai.conform.expectations import RowFailed, expect, expect_error
from toolboxai.conform.row import row
from toolboxai.conform.target import Target

__all__ = ["PONG"]

PONG = {"event": "pusher:pong", "data": {}}


async def _established(target: Target, query: str) -> str:
    async with target.opened(query=query) as peer:
        first = await peer.hear()
    expect(first.get("event"), "pusher:connection_established", "the first message")
    expect(type(first.get("data")), str, "the type of its data")
    data = json.loads(first["data"])
    if not re.fullmatch(r"\d+\.\d+", str(data.get("socket_id"))):
        raise RowFailed("a socket_id of digits.digits", repr(data.get("socket_id")))
    timeout = data.get("activity_timeout")
    if type(timeout) is not int or timeout <= 0:
        raise RowFailed("activity_timeout to be a whole number above 0", repr(timeout))
    return str(data["socket_id"])


@row(1, "the first message is connection_established")
async def first_message(target: Target) -> None:
    await _established(target, "protocol=7&client=js&version=8.6.0&flash=false")


@row(2, "two sockets have two ids")
async def two_ids(target: Target) -> None:
    first, second = [await _established(target, "protocol=7") for _ in range(2)]
    if first == second:
        raise RowFailed("two socket ids", f"{first} twice")


@row(3, "protocol 6, as Pysher asks for it")
async def protocol_six(target: Target) -> None:
    await _established(target, "protocol=6&client=Pysher&version=1.0.7")


@row(4, "an unknown key is told, then closed with 4001")
async def unknown_key(target: Target) -> None:
    async with target.opened("/app/NOPE") as peer:
        expect_error(await peer.ended(4001), code=4001, has="NOPE")


@row(5, "protocol 99: 4007")
async def protocol_too_new(target: Target) -> None:
    async with target.opened(query="protocol=99") as peer:
        await peer.ended(4007)


@row(6, "protocol abc: 4006")
async def protocol_no_number(target: Target) -> None:
    async with target.opened(query="protocol=abc") as peer:
        await peer.ended(4006)


@row(9, "another path: 4005")
async def other_path(target: Target) -> None:
    async with target.opened("/nope") as peer:
        await peer.ended(4005)


@row(10, "every form of ping is answered with pong")
async def ping(target: Target) -> None:
    async with target.socket() as peer:
        for text in (
            '{"event":"pusher:ping","data":{}}',
            '{"event":"pusher:ping","data":""}',
            '{"event":"pusher:ping"}',
        ):
            await peer.wire.send(text)
            expect(await peer.hear(), PONG, f"the answer to {text}")


@row(11, "a WebSocket ping is answered")
async def websocket_ping(target: Target) -> None:
    async with target.socket() as peer:
        pong = await peer.wire.ping(b"conform")
        try:
            async with asyncio.timeout(target.patience_s):
                await pong
        except TimeoutError:
            raise RowFailed("a pong frame with the payload of the ping", "none") from None


@row(14, "what is no JSON is told, and the socket stays")
async def no_json(target: Target) -> None:
    async with target.socket() as peer:
        await peer.wire.send("not json")
        expect_error(await peer.hear(), begins="Invalid message format")
        await peer.hears_nothing()


@row(15, "a binary message is passed over")
async def binary(target: Target) -> None:
    async with target.socket() as peer:
        await peer.wire.send(b'{"event":"pusher:subscribe","data":{"channel":"conform-binary"}}')
        await peer.hears_nothing()
