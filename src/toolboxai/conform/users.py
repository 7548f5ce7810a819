"""Rows of users: sign-in, events to one, ending their connections, watchlists, counts."""

import json
import secrets
from contextlib import AsyncExitStack

from toolboxai.conform.channels import refused
from toolboxai.conform.expectations import NotTestable, error, expect, expect_error
from toolboxai.conform.publishing import told
from toolboxai.conform.row import row
from toolboxai.conform.target import Json, Target, fresh

__all__: list[str] = []


def _user() -> str:
    return f"u{secrets.token_hex(6)}"


@row(66, "signing in is answered with the very text that was signed")
async def signing_in(target: Target) -> None:
    user = {"id": _user()}
    async with target.socket() as peer:
        answer = await peer.sign_in(user)
        expect(answer.get("event"), "pusher:signin_success", f"the event of {answer}")
        expect(json.loads(answer["data"]).get("user_data"), json.dumps(user), "user_data")


@row(67, "a user's channel is for that user alone")
async def own_channel(target: Target) -> None:
    user = _user()
    name = f"#server-to-user-{user}"
    async with target.socket() as one, target.socket() as other:
        await one.signed_in({"id": user})
        await one.enter(name)
        await refused(other, await other.subscribe(name), name, kind="AuthError")
        await other.signed_in({"id": _user()})
        await refused(other, await other.subscribe(name), name, kind="AuthError")


@row(68, "an event to a user reaches that user alone")
async def to_user(target: Target) -> None:
    user = _user()
    name = f"#server-to-user-{user}"
    async with target.socket() as one, target.socket() as other:
        await one.signed_in({"id": user})
        await one.enter(name)
        await other.signed_in({"id": _user()})
        await target.trigger(name, data="1")
        expect(await one.hear(), {"event": "e", "channel": name, "data": "1"}, "the message")
        await other.hears_nothing()


@row(69, "a user's connections are ended, by either path")
async def terminated(target: Target) -> None:
    for prefix in (f"/apps/{target.app_id}", ""):
        user = _user()
        async with target.socket() as one, target.socket() as two, target.socket() as other:
            for peer in (one, two):
                await peer.signed_in({"id": user})
            await other.signed_in({"id": _user()})
            answer = await target.send("POST", f"{prefix}/users/{user}/terminate_connections", b"{}")
            told(answer, 200)
            expect(answer.json, {}, "the body")
            for peer in (one, two):
                await peer.ended(4009)
            await other.hears_nothing()


def _groups(message: Json) -> dict[str, list[str]]:
    expect(message.get("event"), "pusher_internal:watchlist_events", f"the event of {message}")
    data = message["data"]
    events = (json.loads(data) if isinstance(data, str) else data)["events"]
    return {event["name"]: sorted(event["user_ids"]) for event in events}


@row(70, "a watchlist tells who is here, and who comes and goes")
async def watchlist(target: Target) -> None:
    one, two, three = _user(), _user(), _user()
    async with AsyncExitStack() as stack:
        second = await stack.enter_async_context(target.socket())
        await second.signed_in({"id": two})
        watchers = [await stack.enter_async_context(target.socket()) for _ in range(2)]
        for watcher in watchers:
            await watcher.signed_in({"id": one, "watchlist": [two, three]})
            expect(_groups(await watcher.hear()), {"online": [two], "offline": [three]}, "the snapshot")
        await second.wire.close()
        for watcher in watchers:
            expect(_groups(await watcher.hear()), {"offline": [two]}, "the change")


@row(71, "a watchlist of 101 is cut, and told so")
async def long_watchlist(target: Target) -> None:
    async with target.socket() as peer:
        await peer.signed_in({"id": _user(), "watchlist": [f"w{each}" for each in range(101)]})
        text = "Watchlist limit exceeded. Only the first 100 user IDs are accepted."
        expect(await peer.hear(), error(text, 4302), "the message after the success")


@row(72, "everyone on a channel is told how many they are, but not on presence channels")
async def counts(target: Target) -> None:
    name, presence = fresh(), fresh("presence-")

    def count(message: Json) -> int:
        expect(message.get("event"), "pusher_internal:subscription_count", f"the event of {message}")
        number: int = json.loads(message["data"])["subscription_count"]
        return number

    async with target.socket(news=True) as one, target.socket(news=True) as two:
        await one.enter(name)
        told_first = await one.ask("pusher:ping", {})
        if told_first.get("event") == "pusher:pong":
            raise NotTestable("the app does not tell subscription counts")
        expect(count(told_first), 1, "the count after the first")
        expect((await one.hear()).get("event"), "pusher:pong", "the answer to a ping")
        await two.enter(name)
        expect(count(await one.hear()), 2, "what the first hears")
        expect(count(await two.hear()), 2, "what the second hears")
        await two.enter(presence, {"user_id": "1"})
        await two.hears_nothing()
        expect_error(await two.ask("pusher:unsubscribe", {"channel": fresh()}))
