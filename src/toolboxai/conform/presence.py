"""Rows of presence channels."""

import asyncio
import json
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from typing import Any

from toolboxai.conform.channels import refused
from toolboxai.conform.expectations import error, expect, expect_error
from toolboxai.conform.row import row
from toolboxai.conform.target import Json, Peer, Target, fresh

__all__ = ["changed"]

ANNA: Json = {"user_id": "1", "user_info": {"name": "Anna"}}
BEN: Json = {"user_id": "2", "user_info": {"name": "Ben"}}
MEMBERS = 100  # as hosted; a server with another limit fails row 34
AT_ONCE = 20


def changed(event: str, channel: str, told: Json) -> Json:
    """The data of a change of members."""
    expect(told.get("event"), f"pusher_internal:{event}", f"the event of {told}")
    expect(told.get("channel"), channel, "its channel")
    expect(type(told.get("data")), str, "the type of its data")
    data: Json = json.loads(told["data"])
    return data


async def _count(peer: Peer, channel: str, member: Json) -> int:
    count: int = (await peer.enter(channel, member))["presence"]["count"]
    return count


@row(26, "the first member finds itself")
async def first(target: Target) -> None:
    async with target.socket() as peer:
        data = await peer.enter(fresh("presence-"), ANNA)
        snapshot = {"ids": ["1"], "hash": {"1": ANNA["user_info"]}, "count": 1}
        expect(data.get("presence"), snapshot, "the snapshot")


@row(27, "a second member is told to the first, and only to the first")
async def second(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as one, target.socket() as two:
        await one.enter(name, ANNA)
        expect(await _count(two, name, BEN), 2, "the count in the snapshot")
        expect(changed("member_added", name, await one.hear()), BEN, "the data of member_added")
        await two.hears_nothing()


@row(28, "another connection of a member is told to nobody")
async def another_connection(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as one, target.socket() as two, target.socket() as three:
        await one.enter(name, ANNA)
        await two.enter(name, BEN)
        await one.hear()
        expect(await _count(three, name, BEN), 2, "the count in the snapshot")
        await one.hears_nothing()
        await two.hears_nothing()


@row(29, "one of two connections that goes is told to nobody")
async def one_goes(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as one, target.socket() as three:
        await one.enter(name, ANNA)
        await three.enter(name, BEN)
        await one.hear()
        async with target.socket() as two:
            await two.enter(name, BEN)
        await one.hears_nothing()


@row(30, "the last connection that goes is told")
async def last_goes(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as one:
        await one.enter(name, ANNA)
        async with target.socket() as two:
            await two.enter(name, BEN)
            await one.hear()
        told = changed("member_removed", name, await one.hear())
        expect(told, {"user_id": "2"}, "the data of member_removed")


@row(31, "a user id that is a number goes out as a string")
async def number(target: Target) -> None:
    async with target.socket() as peer:
        data = (await peer.enter(fresh("presence-"), {"user_id": 7}))["presence"]
        expect(data.get("ids"), ["7"], "ids")
        expect(data.get("hash"), {"7": None}, "hash")


@row(32, "changed channel_data is refused")
async def tampered(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as peer:
        signed = peer.auth(name, json.dumps(ANNA))
        told = await peer.subscribe(name, signed, json.dumps(BEN))
        begins = "Invalid signature: Expected HMAC SHA256 hex digest of "
        await refused(peer, told, name, kind="AuthError", begins=begins)


@row(33, "user_info that is no object is refused")
async def info_no_object(target: Target) -> None:
    name, data = fresh("presence-"), '{"user_id":"1","user_info":"str"}'
    async with target.socket() as peer:
        text = (
            "user_info supplied to presence subscription is invalid - if supplied it must be a type of hash"
        )
        expect(await peer.subscribe(name, peer.auth(name, data), data), error(text), "the answer")


async def _together(work: Sequence[Coroutine[Any, Any, None]]) -> None:
    """All at once; when one fails, the others do not go on behind its back."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@row(34, "a full channel takes no other user, and further connections of its users")
async def full(target: Target) -> None:
    name = fresh("presence-")
    async with AsyncExitStack() as stack:

        async def join(user_id: int) -> None:
            peer = await stack.enter_async_context(target.socket())
            await peer.enter(name, {"user_id": str(user_id)})

        for begin in range(0, MEMBERS, AT_ONCE):
            await _together([join(begin + each) for each in range(AT_ONCE)])
        late = await stack.enter_async_context(target.socket())
        data = json.dumps({"user_id": "late"})
        told = await late.subscribe(name, late.auth(name, data), data)
        detail = await refused(late, told, name, kind="LimitReached")
        expect(detail.get("status"), 4100, "its status")
        again = await stack.enter_async_context(target.socket())
        expect(await _count(again, name, {"user_id": "0"}), MEMBERS, "the count for a user who is there")


@row(35, "user_info of more than a kilobyte is refused")
async def info_too_large(target: Target) -> None:
    name = fresh("presence-")
    data = json.dumps({"user_id": "1", "user_info": {"a": "x" * (1025 - 8)}}, separators=(",", ":"))
    async with target.socket() as peer:
        told = await peer.subscribe(name, peer.auth(name, data), data)
        await refused(peer, told, name, kind="LimitReached")


@row(36, "who is signed in needs no channel_data")
async def signed_in(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as peer:
        await peer.signed_in({"id": "u1", "user_info": {"name": "Una"}})
        told = await peer.subscribe(name, peer.auth(name))
        while told.get("event") == "pusher_internal:watchlist_events":
            told = await peer.hear()
        presence = json.loads(told["data"])["presence"]
        expect(presence, {"ids": ["u1"], "hash": {"u1": {"name": "Una"}}, "count": 1}, "the snapshot")


@row(37, "who is not signed in needs channel_data")
async def not_signed_in(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as peer:
        told = await peer.subscribe(name, peer.auth(name))
        expect_error(told)
        await refused(peer, told, name, kind="AuthError")
