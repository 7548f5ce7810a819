"""Rows of client events."""

from toolboxai.conform.expectations import error, expect
from toolboxai.conform.row import row
from toolboxai.conform.target import Target, fresh

__all__: list[str] = []


@row(58, "a client event reaches the others, its data as a string")
async def others(target: Target) -> None:
    name = fresh("private-")
    async with target.socket() as one, target.socket() as two:
        await one.enter(name)
        await two.enter(name)
        await one.say("client-x", {"t": 1}, channel=name)
        message = await two.hear()
        expect(message, {"event": "client-x", "channel": name, "data": '{"t":1}'}, "the message")
        await one.hears_nothing()


@row(59, "on a presence channel the server says who sent it")
async def sender(target: Target) -> None:
    name = fresh("presence-")
    async with target.socket() as one, target.socket() as two:
        await one.enter(name, {"user_id": "1"})
        await two.enter(name, {"user_id": "2"})
        await one.hear()
        await one.say("client-x", {}, channel=name, user_id="9")
        expect((await two.hear()).get("user_id"), "1", "user_id")


@row(60, "client events stay on private and presence channels that the sender is in")
async def where(target: Target) -> None:
    public, private = fresh(), fresh("private-")
    async with target.socket() as peer:
        await peer.enter(public)
        text = "Client event rejected - only supported on private and presence channels"
        expect(await peer.ask("client-x", {}, channel=public), error(text), "the answer on a public channel")
        text = f"Cannot broadcast client event (connection not subscribed to channel {private})"
        expect(await peer.ask("client-x", {}, channel=private), error(text), "the answer on another channel")


@row(61, "ten client events a second, and the socket stays")
async def rate(target: Target) -> None:
    name = fresh("private-")
    async with target.socket() as one, target.socket() as two:
        await one.enter(name)
        await two.enter(name)
        for number in range(11):
            await one.say("client-x", number, channel=name)
        told = await one.hear()
        expect(told, error("Client event rejected due to rate limit", 4301), "what the sender hears")
        heard = [(await two.hear()).get("data") for _ in range(10)]
        expect(heard, [str(number) for number in range(10)], "what the other hears")
        await two.hears_nothing()
        await one.hears_nothing()
