"""Rows of cache channels."""

from toolboxai.conform.expectations import RowFailed, expect
from toolboxai.conform.publishing import told
from toolboxai.conform.row import row
from toolboxai.conform.target import Target, fresh

__all__: list[str] = []


@row(63, "an empty cache is told after the success")
async def miss(target: Target) -> None:
    name = fresh("cache-")
    async with target.socket() as peer:
        await peer.enter(name)
        missed = {"event": "pusher:cache_miss", "channel": name, "data": "{}"}
        expect(await peer.hear(), missed, "the message after the success")


@row(64, "the newest event is handed to newcomers, once")
async def hit(target: Target) -> None:
    name = fresh("cache-")
    for number in (1, 2):
        await target.trigger(name, data=f'{{"n":{number}}}')
    async with target.socket() as peer:
        await peer.enter(name)
        expect(await peer.hear(), {"event": "e", "channel": name, "data": '{"n":2}'}, "the message")
        await peer.hears_nothing()
    answer = await target.get(f"/channels/{name}", info="cache")
    told(answer, 200)
    cache = (answer.json or {}).get("cache") or {}
    expect(cache.get("data"), '{"n":2}', "the cached data")
    if not 0 < float(cache.get("ttl", 0)) <= 1800:
        raise RowFailed("a ttl of at most 1800", repr(cache.get("ttl")))


@row(65, "client events are not cached")
async def client_event(target: Target) -> None:
    name = fresh("private-cache-")
    async with target.socket() as one, target.socket() as two:
        await one.enter(name)
        await one.hear()
        await one.say("client-x", {}, channel=name)
        await one.hears_nothing()
        await two.enter(name)
        expect((await two.hear()).get("event"), "pusher:cache_miss", "the message after the success")
