"""Rows of POST events and batch_events."""

from toolboxai.conform.expectations import NotTestable, RowFailed, expect
from toolboxai.conform.row import row
from toolboxai.conform.target import Answer, Target, fresh

__all__ = ["told"]


def told(answer: Answer, status: int, text: str = "", *, begins: str = "") -> None:
    """The status of an answer, and its text or how that begins."""
    expect(answer.status, status, f"the status (with {answer.text.strip()[:200]!r})")
    if text:
        expect(answer.text, text, "the body")
    if not answer.text.startswith(begins):
        raise RowFailed(f"a body that begins with {begins!r}", repr(answer.text[:200]))


@row(38, "an event reaches its subscriber")
async def event(target: Target) -> None:
    name = fresh()
    async with target.socket() as peer:
        await peer.enter(name)
        answer = await target.post("/events", {"name": "e", "data": '{"a":1}', "channel": name})
        told(answer, 200)
        expect(answer.json, {}, "the body")
        expect(await peer.hear(), {"event": "e", "channel": name, "data": '{"a":1}'}, "the message")


@row(39, "data that is no JSON goes out as it is")
async def plain(target: Target) -> None:
    name = fresh()
    async with target.socket() as peer:
        await peer.enter(name)
        await target.trigger(name, data="plain")
        expect((await peer.hear()).get("data"), "plain", "the data")


@row(40, "two channels are two messages")
async def two_channels(target: Target) -> None:
    names = [fresh(), fresh()]
    async with target.socket() as peer:
        for name in names:
            await peer.enter(name)
        told(await target.post("/events", {"name": "e", "data": "1", "channels": names}), 200)
        heard = sorted([(await peer.hear())["channel"] for _ in names])
        expect(heard, sorted(names), "the channels")


@row(41, "the socket that socket_id names is left out")
async def left_out(target: Target) -> None:
    name = fresh()
    async with target.socket() as one, target.socket() as two:
        await one.enter(name)
        await two.enter(name)
        await target.trigger(name, socket_id=one.id)
        expect((await two.hear()).get("event"), "e", "what the other hears")
        await one.hears_nothing()


@row(42, "an event's name may have any characters")
async def any_name(target: Target) -> None:
    name = fresh()
    async with target.socket() as peer:
        await peer.enter(name)
        await target.trigger(name, "App\\Events\\X")
        expect((await peer.hear()).get("event"), "App\\Events\\X", "the event")


@row(43, "info tells users and subscriptions")
async def info(target: Target) -> None:
    presence, public = fresh("presence-"), fresh()
    async with target.socket() as one, target.socket() as two, target.socket() as three:
        await one.enter(presence, {"user_id": "1"})
        await two.enter(presence, {"user_id": "2"})
        await three.enter(presence, {"user_id": "2"})  # users are counted, not their connections
        for peer in (three, two):
            await peer.enter(public)
        body = {
            "name": "e",
            "data": "1",
            "channels": [presence, public],
            "info": "user_count,subscription_count",
        }
        answer = await target.post("/events", body)
        told(answer, 200)
        counts = (answer.json or {}).get("channels", {})
        expect(counts.get(presence), {"user_count": 2}, "what is told of the presence channel")
        if counts.get(public) == {}:
            raise NotTestable("the app does not tell subscription counts")
        expect(counts.get(public), {"subscription_count": 2}, "what is told of the other")


@row(44, "101 channels are too many, and nothing is delivered")
async def too_many_channels(target: Target) -> None:
    name = fresh()
    async with target.socket() as peer:
        await peer.enter(name)
        names = [name, *(f"{name}-{each}" for each in range(100))]
        told(await target.post("/events", {"name": "e", "data": "1", "channels": names}), 400)
        await peer.hears_nothing()


@row(45, "10,240 bytes of data are taken, one more is not")
async def large(target: Target) -> None:
    name = fresh()
    body = {"name": "e", "channel": name, "data": "x" * 10240}
    told(await target.post("/events", body), 200)
    answer = await target.post("/events", {**body, "data": "x" * 10241})
    told(answer, 413, begins="The data content of this event exceeds")


@row(46, "names that are too long, ours, or missing are refused")
async def bad_names(target: Target) -> None:
    body = {"channel": fresh(), "data": "1"}
    told(await target.post("/events", {**body, "name": "x" * 201}), 400)
    told(await target.post("/events", {**body, "name": "pusher:x"}), 400)
    told(await target.post("/events", body), 400, "Missing required parameter: name\n")


@row(47, "a batch of 11 is too large")
async def large_batch(target: Target) -> None:
    item = {"channel": fresh(), "name": "e", "data": "1"}
    told(await target.post("/batch_events", {"batch": [item] * 11}), 400, "Batch too large (11 > 10)\n")


@row(48, "an item of a batch has one channel")
async def batch_channels(target: Target) -> None:
    body = {"batch": [{"channels": [fresh()], "name": "e", "data": "1"}]}
    told(await target.post("/batch_events", body), 400, "Missing required parameter: channel\n")


@row(49, "info of one item answers for each by its place")
async def batch_info(target: Target) -> None:
    presence = fresh("presence-")
    async with target.socket() as one, target.socket() as two:
        for peer in (one, two):
            await peer.enter(presence, {"user_id": "1"})
        first = {"channel": fresh(), "name": "e", "data": "1"}
        second = {"channel": presence, "name": "e", "data": "1", "info": "user_count"}
        answer = await target.post("/batch_events", {"batch": [first, second]})
        told(answer, 200)
        expect(answer.json, {"batch": [{}, {"user_count": 1}]}, "the body")
