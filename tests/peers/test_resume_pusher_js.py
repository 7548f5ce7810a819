"""A thousand cuts and stalls under load, with unmodified pusher-js: nothing is lost, and hardly anything comes twice."""

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from callers import Http
from forms import FULL
from line import Line
from programs import Program, running
from pusher_js import node, node_packages
from server_process import ROOT
from servers import APP_ID, KEY, Running, make_app, serving, signed

pytestmark = [pytest.mark.peers, pytest.mark.xdist_group("pusher-js")]

PAGES = 40
FAULTS_EACH = 25 if FULL else 8  # a thousand together in the full form
STALL_IN = 8  # one fault in so many is a stall, of which the page learns by itself only
SETTLES = 20  # events that a page hears at least between two faults


class Load:
    """Numbers, published one after another for as long as they are wanted."""

    def __init__(self, server: Running, channel: str) -> None:
        self._server = server
        self._channel = channel
        self._news = asyncio.Condition()
        self.number = 0
        self.enough = False

    async def run(self) -> None:
        async with self._server.http() as http:
            while not self.enough:
                self.number += 1
                body = Http.json(
                    {"name": "n", "channel": self._channel, "data": json.dumps({"n": self.number})}
                )
                answer = await http.ask("POST", signed("POST", f"/apps/{APP_ID}/events", body), body)
                assert answer.status == 200, answer.text
                async with self._news:
                    self._news.notify_all()
                await asyncio.sleep(0.005)  # the pace of the load: below two hundred a second

    async def further(self, count: int) -> None:
        """Until so many more have been published."""
        wanted = self.number + count
        async with self._news:
            await self._news.wait_for(lambda: self.number >= wanted)


class Pages:
    """The pages' program, and which of them have come back."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.back = [asyncio.Event() for _ in range(PAGES)]
        self.reached: set[int] = set()
        self.all_reached = asyncio.Event()

    async def listen(self) -> None:
        while "report" not in (said := await self._program.next()):
            if "subscribed" in said:
                self.back[said["subscribed"]].set()
            if "reached" in said:
                self.reached.add(said["reached"])
                if len(self.reached) == PAGES:
                    self.all_reached.set()


async def trouble(page: int, line: Line, pages: Pages, load: Load, dice: random.Random) -> None:
    """One page's connection, broken again and again."""
    await pages.back[page].wait()
    for _ in range(FAULTS_EACH):
        await load.further(SETTLES + dice.randrange(SETTLES))
        pages.back[page].clear()
        if dice.randrange(STALL_IN):
            line.cut()
            line.mend()
        else:
            line.stall()
        await pages.back[page].wait()


@asynccontextmanager
async def troubled(server: Running, channel: str) -> AsyncIterator[tuple[list[Line], Pages, Program]]:
    node_packages()
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(Line(server.port).running()) for _ in range(PAGES)]
        pages = [{"port": line.port, "name": f"page-{place:04d}"} for place, line in enumerate(lines)]
        options = {
            "cluster": "local",
            "forceTLS": False,
            "enabledTransports": ["ws"],
            "activityTimeout": 1000,
            "pongTimeout": 500,
        }
        told = {"key": KEY, "channel": channel, "pages": pages, "options": options}
        command = node(), str(ROOT / "tests" / "peers" / "resume.mjs"), json.dumps(told)
        program = await stack.enter_async_context(running(*command))
        yield lines, Pages(program), program


@pytest.mark.timeout(150)
async def test_a_thousand_cuts_and_stalls_lose_nothing() -> None:
    dice = random.Random(4)
    async with (
        serving(make_app(resume=True, history=())) as server,
        troubled(server, "load") as (lines, pages, program),
    ):
        load = Load(server, "load")
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(pages.listen())
            loading = tasks.create_task(load.run())
            async with asyncio.TaskGroup() as faults:
                for page, line in enumerate(lines):
                    faults.create_task(trouble(page, line, pages, load, random.Random(dice.random())))
            load.enough = True
            await loading
            program.tell(json.dumps({"last": load.number}))
            async with asyncio.timeout(20):
                await pages.all_reached.wait()
            program.tell(json.dumps({"report": True}))
            await listening
        report = program.said[-1]["report"]
        received = sum(page["count"] for page in report)
        doubles = sum(page["doubles"] for page in report)
        print(f"\nresume: {PAGES * FAULTS_EACH} faults, {received} events received, {doubles} twice")  # noqa: T201 - the count is the proof
        for page in report:
            assert page["count"] == load.number - page["first"] + 1, page  # none lost
            assert (page["late"], page["gaps"]) == (0, 0), page
        if FULL:  # on a machine that has nothing else to do: whoever comes back late has confirmed little
            assert doubles < received / 100
        assert server.metrics.faults_total == 0
        assert server.metrics.connections_total > PAGES * FAULTS_EACH
