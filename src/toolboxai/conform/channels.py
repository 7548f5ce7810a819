"""Rows of public and private channels."""

from toolboxai.conform.expectations import error, expect, expect_error
from toolboxai.conform.row import row
from toolboxai.conform.target import Json, Peer, Target, fresh

__all__ = ["refused"]


async def refused(peer: Peer, first: Json, channel: str, *, kind: str, begins: str = "") -> Json:
    """A refusal is told twice: as an error, then on the channel. Its details."""
    expect_error(first, begins=begins)
    told = await peer.hear()
    expect(told.get("event"), "pusher:subscription_error", f"the message after the error: {told}")
    expect(told.get("channel"), channel, "its channel")
    data: Json = told["data"]
    expect(type(data), dict, "the type of its data")
    expect(data.get("type"), kind, "its type")
    return data


@row(16, "a public channel is entered")
async def public(target: Target) -> None:
    name = fresh()
    async with target.socket() as peer:
        succeeded = {"event": "pusher_internal:subscription_succeeded", "channel": name, "data": "{}"}
        expect(await peer.subscribe(name), succeeded, "the answer")


@row(17, "a second subscribe is an error")
async def twice(target: Target) -> None:
    name = fresh()
    async with target.socket() as peer:
        await peer.enter(name)
        expect(await peer.subscribe(name), error(f"Existing subscription to channel {name}"), "the answer")


@row(18, "after unsubscribe nothing comes")
async def left(target: Target) -> None:
    name = fresh()
    async with target.socket() as peer:
        await peer.enter(name)
        await peer.say("pusher:unsubscribe", {"channel": name})
        await peer.hears_nothing()
        await target.trigger(name)
        await peer.hears_nothing()


@row(19, "unsubscribe without a subscription is an error")
async def never_in(target: Target) -> None:
    name = fresh()
    text = f"No current subscription to channel {name}, or subscription in progress"
    async with target.socket() as peer:
        expect(await peer.ask("pusher:unsubscribe", {"channel": name}), error(text), "the answer")


@row(20, "a bad name is refused")
async def bad_name(target: Target) -> None:
    async with target.socket() as peer:
        await refused(peer, await peer.subscribe("bad name!"), "bad name!", kind="InvalidChannel")
        await peer.hears_nothing()


@row(21, "a name of 201 characters is refused")
async def long_name(target: Target) -> None:
    name = "a" * 201
    async with target.socket() as peer:
        await refused(peer, await peer.subscribe(name), name, kind="LimitReached")


@row(22, "a private channel is entered with its signature")
async def private(target: Target) -> None:
    async with target.socket() as peer:
        expect(await peer.enter(fresh("private-")), {}, "the data of the success")


@row(23, "the signature of another socket is refused")
async def other_sockets_signature(target: Target) -> None:
    name = fresh("private-")
    async with target.socket() as peer, target.socket() as other:
        first = await peer.subscribe(name, other.auth(name))
        begins = "Invalid signature: Expected HMAC SHA256 hex digest of "
        data = await refused(peer, first, name, kind="AuthError", begins=begins)
        expect(data.get("status"), 401, "its status")


@row(24, "another key is refused")
async def other_key(target: Target) -> None:
    name = fresh("private-")
    async with target.socket() as peer:
        text = "Invalid key in subscription auth data: 'OTHER'"
        expect(await peer.subscribe(name, "OTHER:sig"), error(text), "the answer")


@row(25, "a signature of another form is refused")
async def no_signature(target: Target) -> None:
    name = fresh("private-")
    async with target.socket() as peer:
        text = f"Auth value for subscription to {name} is invalid: should be of format 'key:signature'"
        expect(await peer.subscribe(name, "nosig"), error(text), "the answer")
