"""Thousands of inputs that no client would send: meanwhile and afterwards everyone is served, and nothing is left."""

import asyncio
import gc
import itertools
import logging
import os
import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from abuse import UPGRADING, attack, fallback, flood, message, newcomer, posted, wrong_fields
from callers import Http, Socket, until
from forms import FULL
from pages import pages
from servers import Running, channel_auth, serving
from toolboxai import limits
from toolboxai.hub.ring import Ring
from toolboxai.hub.traces import Departed
from toolboxai.transport import heads, usual_publish

SEED = 20_260_101
INPUTS = 20_000 if FULL else 6_000
REHEARSAL = 2_000  # caches fill, modules are loaded: what is counted before is counted after these
TOGETHER = 25
DRIBBLERS = 50


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def objects(server: Running) -> int:
    """What Python keeps track of, but for what is kept in bounded numbers: the account of what became of events, and what
    was read of requests that may come again.
    """
    heads._BLOCKS.clear()
    usual_publish._OPENINGS.clear()
    server.node.ring, server.node.departed = Ring(publications=1), Departed(most=1)
    gc.collect()
    return len(gc.get_objects())


class Raid:
    """Strangers of one seed, and how many inputs they had.

    Args:
        server: that they come to.
    """

    def __init__(self, server: Running) -> None:
        self.server = server
        self.inputs = 0
        self._dice = random.Random(SEED)

    async def strike(self, raw: bytes, *, reads: bool) -> None:
        """Send it, perhaps read a little, and go without a word."""
        self.inputs += 1
        async with self.server.http() as http:
            http.send(raw)
            if reads:
                http.writer.write_eof()
                await http.ended()
            else:
                await asyncio.sleep(0)

    async def strikes(self, make: Callable[[random.Random], bytes], count: int) -> None:
        """So many connections with one input each, some of them at once."""
        for _ in range(count // TOGETHER):
            async with asyncio.TaskGroup() as strikes:
                for _ in range(TOGETHER):
                    strikes.create_task(self.strike(make(self._dice), reads=self._dice.random() < 0.5))

    async def calls(self, make: Callable[[random.Random], bytes], count: int) -> None:
        """So many requests on connections that are kept as long as the server keeps them; answers go unread."""
        done = 0
        while done < count:
            async with self.server.http() as http:
                for _ in range(min(TOGETHER, count - done)):
                    http.send(make(self._dice))
                    done += 1
                http.writer.write_eof()
                with suppress(TimeoutError):
                    async with asyncio.timeout(2):
                        await http.ended()
        self.inputs += count

    async def says(self, messages: Iterable[bytes]) -> None:
        """All of them on one connection, which has to outlive them."""
        async with self.server.socket(max_queue=None) as alice:
            for text in messages:
                self.inputs += 1
                await alice.wire.send(text, text=True)
            await alice.say("pusher:ping", "the last")
            while (await alice.hear()) != {"event": "pusher:pong", "data": {}}:
                pass
            await alice.enter("private-b", channel_auth(alice.id, "private-b"))

    async def run(self, inputs: int) -> None:
        """Some of every kind."""
        part = inputs // 20
        said = (message(self._dice) for _ in itertools.count())
        await self.strikes(attack, 3 * part)
        await self.strikes(flood, part)
        await self.strikes(newcomer, 2 * part)
        await self.calls(posted, 2 * part)
        await self.calls(fallback, 2 * part)
        await self.says(itertools.islice(itertools.cycle(wrong_fields()), part))
        await self.says(itertools.islice(said, inputs - self.inputs))


@asynccontextmanager
async def dribblers(server: Running) -> AsyncIterator[Callable[[], int]]:
    """Clients that bring a request byte by byte, as slowly as they may; tells how many are still let."""
    lines = [await Http.opened(server.port).__aenter__() for _ in range(DRIBBLERS)]

    async def dribble(http: Http) -> None:
        for byte in itertools.cycle(UPGRADING[:-4]):
            if http.reader.at_eof():
                return
            http.send(bytes((byte,)))
            await asyncio.sleep(0.05)

    tasks = [asyncio.ensure_future(dribble(http)) for http in lines]
    try:
        yield lambda: sum(not http.reader.at_eof() for http in lines)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for http in lines:
            http.writer.transport.abort()


class Witness:
    """A client as it should be, who is published to all the while and must miss nothing."""

    def __init__(self, server: Running, socket: Socket) -> None:
        self._server = server
        self._socket = socket
        self.heard = 0

    async def watch(self) -> None:
        """Hear one event after the other."""
        while True:
            await self._server.trigger("a-witness", "e", str(self.heard))
            while (message := await self._socket.hear())["event"] != "e":
                pass
            assert message["data"] == str(self.heard)
            self.heard += 1
            await asyncio.sleep(0.02)


@asynccontextmanager
async def witnessed(server: Running) -> AsyncIterator[Witness]:
    async with server.socket() as socket:
        await socket.enter("a-witness")
        witness = Witness(server, socket)
        watching = asyncio.ensure_future(witness.watch())
        try:
            yield witness
            assert not watching.done(), watching.exception()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def nothing_left(server: Running) -> bool:
    inside = server.server
    return not (
        inside._acceptor.sockets
        or inside._acceptor.pumps
        or len(inside._waiting)
        or inside._web_state.connections
        or inside._web_state.tasks
        or server.metrics.connections
    )


@pytest.mark.timeout(120)  # some ten seconds on an idle machine
async def test_twenty_thousand_inputs_leave_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(limits, "HANDSHAKE_TIMEOUT_S", 1.0)
    monkeypatch.setattr(limits, "SESSION_GRACE_S", 0.5)
    caplog.set_level(logging.ERROR, logger="uvicorn.error")  # as in the product
    unexpected: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unexpected.append(context))
    async with serving(web=pages) as server:
        await server.trigger("a", "e", "1")
        tasks, files = len(asyncio.all_tasks()), descriptors()
        await Raid(server).run(REHEARSAL)
        await until(lambda: nothing_left(server))
        before = objects(server)
        raid = Raid(server)
        async with witnessed(server) as witness, dribblers(server) as left:
            await raid.run(INPUTS)
            await until(lambda: left() == 0)
            assert witness.heard > 10
        assert raid.inputs >= INPUTS
        await until(lambda: nothing_left(server))
        assert unexpected == []
        assert server.metrics.faults_total == 0
        assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
        assert list(server.node.hub(next(iter(server.node.apps))).channels()) == []
        await until(lambda: len(asyncio.all_tasks()) <= tasks and descriptors() <= files)
        assert objects(server) - before < INPUTS / 10
        async with server.socket() as alice:
            await alice.enter("a")
            await server.trigger("a", "e", "still here")
            assert (await alice.hear())["data"] == "still here"
