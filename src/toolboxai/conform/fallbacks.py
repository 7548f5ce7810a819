"""Rows of the HTTP fallback transports. That heartbeats come in time is not waited for."""

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from toolboxai.conform.expectations import RowFailed, expect
from toolboxai.conform.lines import Json, Lines
from toolboxai.conform.row import row
from toolboxai.conform.target import Answer, Target, fresh

__all__ = ["HttpSession"]

_DIGITS = "0123456789abcdefghijklmnopqrstuv"


class HttpSession:
    """A session of the row's own."""

    def __init__(self, target: Target, key: str | None = None) -> None:
        name = "".join(secrets.choice(_DIGITS) for _ in range(8))
        self._target = target
        self._path = f"/pusher/app/{key or target.key}/{secrets.randbelow(1000)}/{name}"
        self._number = 0

    def _call(self, transport: str) -> str:
        self._number += 1
        asked = "" if transport == "xhr_send" else "protocol=7&client=js&version=8.6.0&"
        return f"{self._path}/{transport}?{asked}t=1&n={self._number}"

    @asynccontextmanager
    async def stream(self) -> AsyncIterator[Lines]:
        """A request of xhr_streaming."""
        async with self._target.lines("POST", self._call("xhr_streaming")) as lines:
            yield lines

    async def poll(self) -> list[str]:
        """The lines of one poll."""
        answer = await self.ask("POST", "xhr")
        expect(answer.status, 200, "the status of a poll")
        return answer.text.splitlines()

    async def ask(
        self, method: str, transport: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Any request of this session."""
        return await self._target.plain(method, self._call(transport), body, headers)

    async def say(self, *messages: Json) -> None:
        """Post messages; they must be taken."""
        body = json.dumps([json.dumps(message) for message in messages]).encode()
        answer = await self.ask("POST", "xhr_send", body)
        expect(answer.status, 204, "the status of xhr_send")


def _messages(line: str) -> list[Json]:
    if not line.startswith("a["):
        raise RowFailed("a line that begins with a[", repr(line)[:200])
    return [json.loads(text) for text in json.loads(line[1:])]


async def _established(lines: Lines) -> None:
    expect(await lines.next(), "o", "the first line")
    first = _messages(await lines.next())[0]
    expect(first.get("event"), "pusher:connection_established", "the first message")


async def _subscribed(session: HttpSession, lines: Lines) -> str:
    channel = fresh()
    await session.say({"event": "pusher:subscribe", "data": {"auth": "", "channel": channel}})
    told = _messages(await lines.next())[0]
    expect(told.get("event"), "pusher_internal:subscription_succeeded", "what the stream brings")
    expect(told.get("channel"), channel, "the channel")
    return channel


@row(76, "xhr_streaming opens, greets and stays")
async def streaming_opens(target: Target) -> None:
    async with HttpSession(target).stream() as lines:
        expect(lines.status, 200, "the status")
        await _established(lines)
        await lines.silent()


@row(77, "xhr_send subscribes, and the stream brings the success")
async def send_subscribes(target: Target) -> None:
    session = HttpSession(target)
    async with session.stream() as lines:
        await _established(lines)
        await _subscribed(session, lines)


@row(78, "an empty xhr_send is taken and not answered")
async def empty_send(target: Target) -> None:
    session = HttpSession(target)
    async with session.stream() as lines:
        await _established(lines)
        await session.say()
        await lines.silent()


@row(79, "a second xhr_streaming takes the place of the first, and loses nothing")
async def streaming_goes_on(target: Target) -> None:
    session = HttpSession(target)
    async with session.stream() as first:
        await _established(first)
        channel = await _subscribed(session, first)
        async with session.stream() as second:
            await first.over()
            await target.trigger(channel, data="1")
            expect(_messages(await second.next())[0].get("data"), "1", "the data on the second answer")
    await asyncio.sleep(target.silence_s)  # the server has to notice that nobody reads any more
    for number in range(3):
        await target.trigger(channel, data=str(number))
    async with session.stream() as third:
        heard: list[object] = []
        while len(heard) < 3:
            heard += [message.get("data") for message in _messages(await third.next())]
    expect(heard, ["0", "1", "2"], "what was published while no request was open")


@row(80, "a first xhr is answered at once, a second waits for news")
async def polling(target: Target) -> None:
    session = HttpSession(target)
    expect((await session.poll())[0], "o", "the first line of the first poll")
    waiting = asyncio.ensure_future(session.poll())
    try:
        done, _ = await asyncio.wait([waiting], timeout=target.silence_s)
        # The greeting may come with the first answer or with the second.
        if done and "connection_established" in waiting.result()[0]:
            waiting = asyncio.ensure_future(session.poll())
            done, _ = await asyncio.wait([waiting], timeout=target.silence_s)
        if done:
            raise RowFailed("a poll that waits while nothing happens", repr(waiting.result())[:200])
        channel = fresh()
        await session.say({"event": "pusher:subscribe", "data": {"auth": "", "channel": channel}})
        told = _messages((await waiting)[0])[0]  # news come after it
        expect(told.get("channel"), channel, "the channel of what the poll brings")
    finally:
        waiting.cancel()


@row(81, "xhr_streaming with an unknown key: o, then c with 4001")
async def streaming_unknown_key(target: Target) -> None:
    async with HttpSession(target, "NOPE").stream() as lines:
        expect(await lines.next(), "o", "the first line")
        close = await lines.next()
        if not close.startswith("c["):
            raise RowFailed("a line that begins with c[", repr(close)[:200])
        expect(json.loads(close[1:])[0], 4001, "the code")


@row(82, "xhr_send answers a preflight")
async def preflight(target: Target) -> None:
    page = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = await HttpSession(target).ask("OPTIONS", "xhr_send", headers=page)
    if not 200 <= answer.status < 300:
        raise RowFailed("a status of 2xx", answer.status)
    expect(answer.headers.get("access-control-allow-origin"), "*", "Access-Control-Allow-Origin")
    for name, wanted in (("methods", "POST"), ("headers", "Content-Type")):
        allowed = answer.headers.get(f"access-control-allow-{name}", "")
        if wanted.lower() not in allowed.lower():
            raise RowFailed(f"{wanted} in Access-Control-Allow-{name.title()}", repr(allowed))
